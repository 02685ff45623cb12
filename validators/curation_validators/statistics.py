"""Intervals and tests, in plain Python: an auditor's install has no scipy, and must get the same numbers.

Rules that always hold (pure):
- a share of nothing has no interval: ValueError, so that nobody takes it for a measurement;
- tests compare each function with scipy or statsmodels, and with its source's own example.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

CONFIDENCE = 0.95


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _check(x: int, n: int) -> None:
    if n < 1 or not 0 <= x <= n:
        raise ValueError(f"{x} of {n} is no share: need 0 ≤ x ≤ n and n of 1 or more")


def wilson(x: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson's score interval (low, high) for the share x of n, between 0 and 1.

    Source: Wilson, Probable Inference, JASA 22 (1927), without continuity correction.
    """
    _check(x, n)
    z, share = _z(confidence), x / n
    middle = share + z * z / (2 * n)
    reach = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    low = 0.0 if x == 0 else max(0.0, (middle - reach) / scale)
    high = 1.0 if x == n else min(1.0, (middle + reach) / scale)
    return low, high


def newcombe(x1: int, n1: int, x2: int, n2: int, confidence: float = CONFIDENCE) -> tuple[float, float, float]:
    """The difference x1/n1 − x2/n2 of two independent shares, with its interval: (difference, low, high).

    Source: Newcombe, Interval Estimation for the Difference Between Independent Proportions, Statistics in Medicine
    17 (1998), method 10.
    """
    first, second = x1 / n1 if n1 else 0.0, x2 / n2 if n2 else 0.0
    low1, high1 = wilson(x1, n1, confidence)
    low2, high2 = wilson(x2, n2, confidence)
    difference = first - second
    low = difference - math.hypot(first - low1, high2 - second)
    high = difference + math.hypot(high1 - first, second - low2)
    return difference, max(-1.0, low), min(1.0, high)


def mcnemar_exact(b: int, c: int) -> float:
    """The exact two-sided p-value of McNemar's test; 1 where no pair differs.

    Args:
        b: pairs in which only the first has the property.
        c: pairs in which only the second has it.

    Source: McNemar, Psychometrika 12 (1947), with the binomial distribution instead of its approximation.
    """
    if b < 0 or c < 0:
        raise ValueError("pairs are counted: b and c must be 0 or more")
    return min(1.0, 2 * binomial_tail(b + c, 0.5, max(b, c))) if b != c else 1.0


def binomial_tail(n: int, q: float, k: int) -> float:
    """P(Bin(n, q) ≥ k)."""
    if k <= 0:
        return 1.0
    if k > n or q <= 0:
        return 0.0
    if q >= 1:
        return 1.0
    logs = [
        math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) + i * math.log(q) + (n - i) * math.log1p(-q)
        for i in range(k, n + 1)
    ]
    return min(1.0, math.fsum(math.exp(item) for item in logs))


def student_quantile(degrees: int, confidence: float = CONFIDENCE) -> float:
    """The t beyond which, on both sides together, 1 − confidence of Student's distribution lies.

    Source: Student, The Probable Error of a Mean, Biometrika 6 (1908); the distribution as an incomplete beta
    function, summed by the recurrence for whole degrees of freedom of Abramowitz and Stegun (1964), 26.7.3 and 26.7.4.
    """
    if degrees < 1 or not 0 < confidence < 1:
        raise ValueError("need 1 degree of freedom or more and a confidence between 0 and 1")
    low, high = 0.0, 1.0
    while _student_within(high, degrees) < confidence:
        low, high = high, 2 * high
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _student_within(middle, degrees) < confidence else (low, middle)
    return (low + high) / 2


def _student_within(t: float, degrees: int) -> float:
    """P(|T| ≤ t)."""
    angle = math.atan(t / math.sqrt(degrees))
    square = math.cos(angle) ** 2
    if degrees % 2:
        term, total = math.cos(angle), 0.0
        for i in range(1, degrees - 1, 2):
            total += term
            term *= square * (i + 1) / (i + 2)
        return 2 / math.pi * (angle + math.sin(angle) * total)
    term, total = 1.0, 0.0
    for i in range(0, degrees - 1, 2):
        total += term
        term *= square * (i + 1) / (i + 2)
    return math.sin(angle) * total


def benjamini_hochberg(p: Sequence[float], q: float = 0.10) -> list[bool]:
    """Which of several p-values are discoveries at a false discovery rate of q, in the order given.

    Source: Benjamini and Hochberg, Controlling the False Discovery Rate, JRSS B 57 (1995), procedure (1).
    """
    p = list(p)
    if any(not 0 <= value <= 1 for value in p) or not 0 <= q <= 1:
        raise ValueError("p-values and q lie between 0 and 1")
    order = sorted(range(len(p)), key=lambda place: p[place])
    last = max((rank for rank, place in enumerate(order, 1) if p[place] <= rank * q / len(p)), default=0)
    found = [False] * len(p)
    for place in order[:last]:
        found[place] = True
    return found


def clustered_mean(
    n: int, total: int, clusters: int, squares: int, products: int, sizes: int, confidence: float = CONFIDENCE
) -> tuple[float, float, float] | None:
    """The mean of items that come in clusters, with an interval that clusters make wider: (mean, low, high).

    All sums are whole numbers, so that they are the same in whatever order they were added.

    Args:
        n: items.
        total: their sum.
        clusters: clusters G with at least one item.
        squares: Σ S_g², where S_g is the sum in cluster g.
        products: Σ S_g n_g.
        sizes: Σ n_g².

    Returns:
        None under two clusters, where nothing is known of how clusters differ.

    Source: Liang and Zeger, Biometrika 73 (1986): the sandwich estimator for a mean, with G/(G − 1).
    """
    if n < 1 or clusters < 2:
        return None
    mean = total / n
    # Σ (S_g − m n_g)² = Σ S_g² − 2 m Σ S_g n_g + m² Σ n_g², over the common denominator n², in whole numbers.
    spread = (squares * n * n - 2 * total * n * products + total * total * sizes) / (n * n)
    reach = _z(confidence) * math.sqrt(max(0.0, spread) * clusters / (clusters - 1)) / n
    return mean, mean - reach, mean + reach


@dataclass(frozen=True, slots=True)
class GroupedMean:
    """The mean of items that come in groups, its interval, and how likely chance alone gives one as far from 0."""

    mean: float
    low: float
    high: float
    p: float
    groups: int
    items: int


def bootstrap_mean(groups: Mapping[tuple[int, int], int], draws: int = 400) -> GroupedMean | None:
    """The mean of items that come in groups, with a bootstrap interval over groups.

    Args:
        groups: (items of a group, their sum) → how many groups are so.
        draws: of the bootstrap.

    Returns:
        None under two groups. Turning every sum's sign turns the mean and its interval, and changes nothing else.

    Source: the interval is the 95 % percentile interval of Rubin, The Bayesian Bootstrap, Annals of Statistics 9(1),
    1981 (equal groups share one gamma draw). The p-value is that of the z test with the standard error of
    `clustered_mean`, because no bootstrap can give one under 1 / draws.
    """
    known = tuple(sorted((items, total, number) for (items, total), number in groups.items() if number > 0))
    turned = tuple(sorted((items, -total, number) for items, total, number in known))
    if turned < known:
        found = _bootstrap(turned, draws)
        return found and GroupedMean(-found.mean, -found.high, -found.low, found.p, found.groups, found.items)
    return _bootstrap(known, draws)


@lru_cache(maxsize=256)
def _bootstrap(known: tuple[tuple[int, int, int], ...], draws: int) -> GroupedMean | None:
    clusters, items = sum(number for *_, number in known), sum(n * number for n, _, number in known)
    if clusters < 2 or items < 1:
        return None
    total = sum(s * number for _, s, number in known)
    # Σ (S_g − m n_g)² in whole numbers, over items²: nothing depends on the order of groups.
    spread = sum(number * (s * items - total * n) ** 2 for n, s, number in known)
    error = math.sqrt(spread * clusters / (clusters - 1)) / (items * items)
    mean = total / items
    p = math.erfc(abs(mean) / error / math.sqrt(2)) if error else float(total == 0)
    draw = random.Random(0)  # noqa: S311  # resampling, no secret; a fixed seed makes reports comparable
    means = sorted(_drawn_mean(known, draw) for _ in range(draws))
    tail = (1 - CONFIDENCE) / 2
    low, high = means[int(tail * (draws - 1))], means[math.ceil((1 - tail) * (draws - 1))]
    return GroupedMean(mean, low, high, p, clusters, items)


def _drawn_mean(known: Sequence[tuple[int, int, int]], draw: random.Random) -> float:
    weights = [draw.gammavariate(number, 1) for *_, number in known]
    above = math.fsum(weight * s for weight, (_, s, _) in zip(weights, known, strict=True))
    return above / math.fsum(weight * n for weight, (n, _, _) in zip(weights, known, strict=True))
