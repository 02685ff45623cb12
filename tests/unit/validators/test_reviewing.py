"""Bridging factors: what both sides like has an intercept, what one side likes has a factor."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from curation_validators.reviewing import (
    FACTOR_WEIGHT,
    INTERCEPT_WEIGHT,
    Bridging,
    always_together,
    bridging_factors,
    misplaced_voters,
)

VOTES = st.dictionaries(
    st.tuples(st.sampled_from("abcdef"), st.sampled_from("uvwxyz")), st.sampled_from([0.0, 1.0]), max_size=30
).map(lambda votes: [(voter, item, value) for (voter, item), value in votes.items()])


def divided(voters: int = 10, items: int = 12) -> list[tuple[str, str, float]]:
    """Voters of two sides; a third of the items is liked by each side, and a third by both."""
    return [
        (f"voter-{voter}", f"item-{item:02d}", 1.0 if item % 3 == 2 else float(voter % 2 == item % 3))
        for voter in range(voters)
        for item in range(items)
    ]


def loss(votes, made) -> float:
    """What the factorization minimises."""
    errors = sum(
        (
            value
            - made.mean
            - made.voter_intercepts[voter]
            - made.item_intercepts[item]
            - made.voter_factors[voter] * made.item_factors[item]
        )
        ** 2
        for voter, item, value in votes
    )
    intercepts = [made.mean, *made.voter_intercepts.values(), *made.item_intercepts.values()]
    factors = [*made.voter_factors.values(), *made.item_factors.values()]
    return errors + INTERCEPT_WEIGHT * sum(i * i for i in intercepts) + FACTOR_WEIGHT * sum(f * f for f in factors)


def test_factors_are_those_of_a_general_optimizer():
    # Ours: the paper's data are too many for a worked example. SciPy's minimizer (BFGS, gradient by differences)
    # knows nothing of alternating least squares, and must end in the same fit of the paper's loss (its equation 2).
    votes = [vote for vote in divided(6, 6) if vote[:2] not in {("voter-0", "item-01"), ("voter-3", "item-05")}]
    made = bridging_factors(votes)
    voters, items = sorted(made.voter_factors), sorted(made.item_factors)
    names = [voters, voters, items, items]

    def of(numbers) -> Bridging:
        left = iter(numbers[1:])
        return Bridging(numbers[0], *({name: next(left) for name in group} for group in names))

    start = np.random.default_rng(0).normal(scale=0.3, size=1 + sum(map(len, names)))
    best = minimize(lambda numbers: loss(votes, of(numbers)), start)
    found, sign = of(best.x), 1 if of(best.x).voter_factors["voter-0"] > 0 else -1
    assert loss(votes, made) == pytest.approx(best.fun, abs=1e-5)
    assert made.mean == pytest.approx(found.mean, abs=0.01)
    for name in items:
        assert made.item_intercepts[name] == pytest.approx(found.item_intercepts[name], abs=0.01)
        assert made.item_factors[name] == pytest.approx(sign * found.item_factors[name], abs=0.01)


def test_items_that_both_sides_like_have_the_greatest_intercepts_and_no_factor():
    made = bridging_factors(divided())
    common = {f"item-{number:02d}" for number in range(12) if number % 3 == 2}
    ranked = sorted(made.item_intercepts, key=made.item_intercepts.__getitem__, reverse=True)
    assert set(ranked[: len(common)]) == common
    assert all(abs(made.item_factors[item]) < 0.05 for item in common)
    assert all(abs(made.item_factors[item]) > 0.5 for item in set(ranked) - common)


def test_voters_of_two_sides_have_factors_of_opposite_sign():
    factors = bridging_factors(divided()).voter_factors
    assert all(factors[f"voter-{number}"] > 0.5 for number in range(0, 10, 2))
    assert all(factors[f"voter-{number}"] < -0.5 for number in range(1, 10, 2))


@settings(max_examples=40)
@given(VOTES, st.randoms(use_true_random=False))
def test_order_of_votes_never_matters(votes, rng):
    shuffled = list(votes)
    rng.shuffle(shuffled)
    assert bridging_factors(shuffled) == bridging_factors(votes)


@settings(max_examples=40)
@given(VOTES, st.sampled_from(["a", "b", "c"]), st.floats(-0.05, 0.05))
def test_no_small_step_makes_the_fit_better(votes, voter, step):
    made = bridging_factors(votes)
    if voter not in made.voter_factors:
        assert voter not in {name for name, _, _ in votes}
        return
    best = loss(votes, made)
    for name in ("voter_intercepts", "voter_factors"):
        moved = dict(getattr(made, name))
        moved[voter] += step
        changed = type(made)(**{field: getattr(made, field) for field in type(made).__slots__} | {name: moved})
        assert loss(votes, changed) >= best - 1e-6


def test_nothing_to_factorize_is_no_error():
    made = bridging_factors([])
    assert (made.mean, made.voter_factors, made.item_factors) == (0.0, {}, {})


@pytest.mark.parametrize("votes", [[("a", "x", 1.0), ("a", "x", 0.0)], [("a", "x", float("nan"))]])
def test_two_votes_on_one_item_and_votes_that_are_no_number_are_refused(votes):
    with pytest.raises(ValueError, match=r"two votes|finite"):
        bridging_factors(votes)


def test_voter_who_declares_one_side_and_votes_with_the_other_is_found():
    made = bridging_factors(divided())
    sides = {f"voter-{number}": ("even", "odd")[number % 2] for number in range(10)}
    assert misplaced_voters(made, sides) == []
    assert misplaced_voters(made, sides | {"voter-4": "odd"}) == ["voter-4"]


def test_pair_that_never_differs_is_found_where_others_do_differ():
    votes = divided(voters=4, items=36)
    assert always_together(votes) == [("voter-0", "voter-2", 36), ("voter-1", "voter-3", 36)]
    agreed = [(voter, item, 1.0) for voter, item, _ in votes]
    assert always_together(agreed) == [], "all agree: that is no sign of anything"
    assert always_together(votes, least=37) == []
