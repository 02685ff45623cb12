"""How votes hang together: bridging factors, pairs that always vote together, votes that fit another perspective.

Rules that always hold (pure):
- what is found here is for people to look at; it changes no vote and gates nothing;
- the same votes give the same numbers, in whatever order they come.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

INTERCEPT_WEIGHT, FACTOR_WEIGHT = 0.15, 0.03
_ROUNDS, _SETTLED = 500, 1e-10


@dataclass(frozen=True, slots=True)
class Bridging:
    """r = mean + voter's intercept + item's intercept + voter's factor × item's factor.

    An item's intercept is what its support has in common across the divide; its factor, on which side it is liked.
    The factors' sign means nothing by itself: the first voter (by name) whose factor is not 0 has a positive one.
    """

    mean: float
    voter_intercepts: Mapping[str, float]
    voter_factors: Mapping[str, float]
    item_intercepts: Mapping[str, float]
    item_factors: Mapping[str, float]


class _Side:
    """The intercepts and factors of all voters, or of all items."""

    def __init__(self, names: list[str]) -> None:
        self.intercepts = dict.fromkeys(names, 0.0)
        self.factors = dict.fromkeys(names, 0.0)

    def fit(self, votes: Mapping[str, list[tuple[str, float]]], other: _Side, mean: float) -> float:
        """Minimise over this side while the other stands still: for each name, two equations. Returns the change."""
        change = 0.0
        for name, cast in votes.items():
            count = float(len(cast))
            factors = [other.factors[item] for item, _ in cast]
            rests = [value - mean - other.intercepts[item] for item, value in cast]
            sum_f = math.fsum(factors)
            a, b, d = count + INTERCEPT_WEIGHT, sum_f, math.fsum(f * f for f in factors) + FACTOR_WEIGHT
            right1, right2 = math.fsum(rests), math.fsum(f * rest for f, rest in zip(factors, rests, strict=True))
            determinant = a * d - b * b
            intercept = (right1 * d - right2 * b) / determinant
            factor = (a * right2 - b * right1) / determinant
            change = max(change, abs(intercept - self.intercepts[name]), abs(factor - self.factors[name]))
            self.intercepts[name], self.factors[name] = intercept, factor
        return change


def bridging_factors(votes: Iterable[tuple[str, str, float]], *, settled: float = _SETTLED) -> Bridging:
    """One-dimensional matrix factorization of votes, by alternating least squares.

    Args:
        votes: (voter, item, value), for instance 1 for accept and 0 for not; one value for each voter and item.
        settled: it ends when nothing changes by more than this.

    Raises:
        ValueError: a voter votes twice on an item, or a value is not finite.

    Source: Wojcik et al., Birdwatch: Crowd Wisdom and Bridging Algorithms (2022), with its weights λ_i = .15 for
    intercepts and mean, λ_f = .03 for factors. It is made for many voters: with a few on each item it says little.
    """
    known = sorted(votes)
    if any(not math.isfinite(value) for _, _, value in known):
        raise ValueError("every vote must be a finite number")
    if len({(voter, item) for voter, item, _ in known}) != len(known):
        raise ValueError("a voter has two votes on one item")
    by_voter: dict[str, list[tuple[str, float]]] = {}
    by_item: dict[str, list[tuple[str, float]]] = {}
    for voter, item, value in known:
        by_voter.setdefault(voter, []).append((item, value))
        by_item.setdefault(item, []).append((voter, value))
    voters, items = _Side(sorted(by_voter)), _Side(sorted(by_item))
    if not known:
        return _bridging(0.0, voters, items)
    mean = math.fsum(value for _, _, value in known) / len(known)
    items.factors.update(_first_factors(by_voter, by_item, mean))
    for _ in range(_ROUNDS):
        change = max(voters.fit(by_voter, items, mean), items.fit(by_item, voters, mean))
        rests = [
            value - voters.intercepts[voter] - items.intercepts[item] - voters.factors[voter] * items.factors[item]
            for voter, item, value in known
        ]
        before, mean = mean, math.fsum(rests) / (len(known) + INTERCEPT_WEIGHT)
        if max(change, abs(mean - before)) < settled:
            break
    return _bridging(mean, voters, items)


def _first_factors(
    by_voter: Mapping[str, list[tuple[str, float]]], by_item: Mapping[str, list[tuple[str, float]]], mean: float
) -> dict[str, float]:
    """A start off the saddle where every factor is 0: power iteration on the votes without their means."""
    voter_mean = {name: math.fsum(value for _, value in cast) / len(cast) for name, cast in by_voter.items()}
    item_mean = {name: math.fsum(value for _, value in cast) / len(cast) for name, cast in by_item.items()}
    # Any start that is not symmetric; golden-ratio steps are, and need no random numbers.
    factors = {name: ((place + 1) * 0.6180339887498949) % 1 - 0.5 for place, name in enumerate(sorted(by_item))}
    for _ in range(30):
        sides = {
            name: math.fsum((value - voter_mean[name] - item_mean[item] + mean) * factors[item] for item, value in cast)
            for name, cast in by_voter.items()
        }
        factors = {
            name: math.fsum(
                (value - voter_mean[voter] - item_mean[name] + mean) * sides[voter] for voter, value in cast
            )
            for name, cast in by_item.items()
        }
        size = math.sqrt(math.fsum(factor * factor for factor in factors.values()))
        if size < _SETTLED:
            return dict.fromkeys(factors, 0.0)
        factors = {name: factor / size for name, factor in factors.items()}
    return factors


def _bridging(mean: float, voters: _Side, items: _Side) -> Bridging:
    first = next((factor for _, factor in sorted(voters.factors.items()) if abs(factor) > _SETTLED), 1.0)
    sign = math.copysign(1.0, first)
    return Bridging(
        mean,
        voters.intercepts,
        {name: sign * factor for name, factor in voters.factors.items()},
        items.intercepts,
        {name: sign * factor for name, factor in items.factors.items()},
    )


def misplaced_voters(bridging: Bridging, perspective_of: Mapping[str, str], margin: float = 0.3) -> list[str]:
    """Voters whose factor fits another perspective's middle better than their own's, by more than `margin`.

    Perspectives under three voters are left alone: their middle is the voter.
    """
    factors: dict[str, list[float]] = {}
    for voter, perspective in perspective_of.items():
        if voter in bridging.voter_factors:
            factors.setdefault(perspective, []).append(bridging.voter_factors[voter])
    middles = {name: _median(found) for name, found in factors.items() if len(found) >= 3}
    found = []
    for voter, perspective in sorted(perspective_of.items()):
        factor = bridging.voter_factors.get(voter)
        if factor is None or perspective not in middles:
            continue
        own = abs(factor - middles[perspective])
        nearest = min((abs(factor - middle) for name, middle in middles.items() if name != perspective), default=own)
        if own - nearest > margin:
            found.append(voter)
    return found


def _median(values: list[float]) -> float:
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def always_together(votes: Iterable[tuple[str, str, float]], least: int = 20) -> list[tuple[str, str, int]]:
    """Pairs of voters who judged `least` items or more together and never differed: (one, other, items).

    Pairs who agree because everybody does are left out: others must have split on at least half of those items.
    """
    by_item: dict[str, list[tuple[str, float]]] = {}
    for voter, item, value in sorted(votes):
        by_item.setdefault(item, []).append((voter, value))
    shared: dict[tuple[str, str], list[int]] = {}
    for cast in by_item.values():
        split = len({value for _, value in cast}) > 1
        for place, (one, value) in enumerate(cast):
            for other, second in cast[place + 1 :]:
                tally = shared.setdefault((one, other), [0, 0, 0])
                tally[0] += 1
                tally[1] += value == second
                tally[2] += split
    return [
        (one, other, together)
        for (one, other), (together, agreed, split) in sorted(shared.items())
        if together >= least and agreed == together and 2 * split >= together
    ]
