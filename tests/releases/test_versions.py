"""A release's version follows from what changed among the training configs, never from a choice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import Conflict
from curation.releases.cut import CutRelease, cut_release, plan_release
from curation.releases.diff import difference, next_version
from curation.releases.project import split_of
from tests.support.fixtures import homes, small_world

__all__ = ["homes", "small_world"]

PUBLISHED = st.dictionaries(
    st.sampled_from("abcdef"),
    st.tuples(st.sampled_from(["sft", "preference", "pluralistic", "prompts", "contested"]), st.sampled_from("12")),
)


def cut(world) -> CutRelease:
    return cut_release(world.platform, world.actor("mia"))


def release(world) -> str:
    """Close the epoch, cut, and say which version it became; the plan said the same."""
    world.close()
    planned = plan_release(world.platform).derived.version
    folder = cut(world)
    made = folder.manifest.version
    named = "a major version" if made.endswith(".0.0") else "a minor version" if made.endswith(".0") else "a patch"
    said = (folder.path / "CHANGELOG.md").read_text("utf-8")
    assert ("The first release." if made == "1.0.0" else f": {named}, because ") in said
    assert planned == made
    return made


def accepted(world, **changes) -> str:
    example = world.propose(**changes)
    world.judge(example)
    return example


def test_the_first_release_is_one(small_world):
    accepted(small_world)
    assert release(small_world) == "1.0.0"


@pytest.fixture
def released(small_world):
    """A world after its first release, with one accepted and one contested example."""
    small_world.first = accepted(small_world)
    small_world.contested = small_world.propose()
    small_world.judge(small_world.contested, move="r")
    assert release(small_world) == "1.0.0"
    return small_world


def test_nothing_new_makes_a_patch(released):
    assert release(released) == "1.0.1"


def test_an_open_example_makes_a_patch(released):
    released.propose()
    assert release(released) == "1.0.1"


def test_a_contested_example_makes_a_patch(released):
    released.judge(released.propose(), move="r")
    assert release(released) == "1.0.1"


def test_an_added_example_makes_a_minor_version(released):
    accepted(released)
    assert release(released) == "1.1.0"
    assert release(released) == "1.1.1"


@pytest.mark.parametrize("kind", ["sft", "preference", "pluralistic", "prompt"])
def test_an_example_of_any_kind_makes_a_minor_version(kind, released):
    example = released.propose(kind=kind)
    more = {"comparison": "chosen"} if kind == "preference" else {}
    for who in ("keep-1", "move-1"):
        released.review(who, example, **more)
    assert released.history(example).status == "accepted"
    assert release(released) == "1.1.0"


def test_a_withdrawn_example_makes_a_major_version(released):
    released.withdraw(released.first)
    assert release(released) == "2.0.0"


def test_a_revised_example_makes_a_major_version_once_the_revision_is_accepted(released):
    released.revise(released.first, sources=[])
    assert release(released) == "1.0.1"
    released.judge(released.first)
    assert release(released) == "2.0.0"


def test_a_flag_makes_a_major_version_and_its_lapse_a_minor_one(released):
    released.flag(released.first, "keep-8", "law")
    assert release(released) == "2.0.0"
    released.close(days=20)
    assert not released.history(released.first).holding(released.history(released.first).latest.leaf)
    assert release(released) == "2.1.0"


def test_an_erasure_makes_a_major_version(released):
    released.erase(released.history(released.first).latest.leaf, "ana")
    assert release(released) == "2.0.0"


def test_a_withdrawn_contested_example_makes_a_patch(released):
    released.withdraw(released.contested)
    assert release(released) == "1.0.1"


def test_a_contested_example_accepted_after_all_makes_a_minor_version(released):
    released.revise(released.contested)
    released.judge(released.contested)
    assert release(released) == "1.1.0"


def test_an_accepted_example_that_an_appeal_makes_contested_makes_a_major_version(released):
    released.appeal(released.first, "keep-1")
    released.judge(released.first, keep="r", move="r")
    assert released.history(released.first).status != "accepted"
    assert release(released) == "2.0.0"


def test_a_release_needs_a_closed_epoch_since_the_last(released):
    with pytest.raises(Conflict, match="no epoch was closed since the last release"):
        cut(released)


@given(before=PUBLISHED, after=PUBLISHED)
def test_the_version_is_a_function_of_the_difference_in_training_configs(before, after):
    training = [{name: place for name, place in side.items() if place[0] != "contested"} for side in (before, after)]
    gone = [name for name in training[0] if training[1].get(name) != training[0][name]]
    new = [name for name in training[1] if name not in training[0]]
    expected = "3.0.0" if gone else "2.4.0" if new else "2.3.5"
    assert next_version("2.3.4", before, after) == expected
    assert next_version(None, before, after) == "1.0.0"


@given(before=PUBLISHED, after=PUBLISHED)
def test_a_difference_names_each_example_once(before, after):
    found = difference(before, after)
    named = [*found.added, *found.changed, *found.removed]
    assert len(named) == len(set(named))
    assert set(named) == {name for name in {*before, *after} if before.get(name) != after.get(name)}
    assert bool(found) == (before != after)
    assert difference(after, before).added == found.removed


def test_splits_are_nine_tenths_and_two_twentieths_and_never_change():
    splits = [split_of(f"g_{number}") for number in range(20_000)]
    shares = {name: splits.count(name) / len(splits) for name in ("train", "validation", "test")}
    assert shares["train"] == pytest.approx(0.90, abs=0.01)
    assert shares["validation"] == pytest.approx(0.05, abs=0.01)
    assert shares["test"] == pytest.approx(0.05, abs=0.01)
    # Fixed for ever: a record that moved from test to train would spoil every evaluation made before.
    found = {letter: split_of(f"g_{letter * 16}") for letter in "agl23z"}
    assert found == {"a": "train", "g": "test", "l": "validation", "2": "test", "3": "test", "z": "train"}
