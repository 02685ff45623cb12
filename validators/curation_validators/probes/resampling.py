"""Intervals and tests over clusters, in plain Python: a scenario's items stand or fall together.

Rules that always hold (pure):
- a row is one cluster and a column one quantity; a test turns whole rows, so that items of one cluster never count
  as independent;
- the same rows, draws and seed give the same numbers.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from curation_validators.statistics import student_quantile

DRAWS = 10_000
"""The least p is 1/(draws + 1): a claim of p < 10⁻⁴ needs 10,000 or more."""
_SLACK = 1e-9
"""Sums of the same numbers in another order differ in their last bits; both count as equally far from 0."""


@dataclass(frozen=True, slots=True)
class ClusteredMean:
    """The mean over clusters, its 95 % interval, and how likely chance alone gives one as far from 0.

    `p` is for this column alone. `p_family` is for the largest of all columns, so that looking at many countries at
    once gives no finding by chance more often than looking at one.
    """

    mean: float
    low: float
    high: float
    p: float
    p_family: float
    clusters: int


def clustered_means(rows: Sequence[Sequence[float]], draws: int = DRAWS, seed: int = 0) -> list[ClusteredMean]:
    """The mean of each column, with an interval and a sign-flip test over rows.

    The interval is Student's over the rows' values. The test turns the sign of whole rows: every way of turning where
    there are no more than `draws` of them, else `draws` random ones, and the observed one counts among them.

    Returns:
        Nothing under two rows.

    Source: Fisher, The Design of Experiments (1935), §21, for the sign-flip test; Westfall and Young,
    Resampling-Based Multiple Testing (1993), for the test of the largest; Phipson and Smyth, SAGMB 9 (2010), for
    (count + 1)/(draws + 1).
    """
    if len(rows) < 2:
        return []
    columns = list(zip(*rows, strict=True))
    p, p_family = sign_flip(columns, draws, seed)
    means = []
    for place, column in enumerate(columns):
        mean, reach = _student(column)
        means.append(ClusteredMean(mean, mean - reach, mean + reach, p[place], p_family[place], len(rows)))
    return means


def _student(values: Sequence[float]) -> tuple[float, float]:
    n = len(values)
    mean = math.fsum(values) / n
    spread = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    return mean, student_quantile(n - 1) * math.sqrt(spread / n)


def sign_flip(
    columns: Sequence[Sequence[float]], draws: int, seed: int, *, by_spread: bool = True
) -> tuple[list[float], list[float]]:
    """The p-value of each column's sum, and that of the largest of all, with rows turned as a whole.

    Args:
        columns: at least one row each.
        by_spread: whether a column counts by its spread, so that each can be the largest whatever its unit. Where all
            have one unit, the largest is that with the most differences.
    """
    # Σx² does not change with signs, so dividing by its root makes columns comparable and changes no column's test.
    scales = [
        (math.sqrt(math.fsum(value * value for value in column)) or 1.0) if by_spread else 1.0 for column in columns
    ]
    scaled = [[value / scale for value in column] for column, scale in zip(columns, scales, strict=True)]
    observed = [abs(math.fsum(column)) - _SLACK for column in scaled]
    n = len(columns[0])
    exact = n < 60 and 2**n <= draws
    # Adding up blocks of rows beforehand pays where there are many more draws than ways to turn a block.
    blocks = _block_sums([list(row) for row in zip(*scaled, strict=True)], size=max(1, draws.bit_length() // 2))
    single, family = [0] * len(columns), [0] * len(columns)
    for signs in range(2**n) if exact else _drawn_signs(n, draws, seed):
        sums = [abs(value) for value in _turned(blocks, signs)]
        largest = max(sums)
        for place, limit in enumerate(observed):
            single[place] += sums[place] >= limit
            family[place] += largest >= limit
    if exact:
        return [count / 2**n for count in single], [count / 2**n for count in family]
    return [(count + 1) / (draws + 1) for count in single], [(count + 1) / (draws + 1) for count in family]


def _drawn_signs(n: int, draws: int, seed: int) -> Iterable[int]:
    draw = random.Random(seed)  # noqa: S311  # resampling, no secret; a fixed seed makes reports comparable
    return (draw.getrandbits(n) for _ in range(draws))


def _block_sums(rows: list[list[float]], size: int) -> list[list[list[float]]]:
    """For each block of rows, their column sums under each way of turning them."""
    blocks = []
    for start in range(0, len(rows), size):
        sums = [[0.0] * len(rows[0])]
        for row in rows[start : start + size]:
            kept = [[a + b for a, b in zip(base, row, strict=True)] for base in sums]
            sums = kept + [[a - b for a, b in zip(base, row, strict=True)] for base in sums]
        blocks.append(sums)
    return blocks


def _turned(blocks: list[list[list[float]]], signs: int) -> list[float]:
    parts = []
    for block in blocks:
        parts.append(block[signs % len(block)])
        signs //= len(block)
    return [sum(values) for values in zip(*parts, strict=True)]
