"""Shares and paired changes as reports have them.

Rules that always hold (pure):
- a share of nothing has no value: it is absent, never 0.
"""

from __future__ import annotations

from collections.abc import Sequence

from curation_schemas.probe_refusals import PairedChange, Share
from curation_validators.statistics import mcnemar_exact, newcombe, wilson


def share_of(count: int, of: int) -> Share:
    """`count` of `of`, with Wilson's 95 % interval."""
    if of < 1:
        return Share(count=count, of=of, value=None, low=None, high=None)
    low, high = wilson(count, of)
    return Share(count=count, of=of, value=count / of, low=low, high=high)


def paired_change(pairs: Sequence[tuple[bool, bool]]) -> PairedChange:
    """How often the second of each pair has a property, less how often the first has it.

    Newcombe's interval takes the two for independent: where pairs agree it is wider than it need be, never narrower.
    The p-value is McNemar's, exact, which looks at the pairs that differ.
    """
    n = len(pairs)
    first, second = (sum(pair[place] for pair in pairs) for place in (0, 1))
    gained = sum(not one and other for one, other in pairs)
    lost = sum(one and not other for one, other in pairs)
    difference = newcombe(second, n, first, n) if n else (None, None, None)
    return PairedChange(
        pairs=n,
        first=share_of(first, n),
        second=share_of(second, n),
        gained=gained,
        lost=lost,
        difference=difference[0],
        low=difference[1],
        high=difference[2],
        p=mcnemar_exact(gained, lost) if n else None,
    )
