"""A group wants a topic bent to its side, an honest one kept out, or the log to end no epoch more."""

from __future__ import annotations

import pytest

from curation.errors import InvalidInput, Refused
from curation.examples.propose import Revise, read_example, revise_example
from curation.rulebook.commons import judges
from curation.rulebook.concerning import Concerning
from curation.rulebook.definitions import EPOCHS_UNTIL_BINDING
from curation.rulebook.replay import replay_one
from curation.topics.adopt import adopt_accepted
from curation_schemas.commons import outline_of
from curation_schemas.definition import Topic
from curation_schemas.parsing import validate
from tests.support.fixtures import homes, small_world, world
from tests.support.forging import Forgery
from tests.support.words import HARBOUR, both, example, topic, topic_proposal
from tests.support.world import copy_home, template

__all__ = ["homes", "small_world", "world"]
LAKE = "lake"


def propose_lake(world, handle="ana", **changes):
    return world.propose_fields(topic_proposal(LAKE, changes), handle)


def revise_topic(world, of, name=LAKE, handle="ana", **changes):
    with world.acting(handle) as (writing, actor):
        again = read_example(topic_proposal(name, changes))
        return revise_example(writing, actor, Revise(example_id=of, example=again))


def join_lake(world, number=1, sides=("yes", "no")):
    return [world.join_declared(f"{side}-{item}", side, LAKE) for side in sides for item in range(1, number + 1)]


def accept(world, of, people, verdict="accept"):
    for handle in people:
        world.review(handle, of, verdict)


def with_sides(*sides):
    """A topic's perspectives and positions, by side."""
    return {
        "perspectives": [{"id": side, "label": both(side), "required": True} for side in sides],
        "positions": [
            {"id": f"{side}-it", "held_by": side, "label": both(side), "statement": both(f"We {side} it.")}
            for side in sides
        ],
    }


def in_force(world, name=LAKE):
    with world.platform.read() as loaded:
        found = loaded.definitions.topic_at(name, loaded.epoch)
    return found.content if found else None


def binding(world):
    for _epoch in range(EPOCHS_UNTIL_BINDING):
        world.close()


def sound(world):
    world.check_projection()
    return [(item.rule, item.message) for item in world.replay().violations] == []


# --- examples that were accepted under a draft of the group's own making ----------------------------------------------


@pytest.mark.parametrize("ends", ["revised", "withdrawn"])
def test_what_friends_accepted_under_their_own_draft_is_not_released_when_another_comes_into_force(small_world, ends):
    world = small_world
    friends = ("friend", "fellow")
    of = propose_lake(world, **with_sides(*friends, "yes", "no") | {"perspectives": _requires(friends)})
    slanted = world.propose_fields(example() | {"topic": LAKE, "positions": ["yes-it"]})
    accept(world, slanted, [world.join_declared(f"{side}-1", side, LAKE) for side in friends])
    if ends == "revised":
        revise_topic(world, of)
    else:
        world.withdraw(of)
        of = propose_lake(world, "ben")
    people = join_lake(world)
    honest = world.propose_fields(example(number=1) | {"topic": LAKE, "positions": ["yes-it"]}, "ben")
    accept(world, of, people)
    accept(world, honest, people)
    binding(world)
    assert in_force(world) is not None
    published = world.replay().published()
    assert honest in published
    assert slanted not in published
    assert sound(world)


def _requires(friends):
    return [
        {"id": side, "label": both(side), "required": side in friends} for side in (*friends, "yes", "no", "observer")
    ]


def test_what_was_accepted_under_a_draft_that_asked_no_less_is_released(small_world):
    world = small_world
    of = propose_lake(world, label={"en": "The lake"})
    people = join_lake(world)
    early = world.propose_fields(example() | {"topic": LAKE, "positions": ["yes-it"]})
    accept(world, early, people)
    revise_topic(world, of)
    accept(world, of, people)
    binding(world)
    assert early in world.replay().published()
    assert sound(world)


# --- keeping honest proposals out -------------------------------------------------------------------------------------


def test_a_topic_that_came_by_adoption_can_be_amended(small_world):
    world = small_world
    people = [*join_later(world)]
    amended = world.propose_fields(topic_proposal(LAKE, {"scope": both("Else")}), "ben")
    accept(world, amended, people)
    binding(world)
    assert in_force(world).scope == both("Else")
    assert sound(world)


def join_later(world):
    """The lake in force, and who stands where on it."""
    of = propose_lake(world)
    people = join_lake(world)
    accept(world, of, people)
    binding(world)
    return people


@pytest.mark.parametrize("how", ["one language", "erased", "flagged"])
def test_an_accepted_draft_that_cannot_come_into_force_keeps_nobody_from_proposing(small_world, how):
    world = small_world
    own = propose_lake(world, **({"scope": {"en": "Only in English"}} if how == "one language" else {}))
    people = join_lake(world, 2)
    accept(world, own, people[::2] + people[1::2] if _seats(world, own) == 2 else people[::2])
    assert world.history(own).status == "accepted"
    if how == "erased":
        world.erase(world.history(own).latest.leaf, "ana")
    if how == "flagged":
        flag = world.flag(own, "ben", "law")
        for handle in people[1::2]:
            world.uphold(flag.leaf, handle)
    assert propose_lake(world, "ben")
    world.close()
    assert sound(world)


def _seats(world, of):
    return world.history(of).latest.round.rule.seats


def test_a_rejected_draft_is_not_revised_while_another_is_judged(small_world):
    world = small_world
    own = propose_lake(world)
    people = join_lake(world)
    accept(world, own, people, "reject")
    other = propose_lake(world, "ben")
    with pytest.raises(Refused) as caught:
        revise_topic(world, own)
    assert caught.value.rule == "propose/topic-taken"
    with world.platform.read() as loaded:
        assert loaded.frame_now(LAKE).leaf == world.history(other).latest.leaf
    assert sound(world)


def test_a_rejected_draft_that_was_appealed_is_judged(small_world):
    world = small_world
    own = propose_lake(world)
    people = join_lake(world, 2)
    accept(world, own, people[::2], "reject")
    world.appeal(own)
    assert world.take("yes-2", LAKE).example == own
    with pytest.raises(Refused):
        propose_lake(world, "ben")


def test_who_revises_what_was_adopted_does_not_change_what_others_write_by(small_world):
    world = small_world
    own = propose_lake(world)
    accept(world, own, join_lake(world))
    adopted = world.history(own).latest.leaf
    world.close()
    revise_topic(world, own, **with_sides("left", "right"))
    world.withdraw(own)
    with world.platform.read() as loaded:
        assert loaded.frame_now(LAKE).leaf == adopted
    world.close()
    assert in_force(world).required == ("yes", "no")
    assert sound(world)


# --- slant -----------------------------------------------------------------------------------------------------------


def test_nobody_says_what_others_hold_without_them():
    observed = {"id": "wait", "held_by": "observer", "label": both("wait"), "statement": both("They cannot decide.")}
    base = validate(Topic, topic())
    made = validate(Topic, topic(positions=[*topic()["positions"], observed]))
    assert judges(base, outline_of(base, made)) == ("keep", "move", "observer")
    given = [topic()["positions"][0] | {"held_by": "observer"}, topic()["positions"][1]]
    made = validate(Topic, topic(positions=given))
    assert judges(base, outline_of(base, made)) == ("keep", "move", "observer")


@pytest.mark.parametrize("field", ["positions", "perspectives"])
def test_no_side_moves_its_own_to_the_front(world, field):
    positions = [item | {"statement": both("Better.")} for item in topic()["positions"][1:]]
    changes = {"positions": [topic()["positions"][0], *positions]}
    changes[field] = [*changes.get(field, topic()[field])][::-1]
    with pytest.raises(Refused) as caught:
        world.propose_fields(topic_proposal(HARBOUR, changes))
    assert caught.value.rule == "propose/topic-changes"


# --- an epoch that cannot end -----------------------------------------------------------------------------------------


def sized(length):
    """A topic with twelve positions whose statements are this long."""
    text = {"en": "x" * length, "fr": "é" * length}
    common = {"held_by": "yes", "label": both("p"), "statement": text}
    return {"positions": [{"id": f"p-{item}", **common} for item in range(12)]}


def test_a_topic_that_could_not_be_adopted_is_refused_when_it_is_proposed(small_world):
    with pytest.raises(InvalidInput, match="could not be adopted"):
        propose_lake(small_world, **sized(2_000))


def test_the_largest_topic_that_is_admitted_fits_its_leaf(small_world):
    world = small_world
    low, high = 1, 2_000
    while high - low > 1:
        middle = (low + high) // 2
        try:
            read_example(topic_proposal(LAKE, sized(middle)))
            low = middle
        except InvalidInput:
            high = middle
    own = propose_lake(world, **sized(low))
    accept(world, own, join_lake(world))
    assert world.close().topics_adopted == 1


def test_a_topic_in_very_many_languages_is_an_error_of_its_sender():
    tags = [f"{first}{second}" for first in "abcdefg" for second in "abcdefg"]
    made = topic(LAKE, label={"en": "x"} | dict.fromkeys(tags, "x"))
    with pytest.raises(InvalidInput, match="languages"):
        read_example(topic_proposal(LAKE, made))


# --- a server that lies -----------------------------------------------------------------------------------------------


def test_what_was_adopted_is_not_said_to_be_erased(small_world):
    world = small_world
    own = propose_lake(world)
    accept(world, own, join_lake(world))
    revision = world.history(own).latest
    world.close()
    with pytest.raises(Refused) as caught:
        world.erase(revision.leaf, "ana")
    assert caught.value.rule == "erase/adopted"
    assert world.erase(revision.leaf, "ana", commitments=revision.event.content["reason"])
    world.close()
    assert sound(world)


def test_a_proposal_is_adopted_once(world):
    own = world.propose_fields(topic_proposal(HARBOUR, {"scope": both("Else")}))
    world.judge(own)
    with world.platform.write() as writing:
        (once,) = adopt_accepted(writing)
        fields = once.event.model_dump(mode="json", exclude_none=True, exclude={"nonce", "v", "dataset"})
        fields = {name: value for name, value in fields.items() if value != []}
    forgery = Forgery(world)
    forgery.add(**fields | {"supersedes": once.leaf})
    assert {item.rule for item in forgery.replay().violations} == {"define/adopted"}


# --- one epoch, every order -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_everything_in_one_epoch_is_sound_in_whichever_order_it_is_sealed(homes, tmp_path, seed):
    world = copy_home(template(homes, "small"), tmp_path / "home", seed)
    own = propose_lake(world)
    people = join_lake(world, 4)
    first, second, third = people[::4], people[1::4], people[2::4]
    of = world.propose_fields(example() | {"topic": LAKE, "positions": ["yes-it"]})
    accept(world, of, first)
    accept(world, own, first, "reject")
    world.appeal(own)
    accept(world, own, second, "reject")
    revise_topic(world, own, scope=both("Else"))
    gone = world.propose_fields(example(number=1) | {"topic": LAKE, "positions": ["no-it"]}, "ben")
    world.erase(world.history(gone).latest.leaf, "ben")
    world.withdraw(gone, "ben")
    accept(world, own, third)
    flag = world.flag(own, "ben", "law")
    world.declare(people[3], "observer", LAKE)
    world.uphold(flag.leaf, people[7])
    world.close()
    assert sound(world)
    world.close()
    world.close()
    assert sound(world)
    binding(world)
    assert in_force(world) is not None
    assert sound(world)
    for name in (own, of, gone):
        sealed = world.sealed()
        followed = replay_one(Concerning(name).picked(sealed), len(sealed), (), name)
        assert followed.violations == []
        assert followed.histories[name].status == world.history(name).status
    world.platform.home.close()
