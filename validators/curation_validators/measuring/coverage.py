"""Which positions and languages a topic covers, and how evenly."""

from __future__ import annotations

from collections.abc import Mapping

from curation_validators.balance import evenness, js_bits, kl_bits
from curation_validators.findings import Insufficient
from curation_validators.measuring.scope import Figure, Figures, Scope, level, per_side, require
from curation_validators.statistics import wilson


def by_position(scope: Scope) -> dict[str, int]:
    """How often each position is named; 0 for one that is not. Raises Insufficient where there are none."""
    found = dict.fromkeys(scope.positions(), 0)
    for (position, _), sums in scope.of(scope.counts.cells).items():
        if position in found:
            found[position] += sums[0]
    if not found:
        raise Insufficient("no positions are named")
    return found


def coverage(scope: Scope) -> Figures:
    """Positions, languages and empty cells."""
    require(scope.examples, "examples")
    cells = {key for key in scope.of(scope.counts.cells) if None not in key}
    if not cells:
        raise Insufficient("no positions or no languages are named")
    positions, languages = {position for position, _ in cells}, {language for _, language in cells}
    wanted = len(scope.shape.positions or positions) * len(scope.shape.languages or languages)
    empty = 1 - len(cells) / max(wanted, len(cells))
    gate = len(positions) < scope.limits.positions or len(languages) < scope.limits.languages
    warn = 100 * empty > scope.limits.empty_cells_percent
    message = f"{len(positions)} positions and {len(languages)} languages; {empty:.0%} of the cells are empty"
    more = {"positions": len(positions), "languages": len(languages)}
    yield "", Figure(empty, level(gate, warn), message, items=scope.examples, more=more)


def _wanted(scope: Scope, counts: Mapping[str, int]) -> tuple[dict[str, int], bool]:
    """The weight of each position, and whether it is written. A target that names other positions does not hold."""
    if set(scope.shape.target) == set(counts):
        return {position: scope.shape.target[position] for position in counts}, True
    return dict.fromkeys(counts, 1), False


def position_share(scope: Scope) -> Figures:
    """Each position's share against an even split, or a written target."""
    counts = by_position(scope)
    total = sum(counts.values())
    require(total, "named positions")
    if len(counts) < 2:
        raise Insufficient("one position only")
    wanted, written = _wanted(scope, counts)
    for position, count in counts.items():
        share, least = (
            count / total,
            scope.limits.position_share_percent / 100 * wanted[position] / sum(wanted.values()),
        )
        what = f"its written target of {wanted[position]} %" if written else "an even split"
        message = f"{share:.1%} of the named positions, at least {least:.1%} for {what}"
        yield position, Figure(share, level(share < least), message, items=total)


def evenness_of_positions(scope: Scope) -> Figures:
    """Normalised entropy of positions. Where another target than an even split is written it is told and no warning."""
    named = by_position(scope)
    counts = list(named.values())
    require(sum(counts), "named positions")
    value = evenness(counts)
    if value is None:
        raise Insufficient("one position only")
    uneven = value < scope.limits.evenness_percent / 100 and not _wanted(scope, named)[1]
    yield "", Figure(value, level(False, uneven), f"evenness {value:.3f} of 1", items=sum(counts))


def drift(scope: Scope) -> Figures:
    """How far positions are from an even split, or a written target, in bits."""
    named = by_position(scope)
    counts = list(named.values())
    require(sum(counts), "named positions")
    wanted, written = _wanted(scope, named)
    weights = list(wanted.values())
    value, divergence = js_bits(counts, weights), kl_bits(counts, weights)
    if value is None or divergence is None or len(counts) < 2:
        raise Insufficient("one position only")
    limits = scope.limits
    breaks = level(100 * value > limits.drift_gate_percent, 100 * value > limits.drift_warn_percent)
    message = f"{value:.3f} bits (Jensen–Shannon) from {'the written target' if written else 'an even split'}"
    yield "", Figure(value, breaks, message, items=sum(counts), more={"kl_bits": divergence})


def completeness(scope: Scope) -> Figures:
    """The share of groups that have their mirrors in every language that they have."""
    counts = {key[0]: sums[0] for key, sums in scope.of(scope.counts.framings).items()}
    groups = sum(counts.values())
    require(groups, "mirrored groups")
    share = counts.get(1, 0) / groups
    message = f"{groups - counts.get(1, 0)} of {groups} groups lack a mirror in a language that they have"
    yield "", Figure(share, level(100 * share < scope.limits.completeness_percent), message, items=groups)


def preference_direction(scope: Scope) -> Figures:
    """Of the preference pairs of which one answer alone holds a position: how often that is the chosen one."""
    tables: dict[tuple[str], dict[int, int]] = {}
    for (position, is_chosen), sums in scope.of(scope.counts.directions).items():
        tables.setdefault((position,), {})[is_chosen] = sums[0]
    yield from per_side(tables, "preference pairs tagged with positions", lambda table: _direction(table, scope))


def _direction(table: Mapping[int, int], scope: Scope) -> Figure:
    pairs = sum(table.values())
    require(pairs, "pairs of which one answer alone holds it")
    chosen = table.get(1, 0)
    share, (low, high) = chosen / pairs, wilson(chosen, pairs)
    least, most = scope.limits.preference_low_percent, scope.limits.preference_high_percent
    message = f"{share:.0%} of {pairs} pairs choose the answer that holds it ({low:.0%} to {high:.0%}), "
    message += f"within {least} to {most} % for an even hand"
    return Figure(share, level(False, not least <= 100 * share <= most), message, low, high, pairs)
