"""Words: what a text is found by.

Rules that always hold (pure):
- case, accents and the width of letters make no difference: Unicode's NFKD without combining marks, case-folded;
- a script without blanks between words (Chinese, Japanese, Thai and others) is cut into pairs of neighbouring
  characters, and the last of a run stands alone as well, so that every run of such characters is found;
- what is looked for and what is found are cut by the same function.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

LONGEST = 32
"""Characters of a word that count."""
_BEGINNING = 3
"""A word of so many characters is found by its beginning too."""
# Han with its extensions, kana, Thai, Lao, Myanmar, Khmer: no blanks between words. Hangul has blanks.
_UNSPACED = (
    "\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
)
_RUN = re.compile(rf"[{_UNSPACED}]+|[^\W_{_UNSPACED}]+")
_FIRST = re.compile(rf"[{_UNSPACED}]")


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that is looked for: a word, or a run of characters of a script without blanks."""

    text: str
    unspaced: bool

    @property
    def beginning(self) -> bool:
        """Whether words that begin with it are found too."""
        return len(self.text) == 1 if self.unspaced else len(self.text) >= _BEGINNING

    def indexed(self) -> list[str]:
        """The words of the index that a text must have: all of them, or one that begins so."""
        return _pairs(self.text) if self.unspaced and not self.beginning else [self.text[:LONGEST]]


def fold(text: str) -> str:
    """A text without the differences that searching does not make."""
    parted = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in parted if not unicodedata.combining(letter)).casefold()


def _pairs(run: str) -> list[str]:
    return [run[place : place + 2] for place in range(max(1, len(run) - 1))]


def words_of(text: str) -> frozenset[str]:
    """The words of a text, as the index has them."""
    found: set[str] = set()
    for run in _RUN.findall(fold(text)):
        if _FIRST.match(run):
            found.update((*_pairs(run), run[-1]))
        else:
            found.add(run[:LONGEST])
    return frozenset(found)


def terms_of(wanted: str) -> list[Term]:
    """What somebody looks for, each once."""
    runs = dict.fromkeys(_RUN.findall(fold(wanted)))
    return [Term(run, bool(_FIRST.match(run))) for run in runs]


def has_terms(texts: Iterable[str], terms: list[Term]) -> bool:
    """Whether some texts, taken together, have every term."""
    folded = [fold(text) for text in texts]
    words = frozenset[str]().union(*map(words_of, folded))
    return all(_has(folded, words, term) for term in terms)


def _has(folded: list[str], words: frozenset[str], term: Term) -> bool:
    if term.unspaced:
        return any(term.text in text for text in folded)
    (key,) = term.indexed()
    return key in words or (term.beginning and any(word.startswith(key) for word in words))
