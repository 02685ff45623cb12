"""Replaying a log: one form for each leaf, no trust in whoever wrote it, and the same state for everybody."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.log.leaf import canonical_json
from curation.rulebook.concerning import Concerning
from curation.rulebook.replay import Replay, release_sizes, replay, replay_one
from tests.support.forging import Forgery, epoch_end, event, fields_of, hash_of
from tests.support.world import copy_home, template


@pytest.fixture(scope="module")
def story(homes, tmp_path_factory):
    """A sealed log with an act of nearly every kind."""
    world = copy_home(template(homes, "small"), tmp_path_factory.mktemp("story") / "home")
    world.signing = {"ben", "keep-2"}
    first = world.propose()
    world.review("keep-1", first, "reject")
    world.supersede("keep-1", first, "revise")
    world.review("move-1", first)
    world.appeal(first)
    world.review("keep-2", first)
    world.review("move-2", first)
    second = world.propose("ben", kind="preference")
    world.take("keep-1", of=second)
    world.hand_on("keep-1", second)
    world.close()
    flag = world.flag(first, "keep-1", "source").leaf
    world.uphold(flag, "keep-3")
    world.revise(first)
    world.erase(world.history(first).revisions[0].leaf, "ana")
    world.agree(world.draft())
    world.declare("move-3", "keep")
    for _turn in range(3):
        world.close()
    world.withdraw(second, "ben")
    world.close(days=60)
    log = world.sealed()
    world.platform.home.close()
    return log


def test_the_story_holds_an_act_of_nearly_every_kind(story):
    types = {fields_of(leaf)["type"] for leaf in story}
    assert len(types) == 16
    assert replay(story).violations == []


def test_every_prefix_that_ends_with_an_epoch_verifies(story):
    ends = [place for place, leaf in enumerate(story, 1) if fields_of(leaf)["type"] == "epoch:closed"]
    for end in ends:
        assert replay(story[:end]).violations == []


def test_replaying_in_two_goes_gives_what_replaying_in_one_gives(story):
    whole, parts = replay(story), Replay()
    for leaf in story:
        parts.take_leaf(leaf)
    parts.finish()
    assert parts.histories == whole.histories
    assert (parts.size, parts.epoch, parts.index_of) == (whole.size, whole.epoch, whole.index_of)


def test_both_kinds_of_attestation_are_counted(story):
    attested = replay(story).attested
    acts = [fields_of(leaf) for leaf in story if "auth" in fields_of(leaf)]
    assert attested == {kind: sum(act["auth"] == kind for act in acts) for kind in ("self", "server")}
    assert attested["self"] > 0


MALFORMED = {
    "an unknown field": lambda fields: fields | {"surprise": 1},
    "a missing nonce": lambda fields: {name: value for name, value in fields.items() if name != "nonce"},
    "a null": lambda fields: fields | {"sig": None},
    "an empty list": lambda fields: fields | {"mirrors": []},
    "an empty object": lambda fields: fields | {"scores": {}},
    "no version": lambda fields: {name: value for name, value in fields.items() if name != "v"},
    "a version that is true": lambda fields: fields | {"v": True},
    "another version": lambda fields: fields | {"v": 2},
    "an unknown type": lambda fields: fields | {"type": "review:deleted"},
}


@pytest.mark.parametrize("how", MALFORMED)
def test_a_leaf_in_another_form_is_a_violation_and_is_not_applied(world, how):
    leaf = canonical_json(MALFORMED[how](fields_of(proposal_of(world))))
    state = replay([*world.sealed(), leaf, epoch_end(1)])
    assert {item.rule for item in state.violations} == {"schema"}
    assert [item.index for item in state.violations] == [len(world.sealed())]
    assert state.histories == {}


def proposal_of(world):
    world.propose()
    (leaf,) = world.pending().values()
    return leaf


def test_a_stage_that_is_true_is_no_stage(world):
    world.review("keep-1", world.propose())
    review = next(leaf for leaf in world.pending().values() if fields_of(leaf)["type"] == "review:submitted")
    state = replay([canonical_json(fields_of(review) | {"stage": True})])
    assert [item.rule for item in state.violations] == ["schema"]


@pytest.mark.parametrize(
    "leaf",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"a":1}',
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"nonce":"00000000000000000000000000000000","type":"review:submitted"}',
        canonical_json(event(1, type="epoch:closed", epoch=0, date="2024-02-31")),
        json.dumps(event(1, type="epoch:closed", epoch=0, date="2024-02-01")).encode(),
    ],
)
def test_what_is_no_leaf_is_a_violation_and_nothing_else(leaf):
    state = replay([leaf])
    assert [item.rule for item in state.violations] == ["schema"]
    assert state.size == 1


@given(data=st.data())
@settings(max_examples=60)
def test_a_log_with_any_leaf_taken_out_put_twice_or_moved_is_found_out(story, data):
    log = list(story)
    place = data.draw(st.integers(1, len(log) - 2))
    how = data.draw(st.sampled_from(["taken out", "put twice", "moved"]))
    leaf = log.pop(place)
    fields = fields_of(leaf)
    if how == "put twice":
        log[place:place] = [leaf, leaf]
    elif how == "moved":
        target = data.draw(st.integers(0, len(log) - 1).filter(lambda item: item != place))
        log.insert(target, leaf)
    state = replay(log)
    known = fields["type"] in ("perspective:declared", "opening:erased", "example:proposed", "policy:changed")
    if how != "put twice" and known and not any(hash_of(leaf).encode() in other for other in story):
        return  # nothing refers to it and nothing follows from it: only the checkpoint tells
    if how == "put twice" and fields["type"] == "opening:erased":
        return  # the same erasure twice erases nothing more
    if how == "taken out" and (fields["type"] == "flag:lapsed" or fields.get("how", "full") != "full"):
        return  # a log does not show that a round out of time, replaced or withdrawn, or a flag, should have ended
    assert state.violations, (how, fields["type"])


@given(data=st.data())
@settings(max_examples=60)
def test_a_log_with_one_byte_changed_raises_nothing_foreign(story, data):
    log = list(story)
    place = data.draw(st.integers(0, len(log) - 1))
    changed = bytearray(log[place])
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    log[place] = bytes(changed)
    state = replay(log)
    assert state.size == len(log)


@pytest.mark.parametrize("name", ["example", "pseudonym", "topic", "group", "kind", "language", "policy", "definition"])
def test_a_revision_cannot_borrow_another_examples_facts_without_breaking_a_rule(world, name):
    values = {"example": "ex_" + "b" * 16, "group": "g_" + "b" * 16, "topic": "river", "kind": "sft", "language": "fr"}
    values |= {"pseudonym": "p_" + "b" * 26, "policy": "0" * 64, "definition": "0" * 64}
    own = world.propose(kind="prompt")
    world.close()
    world.revise(own, kind="prompt")
    changes: dict[str, Any] = {name: values[name]}
    drop: list[str] = []
    if name == "kind":
        changes, drop = changes | {"content": {"messages": ["0" * 64]}}, ["use"]
    state = Forgery(world).change("example:revised", *drop, **changes).replay("2027-02-01")
    assert state.violations


def test_a_leaf_of_an_example_never_proposed_is_a_violation(world):
    own = world.propose()
    world.review("keep-1", own)
    forgery = Forgery(world)
    forgery.pending = [leaf for leaf in forgery.pending if fields_of(leaf)["type"] != "example:proposed"]
    assert [item.rule for item in forgery.replay().violations] == ["review/revision-known"]


def test_a_signature_covers_every_field(world):
    world.signing = {"ana"}
    world.propose()
    (signed,) = world.pending().values()
    assert replay([*world.sealed(), signed, epoch_end(1)]).violations == []
    for name, value in fields_of(signed).items():
        if name in ("sig", "v", "type", "auth", "kind", "content"):
            continue
        forged: Any = {
            "dataset": "another",
            "nonce": "0" * 32,
            "topic": "river",
            "pseudonym": "p_" + "a" * 26,
            "example": "ex_" + "a" * 16,
            "group": "g_" + "a" * 16,
            "language": "fr",
            "positions": ["keep-it"],
            "framing": "keep-it",
            "claims": ["value"],
            "license": "CC0-1.0",
            "origin_kind": "mixed",
            "key": "A" * 43 + "=",
        }.get(name, ["0" * 64] if isinstance(value, list) else "0" * 64)
        changed = fields_of(signed) | {name: forged}
        state = replay([*world.sealed(), canonical_json(changed), epoch_end(1)])
        assert {item.rule for item in state.violations} & {"auth/signature", "define/first"}, name


def test_a_pseudonym_that_signs_with_two_keys_is_a_violation(world):
    world.signing = {"ana"}
    world.propose()
    world.close()
    with world.platform.read():
        world.keys.clear()
    first = world.sealed()
    other = copy_of(world)
    state = replay([*first, *other, epoch_end(2)])
    assert "auth/one-key" in {item.rule for item in state.violations}


def copy_of(world):
    """The same person's next proposal, signed with a fresh key as no platform would take it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from curation.log.attestation import KeySigner, attest

    leaf = next(item for item in world.sealed() if fields_of(item)["type"] == "example:proposed")
    fields = fields_of(leaf) | {"example": "ex_" + "c" * 16, "nonce": "1" * 32}
    unsigned = {name: value for name, value in fields.items() if name not in ("auth", "key", "sig")}
    return [canonical_json(attest(unsigned, KeySigner(Ed25519PrivateKey.generate())))]


def test_snapshots_show_what_each_release_held(story):
    sizes = [place for place, leaf in enumerate(story, 1) if fields_of(leaf)["type"] == "epoch:closed"]
    state = replay(story, snapshots_at=sizes)
    for size in sizes:
        assert state.snapshots[size] == replay(story[:size]).published()
    assert list(release_sizes(story)) == []


def test_following_one_example_gives_its_whole_history(story):
    whole = replay(story)
    for example, history in whole.histories.items():
        alone = replay_one(Concerning(example).picked(story), len(story), (), example)
        assert alone.histories == {example: history}
        assert (alone.size, alone.violations) == (whole.size, [])
