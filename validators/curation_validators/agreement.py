"""Agreement between raters: a diagnostic, never a gate. On contested topics low agreement is no defect.

Rules that always hold (pure):
- a missing rating is None and counts nowhere;
- what is undefined is None, never 1: no unit with two ratings, or one value only;
- units, raters and groups may come in any order.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from numbers import Real
from typing import Literal

Level = Literal["nominal", "ordinal", "interval", "ratio"]
LEVELS: tuple[Level, ...] = ("nominal", "ordinal", "interval", "ratio")

Unit = tuple[tuple[Hashable, int], ...]
"""One unit's ratings: (value, how many raters gave it), sorted."""


def krippendorff_alpha(ratings: Iterable[Iterable[float | str | None]], level: Level = "nominal") -> float | None:
    """Krippendorff's alpha.

    Args:
        ratings: one row for each rater, one column for each unit; None is missing. Rows have the same length.
        level: nominal takes any finite numbers or words, the others finite numbers (numpy's too, and no booleans);
            ratio, numbers of 0 or more.

    Returns:
        1 − Do/De, at most 1; None where it is undefined.

    Raises:
        ValueError: rows of different lengths, an unknown level, or values that do not fit the level.

    Source: Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section E: coincidences weighted
    1/(m_u − 1).
    """
    rows = [list(row) for row in ratings]
    if len({len(row) for row in rows}) > 1:
        raise ValueError("every rater's row must have one place for each unit; write None where a rating is missing")
    if any(isinstance(value, Real) and not math.isfinite(value) for row in rows for value in row):
        raise ValueError("a rating must be finite at every level; write None where it is missing")
    columns = zip(*rows, strict=True)
    return alpha_of_units(Counter(unit_of(value for value in column if value is not None) for column in columns), level)


def unit_of(values: Iterable[Hashable]) -> Unit:
    """The ratings of one unit in the form in which equal units are equal."""
    return tuple(sorted(Counter(values).items(), key=lambda item: (str(type(item[0])), item[0])))


def alpha_of_units(units: Mapping[Unit, float], level: Level = "nominal") -> float | None:
    """Krippendorff's alpha from unit → how often it occurs (a weight of 0 or more). None where it is undefined."""
    if level not in LEVELS:
        raise ValueError(f"level must be one of {', '.join(LEVELS)}, not {level}")
    totals: dict[Hashable, float] = {}
    pairs: dict[tuple[Hashable, Hashable], float] = {}
    for unit, weight in units.items():
        ratings = sum(count for _, count in unit)
        if ratings < 2 or not weight:
            continue
        for value, count in unit:
            totals[value] = totals.get(value, 0) + weight * count
            for other, times in unit:
                if other != value:
                    pairs[value, other] = pairs.get((value, other), 0) + weight * count * times / (ratings - 1)
    values = sorted(totals, key=lambda value: (str(type(value)), value))
    total = math.fsum(totals.values())
    if len(values) < 2 or total <= 1:
        return None
    distance = _distances(values, totals, level)
    observed = math.fsum(weight * distance[pair] for pair, weight in pairs.items())
    expected = math.fsum(totals[one] * totals[other] * distance[one, other] for one in values for other in values)
    return None if expected == 0 else 1 - (total - 1) * observed / expected


def _distances(
    values: Sequence[Hashable], totals: Mapping[Hashable, float], level: Level
) -> dict[tuple[Hashable, Hashable], float]:
    """Krippendorff (2011), section D: the squared difference of two values at each level."""
    if level == "nominal":
        return {(one, other): float(one != other) for one in values for other in values}
    numbers = [_number(value, level) for value in values]
    found: dict[tuple[Hashable, Hashable], float] = {}
    for place, one in enumerate(values):
        between = 0.0
        for later in range(place, len(values)):
            other = values[later]
            between += totals[other]
            a, b = numbers[place], numbers[later]
            if level == "ordinal":
                squared = (between - (totals[one] + totals[other]) / 2) ** 2 if later > place else 0.0
            elif level == "interval":
                squared = (a - b) ** 2
            else:
                squared = ((a - b) / (a + b)) ** 2 if a + b else 0.0
            found[one, other] = found[other, one] = squared
    return found


def _number(value: Hashable, level: Level) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"level {level} needs finite numbers, not {type(value).__name__}")
    if level == "ratio" and value < 0:
        raise ValueError("level ratio needs numbers of 0 or more")
    return float(value)


def alpha_interval(
    units: Mapping[Unit, int], level: Level = "nominal", *, draws: int = 1_000, seed: int = 0, share: float = 0.95
) -> tuple[float, float] | None:
    """A bootstrap interval for alpha over units; None where alpha is undefined, or is so in a tenth of the draws.

    Units are weighed with Dirichlet weights instead of being drawn with replacement (Rubin, The Bayesian Bootstrap,
    Annals of Statistics 9(1), 1981): equal units share one gamma draw, so a hundred thousand units cost no more than
    a hundred.
    """
    known = {unit: number for unit, number in sorted(units.items(), key=repr) if number > 0}
    rated = sum(number for unit, number in known.items() if sum(count for _, count in unit) >= 2)
    if alpha_of_units(known, level) is None:
        return None
    draw = random.Random(seed)  # noqa: S311  # resampling, no secret; a fixed seed makes reports comparable
    found = []
    for _ in range(draws):
        weights = {unit: draw.gammavariate(number, 1) for unit, number in known.items()}
        scale = rated / math.fsum(weights.values())
        alpha = alpha_of_units({unit: weight * scale for unit, weight in weights.items()}, level)
        if alpha is not None:
            found.append(alpha)
    if len(found) < 0.9 * draws:
        return None
    found.sort()
    tail = (1 - share) / 2
    return found[int(tail * (len(found) - 1))], found[math.ceil((1 - tail) * (len(found) - 1))]


def group_informed_consensus(groups: Iterable[tuple[int, int]]) -> float:
    """The product over groups of (agree + 1) / (seen + 2): how far a statement is agreed to in every group.

    Args:
        groups: (how many agree, how many have seen it) for each group; 0 ≤ agree ≤ seen.

    Returns:
        More than 0 and at most 1; 1 without groups, the product of nothing. So compare statements over the same groups
        only, a group in which nobody saw one included as (0, 0), which counts as 1/2.

    Raises:
        ValueError: more agree than have seen it, or a number under 0.

    It is compensatory (one group's zeal makes up for another's doubt), so it ranks and never gates.
    Source: Small et al., Polis: Scaling Deliberation by Mapping High Dimensional Opinion Spaces (2021).
    """
    product = 1.0
    for agree, seen in groups:
        if not 0 <= agree <= seen < math.inf:
            raise ValueError(f"of {seen} people who saw it, {agree} cannot agree")
        product *= (agree + 1) / (seen + 2)
    return product


def cohen_kappa(table: Sequence[Sequence[float]]) -> float | None:
    """Cohen's kappa of two raters.

    Args:
        table: a square table; entry (i, j) counts the units that the first rater put in category i, the second in j.

    Returns:
        (po − pe) / (1 − pe), at most 1; None for an empty table, or where chance alone gives full agreement.

    Source: Cohen, A Coefficient of Agreement for Nominal Scales, Educational and Psychological Measurement 20 (1960).
    """
    table = [list(row) for row in table]
    cells = [count for row in table for count in row]
    if any(len(row) != len(table) for row in table) or any(not math.isfinite(n) or n < 0 for n in cells):
        raise ValueError("the table must be square and hold finite counts of 0 or more")
    total = math.fsum(cells)
    if not total:
        return None
    agreed = math.fsum(table[place][place] for place in range(len(table))) / total
    rows = [math.fsum(row) / total for row in table]
    columns = [math.fsum(row[place] for row in table) / total for place in range(len(table))]
    chance = math.fsum(row * column for row, column in zip(rows, columns, strict=True))
    return None if chance >= 1 else (agreed - chance) / (1 - chance)
