"""Whether one side's answers are treated as their mirrors are.

Rules that always hold (pure):
- parity passes only where the whole interval lies inside the margin.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from curation_validators.engine import Counted
from curation_validators.facts import LOG_UNIT, SCORE_UNIT
from curation_validators.findings import Insufficient
from curation_validators.loaded import RATE_UNIT
from curation_validators.measuring.scope import Figure, Figures, Scope, level, per_side, require
from curation_validators.statistics import GroupedMean, bootstrap_mean, clustered_mean, mcnemar_exact, newcombe, wilson


def length_parity(scope: Scope) -> Figures:
    """Each side's answers against their mirrors, in length."""
    margin = math.log(scope.limits.length_ratio_percent / 100)
    yield from per_side(scope.of(scope.counts.lengths), "mirrored pairs", lambda sums: _length(sums, margin))


def _length(sums: tuple[int, ...], margin: float) -> Figure:
    clusters, pairs, total, squares, products, sizes = sums
    require(pairs, "mirrored pairs")
    found = clustered_mean(pairs, total, clusters, squares, products, sizes)
    if found is None:
        raise Insufficient("all pairs are of one group")
    mean, low, high = (item / LOG_UNIT for item in found)
    message = f"{math.exp(mean) - 1:+.0%} in length against its mirrors ({math.exp(low) - 1:+.0%} to "
    message += f"{math.exp(high) - 1:+.0%}), margin {math.exp(margin) - 1:.0%}"
    return Figure(mean, level(low < -margin or high > margin), message, low, high, pairs)


def refusal_parity(scope: Scope) -> Figures:
    """Each side's answers against their mirrors, in how often they refuse."""
    tables: dict[tuple[str], tuple[dict[tuple[int, int], int], dict[tuple[int, int], int]]] = {}
    for place, counted in enumerate((scope.counts.refusals, scope.counts.refusing)):
        for (side, one, other), sums in scope.of(counted).items():
            tables.setdefault((side,), ({}, {}))[place][one, other] = sums[0]
    margin = scope.limits.refusal_points_percent / 100
    yield from per_side(tables, "mirrored pairs", lambda both: _refusal(both[0], both[1], margin))


def _refusal(table: Mapping[tuple[int, int], int], groups: Mapping[tuple[int, int], int], margin: float) -> Figure:
    """Newcombe's interval takes pairs as independent, the bootstrap whole groups: the wider end of both counts."""
    pairs = sum(table.values())
    require(pairs, "mirrored pairs")
    clustered = bootstrap_mean(groups)
    if clustered is None:
        raise Insufficient("all pairs are of one group")
    mine = sum(count for (one, _), count in table.items() if one)
    others = sum(count for (_, other), count in table.items() if other)
    difference, low, high = newcombe(mine, pairs, others, pairs)
    low, high = min(low, clustered.low), max(high, clustered.high)
    p = mcnemar_exact(table.get((1, 0), 0), table.get((0, 1), 0))
    message = f"{100 * difference:+.1f} points of refusals against its mirrors ({100 * low:+.1f} to {100 * high:+.1f})"
    return Figure(difference, level(low < -margin or high > margin), message, low, high, pairs, {"mcnemar_p": p})


Say = Callable[[GroupedMean, str], Figure]


def stance_parity(scope: Scope) -> Figures:
    """Each side's answers against their mirrors, in the scores that reviewers of the same perspectives gave both."""
    margin = scope.limits.stance_points_percent / 100
    pairs = "mirrored pairs that the same perspectives scored"

    def said(found: GroupedMean, _side: str) -> Figure:
        mean, low, high = (item / SCORE_UNIT for item in (found.mean, found.low, found.high))
        message = f"scored {mean:+.2f} points against its mirrors ({low:+.2f} to {high:+.2f}), margin {margin:.2f}"
        return Figure(
            mean, level(False, low < -margin or high > margin), message, low, high, found.items, None, found.p
        )

    yield from _by_groups(scope, scope.counts.scored, pairs, said)


def loaded_language(scope: Scope) -> Figures:
    """Each side's answers against their mirrors, in loaded terms per 1,000 tokens."""
    margin = scope.limits.loaded_terms
    rates = {
        side: 1_000 * loaded / tokens for (side,), (_, loaded, tokens) in scope.of(scope.counts.terms).items() if tokens
    }

    def said(found: GroupedMean, side: str) -> Figure:
        mean, low, high = (item / RATE_UNIT for item in (found.mean, found.low, found.high))
        message = f"{mean:+.1f} loaded terms per 1,000 tokens against its mirrors ({low:+.1f} to {high:+.1f}), "
        message += f"margin {margin}"
        breaks, more = level(False, low < -margin or high > margin), {"terms_per_thousand": rates.get(side)}
        return Figure(mean, breaks, message, low, high, found.items, more, found.p)

    yield from _by_groups(scope, scope.counts.loaded, "mirrored pairs in a language with a list of loaded terms", said)


def _by_groups(scope: Scope, counted: Counted, pairs: str, said: Say) -> Figures:
    """For each side, the mean of its pairs' differences, resampled by group."""
    tables: dict[str, dict[tuple[int, int], int]] = {}
    for (side, number, total), sums in scope.of(counted).items():
        tables.setdefault(side, {})[number, total] = sums[0]
    if not tables:
        raise Insufficient(f"no {pairs}")
    for side, groups in sorted(tables.items()):
        # Groups are the items here: pairs of one group are translations of each other.
        try:
            require(sum(groups.values()), f"groups with {pairs}")
        except Insufficient as few:
            yield side, few
            continue
        found = bootstrap_mean(groups)
        if found is not None:
            yield side, said(found, side)


def entity_swap(scope: Scope) -> Figures:
    """Of the mirrored pairs whose prompts differ by a swap: how many are in one rubric class."""
    counts = {same: sums[0] for (same,), sums in scope.of(scope.counts.swaps).items()}
    pairs = sum(counts.values())
    require(pairs, "judged pairs whose prompts differ by a swap")
    same = counts.get(1, 0)
    share, (low, high) = same / pairs, wilson(same, pairs)
    message = f"{share:.0%} of {pairs} swapped pairs stay in their class ({low:.0%} to {high:.0%}), "
    message += f"at least {scope.limits.swap_percent} %"
    yield "", Figure(share, level(False, 100 * share < scope.limits.swap_percent), message, low, high, pairs)
