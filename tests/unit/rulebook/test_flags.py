"""Flags: they hold publication and never acceptance, lapse by themselves, and stand when two sides uphold them."""

from __future__ import annotations

import pytest

from curation.errors import CallerError, Refused
from curation.rulebook.placement import placement
from tests.support.forging import fields_of


def held(world, of):
    placed = placement(world.history(of))
    return placed.left_out == "flagged"


@pytest.fixture
def accepted(small_world):
    own = small_world.propose()
    small_world.judge(own)
    small_world.close()
    return own


def test_a_flag_holds_publication_from_the_moment_it_is_raised_and_not_acceptance(small_world, accepted):
    flag = small_world.flag(accepted, "keep-1", "source").leaf
    history = small_world.history(accepted)
    placed = placement(history)
    assert (placed.config, placed.left_out, placed.cause) == (None, "flagged", flag)
    assert (history.status, history.standing) == ("accepted", history.latest)


@pytest.mark.parametrize("ground", ["source", "licence", "duplicate"])
def test_who_holds_no_seat_in_the_revision_flags_no_matter_of_judgement(small_world, accepted, ground):
    for outsider in ("ben", "keep-2"):
        with pytest.raises(Refused) as caught:
            small_world.flag(accepted, outsider, ground)
        assert caught.value.rule == "flag/seat-holder"
    assert small_world.flag(accepted, "move-1", ground).event.review is not None


@pytest.mark.parametrize("ground", ["personal_data", "law"])
def test_anybody_flags_personal_data_and_law(small_world, accepted, ground):
    assert small_world.flag(accepted, "ben", ground).event.review is None
    assert held(small_world, accepted)


def test_each_ground_is_flagged_by_itself(small_world, accepted):
    grounds = ("source", "licence", "law")
    flags = [small_world.flag(accepted, "keep-1", ground).leaf for ground in grounds]
    assert {flag.event.ground for flag in small_world.history(accepted).flags.values()} == set(grounds)
    assert len(set(flags)) == 3


def test_a_flag_that_nobody_upholds_lapses_when_its_time_is_over(small_world, accepted):
    small_world.flag(accepted, "ben", "law")
    small_world.close(days=13)
    assert held(small_world, accepted)
    assert small_world.close(days=1).flags_lapsed == 1
    assert not held(small_world, accepted)
    assert placement(small_world.history(accepted)).config == "sft"
    assert small_world.replay().violations == []


def test_two_people_of_one_perspective_do_not_keep_a_flag(small_world, accepted):
    flag = small_world.flag(accepted, "ben", "law").leaf
    for handle in ("keep-2", "keep-3"):
        small_world.uphold(flag, handle)
    assert not small_world.history(accepted).flags[flag].stands
    assert small_world.close(days=14).flags_lapsed == 1
    assert small_world.replay().violations == []


def test_two_people_of_different_perspectives_keep_a_flag_for_good(small_world, accepted):
    flag = small_world.flag(accepted, "ben", "law").leaf
    for handle in ("keep-2", "move-2"):
        small_world.uphold(flag, handle)
    for _turn in range(5):
        assert small_world.close(days=30).flags_lapsed == 0
    assert small_world.history(accepted).flags[flag].stands
    assert held(small_world, accepted)
    assert small_world.replay().violations == []


def test_people_of_an_optional_perspective_uphold_flags_too(small_world, accepted):
    flag = small_world.flag(accepted, "ben", "law").leaf
    small_world.join_declared("olga", "observer")
    small_world.uphold(flag, "olga")
    small_world.uphold(flag, "move-2")
    assert small_world.history(accepted).flags[flag].stands


def test_a_lapse_names_who_upheld_the_flag_in_vain(small_world, accepted):
    flag = small_world.flag(accepted, "ben", "law").leaf
    upheld = small_world.uphold(flag, "keep-2").leaf
    small_world.close(days=14)
    (lapse,) = [fields for fields in map(fields_of, small_world.sealed()) if fields["type"] == "flag:lapsed"]
    assert (lapse["flag"], lapse["upheld"]) == (flag, [upheld])


@pytest.mark.parametrize("who", ["keep-1", "move-1", "ben", "ana"])
def test_who_is_involved_upholds_nothing(small_world, accepted, who):
    flag = small_world.flag(accepted, "ben", "law").leaf
    small_world.declare(who, "keep") if who in ("ana", "ben") else None
    with pytest.raises(Refused) as caught:
        small_world.uphold(flag, who)
    assert caught.value.rule == "flag/uninvolved"


def test_who_declared_nothing_upholds_nothing(small_world, accepted):
    flag = small_world.flag(accepted, "keep-1", "law").leaf
    with pytest.raises(Refused) as caught:
        small_world.uphold(flag, "ben")
    assert caught.value.rule == "review/declared"


def test_a_flag_of_one_revision_does_not_hold_the_next(small_world, accepted):
    small_world.flag(accepted, "ben", "law")
    small_world.revise(accepted)
    assert held(small_world, accepted), "the flagged revision stands until its successor is accepted"
    small_world.judge(accepted)
    assert not held(small_world, accepted)
    assert placement(small_world.history(accepted)).config == "sft"


def test_a_flag_of_a_withdrawn_example_does_not_lapse_any_more(small_world, accepted):
    small_world.flag(accepted, "ben", "law")
    small_world.withdraw(accepted)
    assert small_world.close(days=30).flags_lapsed == 0
    assert small_world.replay().violations == []


# --- flags that wait with a review of an open round -------------------------------------------------------------------


def is_pending(world, leaf):
    return leaf in world.pending()


@pytest.mark.parametrize("supersedes", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_a_flag_of_an_open_round_waits_and_lapses_in_its_own_time(world, seed, supersedes):
    for _turn in range(seed):
        world.propose("ben")
    own = world.propose()
    world.close()
    world.review("keep-1", own, "reject")
    flag = world.flag(own, "keep-1", "source")
    assert flag.receipt.sealed_by is None
    if supersedes:
        world.supersede("keep-1", own, "accept")
    world.close()
    assert is_pending(world, flag.leaf)
    world.close()
    assert world.history(own).flags[flag.leaf].lapsed
    for _turn in range(7):
        world.check_projection()
        world.close()
    assert not is_pending(world, flag.leaf)
    assert world.replay().violations == []
    assert world.replay().histories[own].flags[flag.leaf].lapsed


def test_upholding_a_flag_that_waits_does_not_hang_on_later_declarations(world):
    own = world.propose()
    world.close()
    world.review("keep-1", own, "reject")
    flag = world.flag(own, "keep-1", "source").leaf
    upheld = [world.uphold(flag, handle) for handle in ("keep-2", "move-2")]
    assert [item.receipt.sealed_by for item in upheld] == [None, None]
    world.declare("keep-2", "move")
    world.declare("move-2", None)
    for _turn in range(10):
        world.close()
        world.check_projection()
        assert world.history(own).flags[flag].stands
    assert world.replay().violations == []


def test_a_flag_without_a_review_is_sealed_at_once_and_tells_of_no_review(world):
    own = world.propose()
    flag = world.flag(own, "ben", "law")
    assert flag.receipt.sealed_by == 1
    world.close()
    assert not is_pending(world, flag.leaf)


def test_whatever_refers_to_a_waiting_act_waits_with_it(world):
    own = world.propose()
    world.close()
    review = world.review("keep-1", own, "reject").review.leaf
    flag = world.flag(own, "keep-1", "source").leaf
    later = [world.uphold(flag, "keep-2").leaf, world.erase(review, "keep-1").leaf, world.erase(flag, "keep-1").leaf]
    world.close()
    assert set(world.pending()) == {review, flag, *later}
    world.close(days=60)
    assert world.pending() == {}
    assert world.replay().violations == []


def test_a_flag_that_was_refused_leaves_nothing(small_world, accepted):
    before = small_world.pending()
    for who, ground, revision in (("ben", "source", None), ("keep-1", "law", "0" * 64)):
        with pytest.raises(CallerError):
            small_world.flag(accepted, who, ground, revision)
    assert small_world.pending() == before
