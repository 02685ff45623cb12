"""Entity swaps: whether two prompts are one question with something swapped, and in which class an answer is.

Rules that always hold (pure):
- prompts are a swap of each other when they differ and share three fifths of their words;
- a class is a band of the reviewers' mean score: poor under 2.5 points, good from 3.5 on, fair between.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache

from curation_validators.duplicates import plain_text, tokens

_SHARED_PERCENT = 60
_FAIR, _GOOD = 2_500, 3_500
"""In thousandths of a point."""


def is_swap(prompt: str, other: str) -> bool:
    """Whether two prompts differ by a few words only: three fifths of the longer one's words, or more, are shared."""
    (one, words), (two, others) = _words_of(prompt), _words_of(other)
    shared = sum(min(times, others[word]) for word, times in words.items() if word in others)
    return one != two and 100 * shared >= _SHARED_PERCENT * max(len(one), len(two))


@lru_cache(maxsize=1_024)  # Each prompt of a pair is asked for twice, once from either side.
def _words_of(prompt: str) -> tuple[list[str], Counter[str]]:
    words = tokens(plain_text(prompt))
    return words, Counter(words)


def rubric_class(points: float) -> int:
    """0 for poor, 1 for fair, 2 for good, of a mean score in thousandths of a point."""
    return int(points >= _FAIR) + int(points >= _GOOD)
