"""Balance: how even shares are, how concentrated, how far from a target, and how lengths compare.

Rules that always hold (pure):
- counts are finite and 0 or more, and may come from any iterable, read once; what is undefined is None;
- nothing here knows a threshold: measures.py does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable


def _shares(counts: Iterable[float]) -> list[float] | None:
    """Counts or weights as shares that sum to 1; None where there is nothing."""
    counts = list(counts)
    if any(count < 0 or not math.isfinite(count) for count in counts):
        raise ValueError("counts must be finite and 0 or more")
    total = math.fsum(counts)
    return [count / total for count in counts] if total else None


def _two_shares(p: Iterable[float], q: Iterable[float]) -> tuple[list[float], list[float]] | None:
    """Both as shares over the same classes; None where either is empty."""
    p, q = list(p), list(q)
    if len(p) != len(q):
        raise ValueError(f"both need the same classes; one has {len(p)}, the other {len(q)}")
    one, other = _shares(p), _shares(q)
    return None if one is None or other is None else (one, other)


def evenness(counts: Iterable[float]) -> float | None:
    """Normalised entropy −Σ p ln p / ln K, from 0 (all in one) to 1 (even). None under two classes or without items.

    Args:
        counts: one count for each of the K classes, empty classes included as 0.

    Source: Pielou, Journal of Theoretical Biology 13 (1966).
    """
    shares = _shares(counts)
    if shares is None or len(shares) < 2:
        return None
    entropy = -math.fsum(share * math.log(share) for share in shares if share)
    return min(1.0, max(0.0, entropy / math.log(len(shares))))


def kl_bits(p: Iterable[float], q: Iterable[float]) -> float | None:
    """Kullback–Leibler divergence of p from q, in bits; infinite where q lacks what p has. None where either is empty.

    Args:
        p: shares or counts; they are scaled to sum to 1.
        q: the target, over the same classes.

    Source: Kullback and Leibler, Annals of Mathematical Statistics 22 (1951).
    """
    pair = _two_shares(p, q)
    if pair is None:
        return None
    one, other = pair
    if any(a and not b for a, b in zip(one, other, strict=True)):
        return math.inf
    return max(0.0, math.fsum(a * math.log2(a / b) for a, b in zip(one, other, strict=True) if a))


def js_bits(p: Iterable[float], q: Iterable[float]) -> float | None:
    """Jensen–Shannon divergence in bits: symmetric, from 0 to 1. None where either is empty.

    Source: Lin, Divergence Measures Based on the Shannon Entropy, IEEE Transactions on Information Theory 37 (1991).
    """
    pair = _two_shares(p, q)
    if pair is None:
        return None
    one, other = pair
    middle = [(a + b) / 2 for a, b in zip(one, other, strict=True)]
    sides = [math.fsum(a * math.log2(a / m) for a, m in zip(side, middle, strict=True) if a) for side in (one, other)]
    return min(1.0, max(0.0, math.fsum(sides) / 2))


def hhi(counts: Iterable[int], unbiased: bool = False) -> float | None:
    """The Herfindahl–Hirschman index in points, from 10,000/K to 10,000.

    Args:
        counts: citations of each owner, say; whole numbers where `unbiased`.
        unbiased: 10⁴ Σ n(n − 1) / (N(N − 1)), which a small sample does not inflate; None under two items.

    Source: US Department of Justice and FTC, Merger Guidelines (2023), §2.1; the unbiased form is Simpson's
    (Nature 163, 1949).
    """
    counts = list(counts)
    if unbiased:
        if any(not math.isfinite(count) or count < 0 or count != int(count) for count in counts):
            raise ValueError("the unbiased index needs whole counts of 0 or more")
        counts = [int(count) for count in counts]
        total = sum(counts)
        return None if total < 2 else 10_000 * sum(n * (n - 1) for n in counts) / (total * (total - 1))
    shares = _shares(counts)
    return None if shares is None else 10_000 * math.fsum(share * share for share in shares)


def effective_number(counts: Iterable[float]) -> float | None:
    """1 / Σ s²: how many equal parts would be as concentrated. None without items.

    Source: Laakso and Taagepera, Comparative Political Studies 12 (1979).
    """
    shares = _shares(counts)
    return None if shares is None else 1 / math.fsum(share * share for share in shares)


def length_parity(pairs: Iterable[tuple[float, float]]) -> float | None:
    """The mean of ln(length / length of the mirror), 0 where both sides are as long. None without pairs.

    Args:
        pairs: (length on one side, length of its mirror on the other), always in the same direction and never across
            languages or scripts; lengths above 0.
    """
    ratios = []
    for length, other in pairs:
        if not (0 < length < math.inf and 0 < other < math.inf):
            raise ValueError("a length of 0 has no ratio; leave out pairs with an empty text, and give finite lengths")
        ratios.append(math.log(length / other))
    return math.fsum(ratios) / len(ratios) if ratios else None
