"""What binds when: definitions and policies two epochs later, declarations in the next epoch, never backwards."""

from __future__ import annotations

import pytest

from curation.errors import NotFound, Refused
from curation.rulebook.definitions import EPOCHS_UNTIL_BINDING
from curation.rulebook.replay import replay
from tests.support.forging import Forgery

ONE_SEAT = {"seats": 1, "min_accepts": 1, "min_share_percent": 60}


def seats_of(world, of):
    return world.history(of).latest.round.rule.seats


def in_force(world):
    with world.platform.read() as loaded:
        return loaded.definitions.policy_at(loaded.epoch).leaf


def test_the_first_definition_binds_at_once(world):
    with world.platform.read() as loaded:
        assert {item.content.id for item in loaded.definitions.topics_at(0)} == {"harbour", "river"}
        assert [(item.epoch, item.binds_from) for item in loaded.definitions.policies] == [(0, 0)]


def test_a_changed_policy_binds_two_epochs_after_its_leaf(world):
    before = in_force(world)
    changed = world.agree(world.draft(standard=ONE_SEAT)).leaf
    seen = [in_force(world)]
    for _epoch in range(EPOCHS_UNTIL_BINDING):
        world.close()
        seen.append(in_force(world))
    assert seen == [before, before, changed]


def test_a_revision_is_judged_for_ever_under_the_policy_in_force_when_it_was_made(world):
    early = world.propose()
    world.agree(world.draft(standard=ONE_SEAT))
    meanwhile = world.propose()
    world.close()
    world.close()
    late = world.propose()
    assert [seats_of(world, of) for of in (early, meanwhile, late)] == [3, 3, 1]
    assert world.judge(late).outcome == "accepted"
    assert world.judge(early, keep="aar").outcome == "accepted"
    world.revise(meanwhile)
    assert seats_of(world, meanwhile) == 1
    world.close()
    assert world.replay().violations == []


def test_a_revision_that_names_a_policy_before_it_binds_is_a_violation(world):
    changed = world.agree(world.draft(standard=ONE_SEAT)).leaf
    world.close()
    world.propose()
    state = Forgery(world).change("example:proposed", policy=changed).replay("2027-02-01")
    assert [item.rule for item in state.violations] == ["propose/policy-in-force"]


def test_a_revision_that_names_a_policy_after_its_time_is_a_violation(world):
    old = in_force(world)
    world.agree(world.draft(standard=ONE_SEAT))
    world.close()
    world.close()
    world.propose()
    state = Forgery(world).change("example:proposed", policy=old).replay("2027-03-01")
    assert [item.rule for item in state.violations] == ["propose/policy-in-force"]


def test_two_policies_follow_each_other_each_in_its_time(world):
    first = world.agree(world.draft(max_revisions=1)).leaf
    world.close()
    second = world.agree(world.draft(max_revisions=2)).leaf
    seen = []
    for _epoch in range(3):
        world.close()
        seen.append(in_force(world))
    assert seen == [first, second, second]


def test_the_limit_of_revisions_is_that_of_the_policy_in_force_now(world):
    own = world.propose()
    world.agree(world.draft(max_revisions=1))
    world.close()
    world.close()
    with pytest.raises(Refused) as caught:
        world.revise(own)
    assert caught.value.rule == "revise/limit"


# --- declarations -----------------------------------------------------------------------------------------------------


def test_a_first_declaration_counts_at_once_for_rounds_that_are_open(world):
    own = world.propose()
    world.close()
    world.join_declared("eve", "keep")
    assert world.review("eve", own).review.event.perspective == "keep"
    world.close(days=61)
    assert world.replay().violations == []


def test_a_changed_declaration_counts_for_rounds_opened_in_a_later_epoch(world):
    before = world.propose()
    world.close()
    same = world.propose()
    world.declare("keep-1", "move")
    world.close()
    after = world.propose()
    for own in (before, same):
        with pytest.raises(Refused) as caught:
            world.review("keep-1", own)
        assert caught.value.rule == "review/declared"
    assert world.review("keep-1", after).review.event.perspective == "move"


def test_the_queue_offers_no_seat_under_a_declaration_that_does_not_count_yet(world):
    world.propose()
    world.declare("keep-1", "move")
    with pytest.raises(NotFound):
        world.take("keep-1")
    world.close()
    after = world.propose()
    assert world.take("keep-1").example == after


def test_who_takes_the_declaration_back_gets_no_seat_on_the_topic(world):
    world.declare("keep-1", None)
    own = world.propose()
    with pytest.raises(Refused) as caught:
        world.take("keep-1", of=own)
    assert caught.value.rule == "review/declared"


def test_changing_a_declaration_ends_the_leases_held_on_that_topic_only(world):
    first, second = world.propose(), world.propose(topic="river")
    world.take("keep-1", of=first)
    world.join("eve")
    world.declare("eve", "dam", "river")
    world.take("eve", "river", second)
    world.declare("keep-1", "move")
    with pytest.raises(Refused) as caught:
        world.submit("keep-1", first)
    assert caught.value.rule == "seat/lease"
    assert world.submit("eve", second).review.leaf


def test_a_review_stands_though_its_reviewer_changed_the_declaration_later(small_world):
    own = small_world.propose()
    small_world.review("keep-1", own)
    small_world.declare("keep-1", "move")
    small_world.close()
    small_world.declare("keep-1", "keep")
    assert small_world.review("move-1", own).closing.outcome == "accepted"
    small_world.close()
    assert small_world.replay().violations == []


def test_an_own_review_can_be_superseded_after_the_declaration_changed(world):
    own = world.propose()
    world.review("keep-1", own)
    world.declare("keep-1", "move")
    assert world.supersede("keep-1", own, "reject").review.event.perspective == "keep"
    world.close(days=61)
    assert world.replay().violations == []


def test_a_declaration_in_the_log_that_skips_one_breaks_the_chain(world):
    first = world.declare("keep-1", "move").event.supersedes
    world.close()
    world.declare("keep-1", "keep")
    state = Forgery(world).change("perspective:declared", supersedes=first).replay("2027-02-01")
    assert [item.rule for item in state.violations] == ["declare/chain"]
    assert replay(world.sealed()).violations == []
