"""Topics as a commons: who judges a proposal, what of it comes into force when, and what a log cannot claim."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from curation.errors import Conflict, NotFound, Refused
from curation.examples.propose import Revise, read_example, revise_example
from curation.log.leaf import Opening
from curation.rulebook.commons import judges, touched_positions
from curation.rulebook.definitions import EPOCHS_UNTIL_BINDING
from curation.rulebook.placement import placement
from curation.tables import openings
from curation.topics.adopt import adopt_accepted
from curation_schemas.commons import changes_between, outline_of
from curation_schemas.definition import Topic
from curation_schemas.parsing import validate
from tests.support.forging import Forgery, fields_of
from tests.support.words import HARBOUR, both, example, topic, topic_proposal

LAKE = "lake"


def made(name=HARBOUR, **changes):
    return validate(Topic, topic(name, **changes))


def with_statement(position, text, name=HARBOUR):
    """The topic with one position's statement put otherwise."""
    positions = [
        item | {"statement": both(text)} if item["id"] == position else item for item in topic(name)["positions"]
    ]
    return {"positions": positions}


def amend(world, changes, handle="ana", **fields):
    return world.propose_fields(topic_proposal(HARBOUR, changes, **fields), handle)


def propose_lake(world, handle="ana", **changes):
    return world.propose_fields(topic_proposal(LAKE, changes), handle)


def join_lake(world, number=3):
    return {
        side: [world.join_declared(f"{side}-{item}", side, LAKE) for item in range(1, number + 1)]
        for side in ("yes", "no")
    }


def accept(world, of, people, verdict="accept"):
    for handles in people.values():
        for handle in handles:
            world.review(handle, of, verdict)


def in_force(world, name=HARBOUR):
    with world.platform.read() as loaded:
        found = loaded.definitions.topic_at(name, loaded.epoch)
    return found.content if found else None


def violations(world):
    return [(item.rule, item.message) for item in world.replay().violations]


# --- who judges -------------------------------------------------------------------------------------------------------

MORE = [*topic()["perspectives"], {"id": "ferry", "label": both("ferry"), "required": True}]
HELD = [*topic()["positions"], {"id": "wait", "held_by": "observer", "label": both("wait"), "statement": both("Wait.")}]


@pytest.mark.parametrize(
    ("changes", "touched", "perspectives"),
    [
        (with_statement("keep-it", "We keep it."), ("keep-it",), ("keep",)),
        (with_statement("move-it", "We move it."), ("move-it",), ("move",)),
        ({"scope": both("Something else")}, ("keep-it", "move-it"), ("keep", "move")),
        ({"sensitivity": "high"}, ("keep-it", "move-it"), ("keep", "move")),
        ({"perspectives": MORE}, ("keep-it", "move-it"), ("keep", "move")),
        ({"positions": HELD}, ("wait",), ("keep", "move", "observer")),
        ({"scope": both("Else")} | with_statement("keep-it", "We."), ("keep-it",), ("keep", "move")),
    ],
)
def test_a_position_is_judged_by_its_holders_and_the_rest_by_every_required_perspective(changes, touched, perspectives):
    outline = outline_of(made(), made(**changes))
    assert touched_positions(made(), outline) == touched
    assert judges(made(), outline) == perspectives


def test_what_a_position_that_is_not_required_says_is_judged_by_its_holders_too():
    base = made(positions=HELD)
    other = [*HELD[:-1], HELD[-1] | {"statement": both("Wait longer.")}]
    assert judges(base, outline_of(base, made(positions=other))) == ("observer",)
    gone = outline_of(base, made())
    assert gone.changes == ["positions.wait"]
    assert judges(base, gone) == ("keep", "move", "observer")


def test_the_order_of_positions_is_no_change():
    assert changes_between(made(), made(positions=topic()["positions"][::-1])) == []
    assert changes_between(None, made()) == []


def test_a_new_topic_is_judged_by_the_perspectives_that_it_requires():
    outline = outline_of(None, made(LAKE))
    assert (touched_positions(None, outline), judges(None, outline)) == (("yes-it", "no-it"), ("yes", "no"))


# --- amendments -------------------------------------------------------------------------------------------------------


def test_an_accepted_amendment_binds_two_epochs_later_and_only_new_revisions(world):
    early = world.propose()
    own = amend(world, {"sensitivity": "high"})
    assert world.history(own).latest.round.rule.seats == 4
    world.judge(own)
    assert world.history(own).status == "accepted"
    for _epoch in range(EPOCHS_UNTIL_BINDING):
        assert in_force(world).sensitivity == "standard"
        world.close()
    assert in_force(world).sensitivity == "high"
    late = world.propose()
    assert [world.history(of).latest.round.rule.seats for of in (early, late)] == [3, 4]
    world.close()
    world.check_projection()
    assert violations(world) == []


def test_only_its_holders_have_seats_where_a_statement_changes(world):
    own = amend(world, with_statement("keep-it", "We would keep it as it is."))
    with pytest.raises(Refused) as caught:
        world.review("move-1", own)
    assert caught.value.rule == "review/perspective-required"
    for number in (1, 2, 3):
        world.review(f"keep-{number}", own)
    world.close()
    world.close()
    assert in_force(world).positions[0].statement == both("We would keep it as it is.")
    assert in_force(world).positions[1].statement == made().positions[1].statement
    assert violations(world) == []


@pytest.mark.parametrize("verdicts", [{"keep": "rrr", "move": "rrr"}, {"keep": "rrr"}])
def test_what_a_perspective_does_not_accept_is_not_adopted(world, verdicts):
    own = amend(world, {"scope": both("Something else")})
    world.judge(own, **verdicts)
    assert world.close().topics_adopted == 0
    world.close()
    assert in_force(world) == made()
    assert violations(world) == []


def test_of_two_amendments_of_one_definition_one_is_adopted_and_the_other_is_overtaken(world):
    own = [amend(world, {"scope": both(text)}) for text in ("First", "Second")]
    for of in own:
        world.judge(of)
    assert world.close().topics_adopted == 1
    assert world.close().topics_adopted == 0
    first = min(own, key=lambda of: world.history(of).latest.leaf)
    assert in_force(world).scope == both("First" if first == own[0] else "Second")
    with pytest.raises(Refused) as caught:
        world.appeal(first)
    assert caught.value.rule == "appeal/adopted"
    assert violations(world) == []


def test_a_proposal_that_a_flag_holds_is_adopted_when_the_flag_has_lapsed(world):
    own = amend(world, {"scope": both("Something else")})
    world.judge(own)
    world.flag(own, "ben", "law")
    assert world.close().topics_adopted == 0
    assert [world.close().topics_adopted for _epoch in range(2)] == [1, 0]
    assert violations(world) == []


def test_what_is_appealed_waits_for_the_appeal(world):
    own = amend(world, {"scope": both("Something else")})
    world.judge(own)
    world.appeal(own, "keep-1")
    assert world.close().topics_adopted == 0
    world.judge(own)
    assert world.close().topics_adopted == 1
    assert violations(world) == []


def test_what_was_erased_or_withdrawn_is_not_adopted(world):
    erased, withdrawn = amend(world, {"scope": both("First")}), amend(world, {"scope": both("Second")}, "ben")
    for of in (erased, withdrawn):
        world.judge(of)
    world.erase(world.history(erased).latest.leaf, "ana")
    world.withdraw(withdrawn, "ben")
    assert world.close().topics_adopted == 0
    assert violations(world) == []


def test_a_revision_of_a_proposal_is_judged_anew_and_adopted_in_its_words(world):
    own = amend(world, {"scope": both("First")})
    world.judge(own, keep="rrr", move="rrr")
    with world.acting("ana") as (writing, actor):
        again = read_example(topic_proposal(HARBOUR, {"scope": both("Second")}))
        revise_example(writing, actor, Revise(example_id=own, example=again))
        with pytest.raises(Refused) as caught:
            revise_example(writing, actor, Revise(example_id=own, example=read_example(example())))
    assert caught.value.rule == "revise/same-example"
    world.judge(own)
    world.close()
    world.close()
    assert in_force(world).scope == both("Second")
    assert violations(world) == []


def test_a_proposal_that_changes_nothing_is_refused(world):
    with pytest.raises(Refused) as caught:
        amend(world, {})
    assert caught.value.rule == "propose/topic-changes"


def test_what_lacks_a_language_is_not_adopted(world):
    own = amend(world, {"scope": {"en": "Only in English"}})
    world.judge(own)
    assert world.history(own).status == "accepted"
    assert world.close().topics_adopted == 0
    assert violations(world) == []


# --- new topics -------------------------------------------------------------------------------------------------------


def test_a_new_topic_is_declared_on_judged_adopted_and_in_force_two_epochs_later(world):
    with pytest.raises(NotFound, match="there is no topic 'lake'"):
        world.declare("ana", "yes", LAKE)
    own = propose_lake(world)
    people = join_lake(world)
    asked = example() | {"topic": LAKE, "positions": ["yes-it"]}
    of = world.propose_fields(asked)
    accept(world, of, people)
    assert world.take("yes-1", LAKE).example == own
    accept(world, own, people)
    world.close()
    assert placement(world.replay().histories[of], world.replay().definitions_to_release()).left_out == "draft"
    assert of not in world.replay().published()
    world.close()
    assert in_force(world, LAKE) == made(LAKE)
    assert world.replay().published()[of][0] == "sft"
    assert own not in world.replay().published()
    assert world.propose_fields(example(number=1) | {"topic": LAKE, "positions": ["yes-it"]})
    world.close()
    world.check_projection()
    assert violations(world) == []


def test_a_new_topic_is_proposed_once_at_a_time(world):
    own = propose_lake(world)
    with pytest.raises(Refused) as caught:
        propose_lake(world, "ben")
    assert caught.value.rule == "propose/topic-taken"
    world.withdraw(own)
    assert propose_lake(world, "ben")
    world.close()
    assert violations(world) == []


def test_perspectives_and_positions_are_those_of_the_draft(world):
    propose_lake(world)
    for refused in ("keep", "maybe"):
        with pytest.raises(Refused) as caught:
            world.declare("ana", refused, LAKE)
        assert caught.value.rule == "declare/topic-known"
    with pytest.raises(Refused) as caught:
        world.propose_fields(example() | {"topic": LAKE})
    assert caught.value.rule == "propose/positions-known"


def test_what_is_not_accepted_never_comes_into_force(world):
    own = propose_lake(world)
    accept(world, own, join_lake(world), "reject")
    world.close()
    world.close()
    world.close()
    assert in_force(world, LAKE) is None
    with pytest.raises(NotFound):
        world.propose_fields(example() | {"topic": LAKE, "positions": ["yes-it"]})
    assert violations(world) == []


def test_declaring_the_same_again_once_it_is_in_force_changes_nothing(world):
    own = propose_lake(world)
    people = join_lake(world)
    accept(world, own, people)
    world.close()
    world.close()
    with pytest.raises(Conflict):
        world.declare("yes-1", "yes", LAKE)
    of = world.propose_fields(example() | {"topic": LAKE, "positions": ["yes-it"]})
    accept(world, of, people)
    world.close()
    assert violations(world) == []


# --- what a log cannot claim ------------------------------------------------------------------------------------------


@pytest.fixture
def adopted(world):
    """A world in which one amendment was adopted in the epoch that is open."""
    world.judge(amend(world, {"scope": both("Something else")}))
    with world.platform.write() as writing:
        assert len(adopt_accepted(writing)) == 1
    return world


def rules_of(forgery):
    return {item.rule for item in forgery.replay().violations}


@pytest.mark.parametrize(
    "lie",
    [
        {"topic": topic(scope=both("What nobody judged"))},
        {"salt": "0" * 64},
    ],
)
def test_an_adoption_says_word_for_word_what_was_judged(adopted, lie):
    assert "define/adopted" in rules_of(Forgery(adopted).change("topic:defined", **lie))


def test_what_was_accepted_has_to_be_adopted(adopted):
    forgery = Forgery(adopted)
    forgery.pending = [leaf for leaf in forgery.pending if fields_of(leaf)["type"] != "topic:defined"]
    assert rules_of(forgery) == {"define/adopted"}


def test_what_was_rejected_cannot_be_adopted(world):
    own = amend(world, {"scope": both("Something else")})
    world.judge(own, keep="rrr", move="rrr")
    forgery = Forgery(world)
    history = world.history(own)
    (committed,) = history.latest.event.content["proposal"]
    with world.platform.read() as loaded:
        row = loaded.connection.execute(select(openings).where(openings.c.commitment == committed)).one()
        opening = Opening(row.unit, row.salt, row.body)
        old = loaded.definitions.topics[HARBOUR][-1].leaf
        founding = loaded.definitions.founding
    forgery.add(
        type="topic:defined",
        founding=founding,
        topic=opening.value(),
        supersedes=old,
        proposal=own,
        adopts=history.latest.leaf,
        closing=history.latest.round.closed,
        salt=opening.salt.hex(),
    )
    assert rules_of(forgery) == {"define/adopted"}


def test_maintainers_define_no_topic_after_the_founding(world):
    with world.platform.read() as loaded:
        founding = loaded.definitions.founding
    people = [world.pseudonym("mia"), world.pseudonym("max")]
    forgery = Forgery(world)
    forgery.add(type="topic:defined", founding=founding, topic=topic(LAKE), reason="It came up.", maintainers=people)
    assert rules_of(forgery) == {"define/adopted"}


def test_an_outline_that_hides_whom_it_concerns_is_found_when_it_is_adopted(adopted):
    """A server that had only one side judge what concerns both."""
    outline = outline_of(made(), made(scope=both("Something else"))).model_dump(mode="json", exclude_defaults=True)
    lie = outline | {"changes": ["positions.keep-it.statement"]}
    found = rules_of(Forgery(adopted).change("topic:proposed", outline=lie, positions=["keep-it"]))
    assert "review/perspective-required" in found or "define/adopted" in found
