"""Acceptance: per perspective, in any order, and never worse for one more accept."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from curation_validators.acceptance import (
    AcceptancePolicy,
    Decision,
    Vote,
    decide,
    infiltration_limit,
    operating_characteristic,
)

STANDARD = AcceptancePolicy(3, 2, 0.60)
HIGH = AcceptancePolicy(4, 3, 0.60)
RANK = {"rejected": 0, "contested": 1, "accepted": 2}
POLICIES = st.integers(1, 15).flatmap(
    lambda seats: st.builds(
        AcceptancePolicy,
        st.just(seats),
        st.integers(1, seats),
        st.integers(0, 100).map(lambda percent: Fraction(percent, 100)) | st.sampled_from([0.0, 0.5, 0.6, 2 / 3, 1.0]),
    )
)


def votes(**verdicts: str) -> list[Vote]:
    """`left="aar"`: two people of the left accept, one rejects."""
    return [
        Vote(f"{perspective}-{number}", perspective, letter == "a")
        for perspective, letters in verdicts.items()
        for number, letter in enumerate(letters)
    ]


@st.composite
def rounds(draw, full=False):
    """(required, votes, policy): any round that can come about, with votes of other perspectives too."""
    policy = draw(POLICIES)
    required = draw(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True))
    cast = []
    for perspective in required:
        filled = policy.seats if full else draw(st.integers(0, policy.seats))
        cast += [Vote(f"{perspective}{number}", perspective, draw(st.booleans())) for number in range(filled)]
    for number in range(draw(st.integers(0, 3))):
        cast.append(Vote(f"{draw(st.sampled_from(required))}{number}", "observers", draw(st.booleans())))
    return required, cast, policy


@given(rounds(), st.randoms(use_true_random=False))
def test_the_order_of_votes_never_matters(judged, rng):
    required, cast, policy = judged
    shuffled = list(cast)
    rng.shuffle(shuffled)
    assert decide(required, shuffled, policy) == decide(required, cast, policy)


@given(rounds(), st.randoms(use_true_random=False))
def test_the_order_of_the_required_perspectives_changes_only_the_order_of_the_missing(judged, rng):
    required, cast, policy = judged
    shuffled = list(required)
    rng.shuffle(shuffled)
    one, other = decide(required, cast, policy), decide(shuffled, cast, policy)
    assert one.status == other.status
    assert [item for item in required if item in other.missing] == list(one.missing)
    assert [item for item in shuffled if item in one.missing] == list(other.missing)


@given(rounds(full=True), st.data())
def test_turning_a_reject_into_an_accept_never_makes_a_full_round_worse(judged, data):
    required, cast, policy = judged
    position = data.draw(st.integers(0, len(cast) - 1))
    before = decide(required, cast, policy)
    cast[position] = Vote(cast[position].person, cast[position].perspective, True)
    after = decide(required, cast, policy)
    assert RANK[after.status] >= RANK[before.status]


@given(rounds(), st.data())
def test_no_verdict_decides_a_round_with_empty_seats(judged, data):
    required, cast, policy = judged
    before = decide(required, cast, policy)
    turned = [Vote(vote.person, vote.perspective, data.draw(st.booleans())) for vote in cast]
    after = decide(required, turned, policy)
    assert (before.status == "needs_reviews") == (after.status == "needs_reviews")
    assert before.missing == after.missing


@given(rounds())
def test_the_missing_are_exactly_those_with_empty_seats(judged):
    required, cast, policy = judged
    filled = {perspective: sum(vote.perspective == perspective for vote in cast) for perspective in required}
    missing = tuple(perspective for perspective in required if filled[perspective] < policy.seats)
    decision = decide(required, cast, policy)
    assert decision.missing == missing
    assert (decision.status == "needs_reviews") == bool(missing)


@given(rounds(), st.lists(st.tuples(st.text(max_size=3), st.booleans()), max_size=30))
def test_votes_of_perspectives_that_are_not_required_are_ignored(judged, others):
    required, cast, policy = judged
    extra = [Vote(person, "nobody asked", accepts) for person, accepts in others]
    assert decide(required, [*extra, *cast, *extra], policy) == decide(required, cast, policy)


@given(rounds(full=True))
def test_the_status_follows_from_how_many_perspectives_are_satisfied(judged):
    required, cast, policy = judged
    satisfied = 0
    for perspective in required:
        accepts = sum(vote.accepts for vote in cast if vote.perspective == perspective)
        share = Fraction(policy.min_share).limit_denominator(10_000)
        satisfied += accepts >= policy.min_accepts and accepts >= math.ceil(share * policy.seats)
    wanted = "accepted" if satisfied == len(required) else "contested" if satisfied else "rejected"
    decision = decide(required, cast, policy)
    assert (decision.status, decision.missing) == (wanted, ())


@pytest.mark.parametrize(
    ("left", "right", "status"),
    [
        ("aaa", "aaa", "accepted"),
        ("aar", "ara", "accepted"),
        ("aar", "arr", "contested"),
        ("rrr", "aaa", "contested"),
        ("arr", "arr", "rejected"),
        ("rrr", "rrr", "rejected"),
    ],
)
def test_three_seats_of_which_two_must_accept(left, right, status):
    assert decide(["left", "right"], votes(left=left, right=right), STANDARD) == Decision(status, ())


@pytest.mark.parametrize(
    ("left", "right", "status"),
    [
        ("aaar", "raaa", "accepted"),
        ("aarr", "aaaa", "contested"),
        ("aarr", "aarr", "rejected"),
    ],
)
def test_four_seats_of_which_three_must_accept(left, right, status):
    assert decide(["left", "right"], votes(left=left, right=right), HIGH) == Decision(status, ())


@pytest.mark.parametrize("share", [0.60, Fraction(60, 100), Fraction(3, 5), 0.6000000000000001, 0.5999999999999999])
def test_three_of_five_reach_a_share_of_exactly_three_fifths(share):
    policy = AcceptancePolicy(5, 1, share)
    assert decide(["only"], votes(only="aaarr"), policy).status == "accepted"
    assert decide(["only"], votes(only="aarrr"), policy).status == "rejected"


@given(st.integers(1, 100), st.integers(1, 15), st.integers(0, 15))
def test_a_share_in_percent_means_the_same_as_a_float_and_as_a_fraction(percent, seats, accepts):
    exact = AcceptancePolicy(seats, 1, Fraction(percent, 100)).satisfied_by(accepts)
    assert AcceptancePolicy(seats, 1, percent / 100).satisfied_by(accepts) == exact
    assert exact == (accepts >= 1 and accepts * 100 >= percent * seats)


def test_the_larger_camp_does_not_outvote_the_smaller():
    pooled = votes(majority="aaaa", minority="rrrr")
    assert decide(["majority", "minority"], pooled, HIGH).status == "contested"


def test_more_accepts_than_the_share_do_not_replace_the_minimum():
    policy = AcceptancePolicy(3, 3, 0.60)
    assert decide(["only"], votes(only="aar"), policy).status == "rejected"


def test_the_missing_come_in_the_order_of_the_required():
    cast = votes(second="aaa", third="aa")
    assert decide(["third", "second", "first"], cast, STANDARD) == Decision("needs_reviews", ("third", "first"))
    assert decide(["first", "second", "third"], cast, STANDARD) == Decision("needs_reviews", ("first", "third"))
    assert decide(["first", "second"], [], STANDARD).missing == ("first", "second")


def test_a_person_with_two_votes_is_an_error_even_in_two_perspectives():
    for second in ("left", "right"):
        with pytest.raises(ValueError, match="two votes"):
            decide(["left", "right"], [Vote("ann", "left", True), Vote("ann", second, True)], STANDARD)


def test_a_second_vote_outside_the_required_perspectives_is_none():
    cast = [Vote("ann", "left", True), Vote("ann", "observers", False)]
    assert decide(["left"], cast, AcceptancePolicy(1, 1, 1)).status == "accepted"


@given(rounds(full=True))
def test_more_votes_than_seats_are_an_error(judged):
    required, cast, policy = judged
    with pytest.raises(ValueError, match=f"perspective {required[0]} has {policy.seats + 1} votes"):
        decide(required, [*cast, Vote("one more", required[0], True)], policy)


@pytest.mark.parametrize("required", [[], ["left", "left"], ["left", "right", "left"]])
def test_each_perspective_is_required_once_and_one_at_least(required):
    with pytest.raises(ValueError, match="once, and at least one"):
        decide(required, [], STANDARD)


@pytest.mark.parametrize(
    ("seats", "accepts", "share"),
    [(3, 0, 0.6), (3, -1, 0.6), (3, 4, 0.6), (0, 0, 0.6), (0, 1, 0.6), (3, 2, -0.01), (3, 2, 1.01), (3, 2, math.nan)],
)
def test_policies_that_cannot_be_met_are_refused(seats, accepts, share):
    with pytest.raises(ValueError, match="must lie between"):
        AcceptancePolicy(seats, accepts, share)


@pytest.mark.parametrize(
    ("seats", "accepts", "share"), [(1, 1, 0), (1, 1, 1), (15, 15, 1.0), (15, 1, Fraction(1, 100))]
)
def test_the_limits_themselves_are_policies(seats, accepts, share):
    policy = AcceptancePolicy(seats, accepts, share)
    assert policy.satisfied_by(seats)
    assert not policy.satisfied_by(accepts - 1)


@pytest.mark.parametrize(
    ("policy", "chances", "expected"),
    [
        (STANDARD, (0.9, 0.9), 0.944784),
        (STANDARD, (0.9, 0.3), 0.209952),
        (STANDARD, (0.95, 0.05), 0.007197),
        (HIGH, (0.9, 0.9), 0.898135),
        (HIGH, (0.9, 0.3), 0.079322),
        (HIGH, (0.95, 0.05), 0.000474),
    ],
)
def test_operating_characteristic_is_the_product_of_binomial_tails(policy, chances, expected):
    # Ours, by hand: two or three of three accept with 3q²(1 − q) + q³ (.972 at .9), and so on.
    assert operating_characteristic(policy, chances) == pytest.approx(expected, abs=1e-6)


def test_operating_characteristic_is_that_of_a_published_plan():
    # Hilliard, samplingplans.com, forum, 7 February 2006: a plan of n = 68 that lets two defects pass accepts .95 of
    # lots with 1.213 % defects and .05 of lots with 8.9704 %. Accepting seats are the items without a defect.
    plan = AcceptancePolicy(68, 66, 0)
    assert operating_characteristic(plan, [1 - 0.01213]) == pytest.approx(0.95, abs=5e-4)
    assert operating_characteristic(plan, [1 - 0.089704]) == pytest.approx(0.05, abs=5e-5)


@given(POLICIES, st.lists(st.floats(0, 1), min_size=1, max_size=4))
def test_operating_characteristic_is_that_of_scipy(policy, chances):
    expected = math.prod(binom.sf(policy.needed - 1, policy.seats, chance) for chance in chances)
    assert operating_characteristic(policy, chances) == pytest.approx(expected, abs=1e-9)


def test_chances_may_come_from_a_generator():
    assert operating_characteristic(STANDARD, (q for q in (0.9, 0.3))) == operating_characteristic(STANDARD, (0.9, 0.3))


@pytest.mark.parametrize("chances", [(), (1.2,), (0.5, -0.1), (float("nan"),)])
def test_chances_that_are_none_have_no_characteristic(chances):
    with pytest.raises(ValueError, match="between 0 and 1"):
        operating_characteristic(STANDARD, chances)


def test_infiltration_breaks_the_rule_where_simulation_says():
    # Simulated: at most 5 % of slanted items get in under 4 % of the seats with 3/2, and under 17 % with 4/3.
    assert infiltration_limit(STANDARD) == pytest.approx(0.039, abs=0.001)
    assert infiltration_limit(HIGH) == pytest.approx(0.165, abs=0.002)
    assert infiltration_limit(AcceptancePolicy(1, 1, 0), honest=0.2) == 0
