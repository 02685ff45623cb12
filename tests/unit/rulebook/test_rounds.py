"""Rounds: seats filled one by one, judged by perspective, appealed once, ended by time without a judgement."""

from __future__ import annotations

import pytest

from curation.errors import Refused
from curation.rulebook.placement import placement
from tests.support.forging import fields_of
from tests.support.words import RIVER


def events(world, of, type_):
    """The example's events of a type, sealed and pending."""
    leaves = [*world.sealed(), *world.pending().values()]
    return [fields for fields in map(fields_of, leaves) if (fields.get("example"), fields["type"]) == (of, type_)]


@pytest.mark.parametrize(
    ("keep", "move", "outcome"),
    [
        ("aaa", "aaa", "accepted"),
        ("aar", "vaa", "accepted"),
        ("aar", "arr", "contested"),
        ("arv", "aaa", "contested"),
        ("arr", "rrr", "rejected"),
        ("vvv", "vvv", "rejected"),
    ],
)
def test_three_seats_for_each_perspective_decide_a_standard_topic(world, keep, move, outcome):
    own = world.propose()
    closing = world.judge(own, keep=keep, move=move)
    assert (closing.outcome, closing.how, closing.missing) == (outcome, "full", [])
    assert world.history(own).status == outcome
    assert len(closing.counted) == 6


@pytest.mark.parametrize(
    ("dam", "free", "outcome"),
    [("aaar", "raaa", "accepted"), ("aarr", "aaaa", "contested"), ("aarr", "rraa", "rejected")],
)
def test_four_seats_of_which_three_accept_decide_a_sensitive_topic(world, dam, free, outcome):
    own = world.propose(topic=RIVER)
    assert world.judge(own, dam=dam, free=free).outcome == outcome


def test_one_empty_seat_leaves_the_round_open_and_names_the_perspective(world):
    own = world.propose()
    assert world.judge(own, move="aa") is None
    assert world.history(own).status == "needs_reviews"
    assert world.history(own).latest.round.decision().missing == ("move",)


def test_the_round_ends_in_the_transaction_that_fills_its_last_seat(world):
    own = world.propose()
    world.judge(own, move="aa")
    submitted = world.review("move-3", own)
    assert submitted.closing.outcome == "accepted"
    assert len(events(world, own, "round:closed")) == 1


@pytest.mark.parametrize(
    ("comparison", "accepts"), [("chosen", True), ("rejected", False), ("tie", False), ("both_bad", False)]
)
def test_a_pair_is_accepted_only_where_the_chosen_answer_is_preferred(small_world, comparison, accepts):
    own = small_world.propose(kind="preference")
    small_world.review("keep-1", own, comparison=comparison)
    closing = small_world.review("move-1", own, comparison=comparison).closing
    assert closing.outcome == ("accepted" if accepts else "rejected")


def test_the_better_answer_of_a_pair_that_is_rejected_is_no_vote_to_accept(small_world):
    own = small_world.propose(kind="preference")
    small_world.review("keep-1", own, "reject", comparison="chosen")
    assert small_world.review("move-1", own, comparison="chosen").closing.outcome == "contested"


def test_only_the_latest_review_in_a_seat_votes(small_world):
    own = small_world.propose()
    first = small_world.review("keep-1", own, "reject").review.leaf
    second = small_world.supersede("keep-1", own, "accept").review.leaf
    closing = small_world.review("move-1", own).closing
    assert closing.outcome == "accepted"
    assert second in closing.counted
    assert first not in closing.counted


def test_a_review_can_be_superseded_again_and_again_until_the_round_ends(small_world):
    own = small_world.propose()
    small_world.review("keep-1", own)
    for verdict in ("reject", "accept", "revise"):
        small_world.supersede("keep-1", own, verdict)
    assert small_world.review("move-1", own).closing.outcome == "contested"
    small_world.check_projection()
    small_world.close()
    assert small_world.replay().violations == []


def test_a_seat_handed_on_goes_to_somebody_else_and_is_listed_at_the_end(small_world):
    own = small_world.propose()
    small_world.take("keep-1", of=own)
    passed = small_world.hand_on("keep-1", own).leaf
    assert small_world.take("keep-2", of=own).seat == 1
    small_world.submit("keep-2", own)
    closing = small_world.review("move-1", own).closing
    assert closing.passed == [passed]
    small_world.close()
    assert small_world.replay().violations == []


def test_sixty_days_without_every_seat_filled_end_a_round_unresolved(world):
    own = world.propose()
    world.review("keep-1", own)
    world.close(days=59)
    assert world.history(own).status == "needs_reviews"
    closed = world.close(days=1)
    assert closed.rounds_ended == 1
    assert world.history(own).status == "unresolved"
    (end,) = events(world, own, "round:closed")
    assert (end["how"], end["outcome"], end["missing"]) == ("time", "unresolved", ["keep", "move"])
    assert world.replay().violations == []


def test_silence_never_rejects_what_all_who_spoke_accepted_and_never_accepts_it(world):
    own = world.propose()
    world.judge(own, move="aa")
    world.close(days=60)
    assert world.history(own).status == "unresolved"
    assert placement(world.history(own)).config == "contested"


def test_a_revision_ends_the_open_round_without_outcome_and_opens_the_next(world):
    own = world.propose()
    reviewed = world.review("keep-1", own).review.leaf
    revised = world.revise(own).leaf
    history = world.history(own)
    first = history.revisions[0].round
    assert (first.how, first.outcome) == ("revised", None)
    assert (history.latest.leaf, history.latest.number, history.latest.round.closed) == (revised, 2, None)
    (end,) = events(world, own, "round:closed")
    assert (end["by"], end["counted"]) == (revised, [reviewed])


def test_who_reviewed_a_revision_may_review_the_next(small_world):
    own = small_world.propose()
    small_world.judge(own, keep="r")
    small_world.revise(own)
    assert small_world.judge(own).outcome == "accepted"
    assert {cast.pseudonym for _, cast in small_world.history(own).revisions[0].round.all_seats()} == {
        cast.pseudonym for _, cast in small_world.history(own).revisions[1].round.all_seats()
    }


def test_the_accepted_revision_stands_until_its_successor_is_accepted(small_world):
    own = small_world.propose()
    small_world.judge(own)
    first = small_world.history(own).latest.leaf
    second = small_world.revise(own).leaf
    assert small_world.history(own).standing.leaf == first
    small_world.judge(own, keep="r", move="r")
    assert small_world.history(own).status == "rejected"
    assert placement(small_world.history(own)).revision == first
    third = small_world.revise(own).leaf
    assert small_world.history(own).standing.leaf == first
    small_world.judge(own)
    assert small_world.history(own).standing.leaf == third != second


def test_a_withdrawn_example_is_published_nowhere_and_its_round_ends(world):
    own = world.propose()
    world.review("keep-1", own)
    by = world.withdraw(own).leaf
    history = world.history(own)
    assert (history.status, history.standing) == ("withdrawn", None)
    assert (history.latest.round.how, history.latest.round.outcome) == ("withdrawn", None)
    placed = placement(history)
    assert (placed.config, placed.left_out, placed.cause) == (None, "withdrawn", by)
    world.close()
    assert world.replay().violations == []


def test_an_accepted_example_can_be_withdrawn(small_world):
    own = small_world.propose()
    small_world.judge(own)
    assert placement(small_world.history(own)).config == "sft"
    small_world.withdraw(own, reason="safety")
    assert placement(small_world.history(own)).config is None


@pytest.mark.parametrize("kind", ["sft", "preference", "pluralistic", "prompt"])
def test_what_is_accepted_goes_to_the_config_of_its_kind_and_what_is_rejected_nowhere(small_world, kind):
    compared = {"comparison": "chosen"} if kind == "preference" else {}
    good, bad = small_world.propose(kind=kind), small_world.propose(kind=kind)
    for reviewer in ("keep-1", "move-1"):
        small_world.review(reviewer, good, **compared)
        small_world.review(reviewer, bad, "reject", **compared)
    assert placement(small_world.history(good)).config == ("prompts" if kind == "prompt" else kind)
    placed = placement(small_world.history(bad))
    assert (placed.config, placed.left_out) == (None, "rejected")


# --- appeals ----------------------------------------------------------------------------------------------------------


def test_an_appeal_adds_as_many_seats_again_for_other_people(world):
    own = world.propose()
    world.judge(own, keep="arr")
    before = world.history(own).latest.round.people()
    world.appeal(own)
    stage = world.history(own).latest.round
    assert (stage.stage, list(stage.seat_numbers())) == (2, [4, 5, 6])
    world.judge(own)
    assert world.history(own).latest.round.people().isdisjoint(before)


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [("aar", "aar", "accepted"), ("arr", "aaa", "accepted"), ("rrr", "aaa", "contested"), ("aar", "arr", "contested")],
)
def test_an_appeal_is_decided_by_all_votes_of_both_stages(world, first, second, outcome):
    # 4 of 6 for keep: the doubled minimum of 2 of 3, and 60 percent of six is four.
    own = world.propose()
    world.judge(own, keep=first, move="aaa")
    world.appeal(own, "keep-1")
    assert world.judge(own, keep=second, move="aaa").outcome == outcome
    assert world.history(own).status == outcome


def test_an_open_appeal_leaves_the_first_outcome_standing(small_world):
    own = small_world.propose()
    small_world.judge(own)
    small_world.appeal(own)
    history = small_world.history(own)
    assert (history.status, history.standing) == ("accepted", history.latest)


def test_an_appeal_that_runs_out_of_time_leaves_the_first_outcome_standing(small_world):
    own = small_world.propose()
    small_world.judge(own, keep="r")
    small_world.appeal(own)
    small_world.review("keep-2", own)
    small_world.close(days=60)
    stage = small_world.history(own).latest.round
    assert (stage.stage, stage.how, stage.outcome) == (2, "time", "contested")
    assert small_world.history(own).status == "contested"
    assert small_world.replay().violations == []


def test_an_appeal_can_turn_an_acceptance_too(small_world):
    own = small_world.propose()
    small_world.judge(own)
    small_world.appeal(own, "keep-1")
    small_world.judge(own, keep="r", move="r")
    assert small_world.history(own).status == "rejected"
    assert small_world.history(own).standing is None


def test_the_proposer_and_each_reviewer_of_the_round_may_appeal(small_world):
    for who in ("ana", "keep-1", "move-1"):
        own = small_world.propose("ana")
        small_world.judge(own, keep="r")
        assert small_world.appeal(own, who).event.round == 1


def test_a_withdrawal_during_an_appeal_ends_the_appeal_without_outcome(small_world):
    own = small_world.propose()
    small_world.judge(own, keep="r")
    small_world.appeal(own)
    small_world.withdraw(own)
    first = small_world.history(own).revisions[0]
    assert [(stage.how, stage.outcome) for stage in first.stages] == [("full", "contested"), ("withdrawn", None)]
    small_world.close()
    assert small_world.replay().violations == []


def test_the_revision_that_stands_can_be_appealed_while_its_successor_is_judged(small_world):
    own = small_world.propose()
    small_world.judge(own)
    first = small_world.history(own).latest.leaf
    second = small_world.revise(own).leaf
    assert small_world.appeal(own, "keep-1").event.revision == first
    stage = small_world.history(own).revisions[0].round
    assert (stage.stage, stage.closed) == (2, None)
    for reviewer in ("keep-2", "move-2"):
        small_world.review(reviewer, own, "reject", revision=first)
    history = small_world.history(own)
    assert (history.outcome_of(history.revisions[0]), history.standing) == ("rejected", None)
    small_world.judge(own)
    assert small_world.history(own).standing.leaf == second
    small_world.close()
    assert small_world.replay().violations == []


def test_an_earlier_revisions_round_is_not_appealed_once_it_is_replaced(small_world):
    own = small_world.propose()
    small_world.judge(own, keep="r")
    small_world.revise(own)
    with pytest.raises(Refused) as caught:
        small_world.appeal(own)
    assert caught.value.rule == "appeal/ended"


def test_a_seat_handed_on_in_the_first_stage_is_not_offered_again_in_the_appeal(small_world):
    own = small_world.propose()
    small_world.take("keep-1", of=own)
    small_world.hand_on("keep-1", own)
    small_world.review("keep-2", own, "reject")
    small_world.review("move-1", own)
    small_world.appeal(own)
    with pytest.raises(Refused) as caught:
        small_world.review("keep-1", own)
    assert caught.value.rule == "review/appeal-new-people"


# --- revisions --------------------------------------------------------------------------------------------------------


def test_an_example_has_three_revisions_at_most(world):
    own = world.propose()
    assert [world.revise(own).event.previous for _turn in range(2)]
    with pytest.raises(Refused) as caught:
        world.revise(own)
    assert caught.value.rule == "revise/limit"


def test_a_revision_may_change_wording_sources_positions_framing_and_licence(world):
    own = world.propose()
    event = world.revise(own, framing="keep-it", positions=["keep-it"], license="CC0-1.0", sources=[]).event
    assert (event.framing, event.positions, event.license, event.sources) == ("keep-it", ["keep-it"], "CC0-1.0", [])


def test_a_review_names_exactly_the_bytes_that_it_judged(world):
    own = world.propose()
    shown = world.history(own).latest.leaf
    assert world.review("keep-1", own).review.event.revision == shown
    changed = world.revise(own).leaf
    assert world.review("keep-1", own).review.event.revision == changed != shown
