"""The queue: it assigns, it hides, it shares out, and it keeps seats no longer than their lease."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from curation.errors import NotFound, Refused
from curation.people.vault import topic_scope
from curation.reviews.queue import Asking, some_free
from curation.reviews.seats import SHARE_APPLIES_FROM, TakeSeat, take_seats
from curation.tables import leases, seats, stage_clocks
from tests.support.words import HARBOUR, RIVER


def refused(act, *given, **named):
    with pytest.raises(Refused) as caught:
        act(*given, **named)
    return caught.value.rule


def test_a_person_is_assigned_a_seat_of_the_earliest_epoch(world):
    first = world.propose()
    world.close()
    for _other in range(4):
        world.propose()
    world.join_declared("rita", "keep", simulated=False)
    assert world.take("rita").example == first


def test_whoever_asks_again_is_given_the_same_seat(world):
    world.propose()
    world.propose()
    seat = world.take("keep-1")
    assert world.take("keep-1") == seat
    assert len(world.rows(leases)) == 1


def test_two_people_never_hold_one_seat(world):
    own = world.propose()
    seats = [world.take(f"keep-{number}", of=own) for number in (1, 2, 3)]
    assert sorted(seat.seat for seat in seats) == [1, 2, 3]
    with pytest.raises(NotFound):
        world.take("keep-4", of=own)


def test_a_seat_whose_lease_ends_goes_to_somebody_else(world):
    own = world.propose()
    for number in (1, 2, 3):
        world.take(f"keep-{number}", of=own)
    world.clock.advance(hours=71)
    with pytest.raises(NotFound):
        world.take("keep-4", of=own)
    world.clock.advance(hours=2)
    assert world.take("keep-4", of=own).seat == 1
    assert refused(world.submit, "keep-1", own) == "seat/lease"


def test_a_lease_lasts_its_hours_and_tells_no_finer_time(world):
    own = world.propose()
    seat = world.take("keep-1", of=own)
    lasts = seat.ends_at - world.clock.now()
    assert 72 * 3600 <= lasts < 73 * 3600
    assert seat.ends_at % 3600 == 0
    world.clock.advance(hours=72)
    if lasts == 72 * 3600:
        assert refused(world.submit, "keep-1", own) == "seat/lease"
    else:
        assert world.submit("keep-1", own)


def test_filling_or_handing_on_a_seat_ends_its_lease(world):
    own = world.propose()
    world.take("keep-1", of=own)
    world.submit("keep-1", own)
    world.take("keep-2", of=own)
    world.hand_on("keep-2", own)
    assert world.rows(leases) == []


def test_the_end_of_a_round_ends_its_leases_and_its_clock(world):
    own = world.propose()
    world.take("keep-1", of=own)
    world.withdraw(own)
    assert world.rows(leases) == []
    assert world.rows(stage_clocks) == []


def test_nobody_is_offered_the_own_example(world):
    world.declare("ana", "keep")
    world.propose("ana")
    with pytest.raises(NotFound):
        world.take("ana")
    other = world.propose("ben")
    assert world.take("ana").example == other


def test_nobody_is_offered_a_seat_in_a_language_they_do_not_read(world):
    world.propose(language="fr")
    english = world.propose(language="en")
    world.join_declared("eve", "keep", languages=["en"])
    assert world.take("eve").example == english


def test_a_reviewer_may_ask_for_one_of_the_own_languages(world):
    world.propose(language="en")
    french = world.propose(language="fr")
    assert world.take("keep-1", language="fr").example == french


def test_nobody_is_offered_a_seat_in_a_language_they_only_ask_for(world):
    world.propose(language="fr")
    world.join_declared("eve", "keep", languages=["en"])
    with pytest.raises((NotFound, Refused)):
        world.take("eve", language="fr")


@pytest.mark.parametrize("written", ["Harbour Friends", "  harbour friends", "HARBOUR FRIENDS "])
def test_nobody_is_offered_an_example_from_the_own_organisation(world, written):
    world.join("pat", organisations=["Harbour Friends"])
    hidden = world.propose("pat")
    world.join_declared("eve", "keep", organisations=["Another", written])
    with pytest.raises(NotFound):
        world.take("eve")
    other = world.propose("ana")
    assert world.take("eve").example == other
    assert world.take("keep-1", of=hidden).example == hidden


def test_who_holds_several_seats_holds_one_in_a_round(world):
    examples = {world.propose() for _ in range(3)}
    with world.acting("keep-1") as (made, actor):
        held = take_seats(made, actor, TakeSeat(topic=HARBOUR), 2)
    assert len({seat.revision for seat in held}) == 2
    with world.acting("keep-1") as (made, actor):
        assert len(take_seats(made, actor, TakeSeat(topic=HARBOUR), 1)) == 2  # nothing is taken away
    with world.acting("keep-1") as (made, actor):
        held = take_seats(made, actor, TakeSeat(topic=HARBOUR), 9)
    assert {seat.example for seat in held} == examples
    assert len(held) == 3
    for seat in held:
        world.submit("keep-1", seat.example)


def test_one_topic_at_a_time(world):
    own = world.propose()
    world.propose(topic=RIVER)
    world.declare("keep-1", "dam", RIVER)
    world.take("keep-1", HARBOUR)
    assert refused(world.take, "keep-1", RIVER) == "seat/one-topic"
    world.submit("keep-1", own)
    assert world.take("keep-1", RIVER).topic == RIVER


def test_a_lease_that_ended_does_not_bind_to_its_topic(world):
    world.propose()
    world.propose(topic=RIVER)
    world.declare("keep-1", "dam", RIVER)
    world.take("keep-1", HARBOUR)
    world.clock.advance(hours=73)
    assert world.take("keep-1", RIVER).topic == RIVER


def test_only_simulated_people_choose_an_example(world):
    own = world.propose()
    world.join_declared("rita", "keep", simulated=False)
    assert refused(world.take, "rita", of=own) == "seat/queue-assigns"
    assert refused(world.review, "rita", own) == "seat/queue-assigns"
    assert world.take("keep-1", of=own).example == own


def test_earlier_rejecters_are_offered_the_next_revision_first(world):
    contested = world.propose()
    world.clock.advance(days=1)
    world.judge(contested, keep="raa", move="rrr")
    world.propose()
    world.clock.advance(days=1)
    world.revise(contested)
    assert world.take("keep-1").example == contested
    assert world.take("keep-2").example != contested


def test_nobody_fills_more_than_their_share_where_there_are_twenty(world):
    for number in range(SHARE_APPLIES_FROM - 8):
        world.join_declared(f"more-{number}", "keep")
    for _turn in range(20):
        world.propose()
    for _turn in range(9):  # 15 percent of the 60 seats that keep has on the topic
        world.submit("keep-1", world.take("keep-1").example)
    assert refused(world.take, "keep-1") == "seat/share"
    assert world.take("keep-2")


def test_with_fewer_than_twenty_people_one_may_fill_more(world):
    for _turn in range(10):
        world.propose()
    for _turn in range(10):
        world.submit("keep-1", world.take("keep-1").example)
    with pytest.raises(NotFound):
        world.take("keep-1")


def test_the_first_seat_is_never_too_much(world):
    for number in range(SHARE_APPLIES_FROM - 8):
        world.join_declared(f"more-{number}", "keep")
    own = world.propose()
    assert world.take("keep-1").example == own


def test_rounds_in_which_one_sat_do_not_hide_the_others(world, monkeypatch):
    monkeypatch.setattr("curation.reviews.queue._PAGE", 1)
    for _turn in range(4):
        world.propose()
    world.join("pat", organisations=["Harbour Friends"])
    world.join_declared("eve", "keep", organisations=["Harbour Friends"])
    world.propose("pat")
    world.clock.advance(days=1)
    last = world.propose()
    seen = []
    for _turn in range(5):
        seen.append(world.take("eve").example)
        world.submit("eve", seen[-1])
    assert len(set(seen)) == 5
    assert last in seen


def test_the_order_of_a_pairs_answers_is_drawn_recorded_and_kept(small_world):
    own = small_world.propose(kind="preference")
    seat = small_world.take("keep-1", of=own)
    assert seat.order_shown in ("chosen_first", "rejected_first")
    assert small_world.take("keep-1", of=own).order_shown == seat.order_shown
    submitted = small_world.submit("keep-1", own, comparison="chosen")
    assert submitted.review.event.order_shown == seat.order_shown
    again = small_world.supersede("keep-1", own, comparison="tie")
    assert again.review.event.order_shown == seat.order_shown


def test_both_orders_are_drawn(world):
    seen = set()
    for _turn in range(12):
        seen.add(world.take("keep-1", of=world.propose(kind="preference")).order_shown)
        world.clock.advance(hours=80)
        if len(seen) == 2:
            break
        world.close(days=0)
    assert seen == {"chosen_first", "rejected_first"}


def test_a_review_says_where_it_was_entered_and_in_which_seat(world):
    own = world.propose()
    seat = world.take("move-1", of=own)
    event = world.submit("move-1", own, revision=seat.revision).review.event
    assert (event.perspective, event.seat, event.stage, event.round, event.via) == ("move", seat.seat, 1, 1, "cli")
    assert event.declaration == seat.declaration


def test_without_an_open_round_the_queue_says_so(world):
    with pytest.raises(NotFound, match="no seat on this topic is free for you now"):
        world.take("keep-1")


def test_whoever_lets_seats_lapse_is_not_offered_them_again(world):
    own = world.propose()
    world.take("keep-1", of=own)
    world.clock.advance(hours=73)
    world.take("keep-2", of=own)
    with pytest.raises(NotFound):
        world.take("keep-1", of=own)


def test_free_seats_are_walked_in_their_order_and_never_sorted(world):
    """Sorting every open seat for each person who asks took half a second at fifty thousand of them."""
    with world.acting("keep-1") as (made, actor):
        pseudonym = made.vault.pseudonym(actor.account, topic_scope(HARBOUR))
        standing = made.latest_declaration(pseudonym)
        asking = Asking(made, actor, HARBOUR, ["en"], None, pseudonym, standing, frozenset())
        asked = some_free(asking, seats).compile(made.connection, compile_kwargs={"literal_binds": True})
        plan = [row[-1] for row in made.connection.execute(text(f"EXPLAIN QUERY PLAN {asked}"))]
    assert plan[0] == "SEARCH seats USING INDEX ix_seats_queue (topic=? AND perspective=? AND open=?)"
    assert [step for step in plan if "TEMP B-TREE" in step] == []
