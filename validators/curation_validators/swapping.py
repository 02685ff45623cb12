"""Entity swaps: whether two prompts are one question with something swapped, and in which class an answer is.

Rules that always hold (pure):
- prompts are a swap of each other when they differ and share three fifths of their words;
- a class is a band of the reviewers' mean score: poor under 2.5 points, good from 3.5 on, fair between.
"""

from __future__ import annotations

from collections import Counter

from curation_validators.duplicates import plain_text, tokens

_SHARED_PERCENT = 60
_FAIR, _GOOD = 2_500, 3_500
"""In thousandths of a point."""


def is_swap(prompt: str, other: str) -> bool:
    """Whether two prompts differ by a few words only: three fifths of the longer one's words, or more, are shared."""
    one, two = (tokens(plain_text(text)) for text in (prompt, other))
    shared = (Counter(one) & Counter(two)).total()
    return one != two and 100 * shared >= _SHARED_PERCENT * max(len(one), len(two))


def rubric_class(points: float) -> int:
    """0 for poor, 1 for fair, 2 for good, of a mean score in thousandths of a point."""
    return int(points >= _FAIR) + int(points >= _GOOD)
