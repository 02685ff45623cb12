"""Find a quote in a text: W3C Web Annotation, TextQuoteSelector (https://www.w3.org/TR/annotation-model/).

Rules that always hold (pure):
- quote, text and context are compared in Unicode's form NFC with every space separator (category Zs) taken for a plain
  space: French sets a no-break space before `: ; ? !` and inside « », and whoever types a quote sets a plain one;
- `exact`: the quote then stands there character for character, within the context that was given;
- `fuzzy`: it stands there once runs of white space and line breaks, invisible characters, quotation marks or dashes are
  levelled, or with few letters changed, or outside of the context; how is always said;
- `missing`: nothing in the text comes as near as that. Near is an edit distance of at most a tenth of the quote;
- every occurrence counts: the selector means all of them, and prefix and suffix choose among them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

ANCHORER = "evenhand-anchor/2"
Status = Literal["exact", "fuzzy", "missing"]
Way = Literal["space", "invisible", "quotes", "dashes", "edits", "context"]
CONTEXT = 32
"""Characters of prefix and suffix in a selector that is made."""
MAX_SEARCHED = 2_000_000
"""Characters: in a longer text no edit distance is looked for."""
_MOST_EDITS = 40
_MOST_OCCURRENCES = 1_000
_FOLDS: tuple[Way, ...] = ("space", "invisible", "quotes", "dashes")
_SINGLE = "\u2018\u2019\u201a\u201b\u2032\u02bc\u2039\u203a\u0060\u00b4"
_DOUBLE = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\u300c\u300d\u300e\u300f"
_SPACES = dict.fromkeys(
    map(ord, "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"), " "
)
_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_QUOTES = dict.fromkeys(_SINGLE, "'") | dict.fromkeys(_DOUBLE, '"')


@dataclass(frozen=True, slots=True)
class Anchored:
    """Where a quote stands: the first occurrence as [start, end) in characters, how many there are, and how it fits.

    `edits` is the least number of letters to insert, delete or replace, where `ways` has `edits`.
    """

    status: Status
    ways: tuple[Way, ...] = ()
    edits: int = 0
    occurrences: int = 0
    start: int = -1
    end: int = -1


MISSING = Anchored("missing")


@dataclass(frozen=True, slots=True)
class Selector:
    """A TextQuoteSelector."""

    exact: str
    prefix: str
    suffix: str


def selector_of(anchored: Anchored, text: str) -> Selector:
    """The selector of what was found, as it stands in the text. Raises ValueError for what is missing."""
    if anchored.status == "missing":
        raise ValueError("what is missing has no selector")
    start, end = anchored.start, anchored.end
    return Selector(text[start:end], text[max(0, start - CONTEXT) : start], text[end : end + CONTEXT])


def normalised(text: str) -> str:
    """The form in which texts are compared: NFC, each space separator as U+0020, character for character."""
    return unicodedata.normalize("NFC", text).translate(_SPACES)


def anchor(quote: str, text: str, prefix: str = "", suffix: str = "") -> Anchored:
    """Find a quote in a text.

    Places in the answer are places in `text` in the form NFC, which is what extracted texts are in.

    Args:
        quote: what is looked for; an empty one is missing.
        text: where.
        prefix: what stands right before it, where that is known.
        suffix: what stands right after it, where that is known.
    """
    quote, text, prefix, suffix = map(normalised, (quote, text, prefix, suffix))
    if not quote.strip():
        return MISSING
    places = list(_places(quote, text))
    within = [at for at in places if text.startswith(suffix, at + len(quote)) and text[:at].endswith(prefix)]
    if within:
        return Anchored("exact", (), 0, len(within), within[0], within[0] + len(quote))
    if places and not (prefix or suffix):
        raise AssertionError("without a context every occurrence is within it")
    levelled = _levelled(quote, text, prefix, suffix)
    if levelled is not None:
        return levelled
    return _nearly(quote, text)


def _places(wanted: str, text: str) -> Iterator[int]:
    """Where `wanted` stands, overlaps left out."""
    at, found = text.find(wanted), 0
    while at >= 0 and found < _MOST_OCCURRENCES:
        yield at
        found += 1
        at = text.find(wanted, at + len(wanted))


# --- levelling --------------------------------------------------------------------------------------------------------


def fold(text: str, ways: tuple[Way, ...] = _FOLDS) -> tuple[str, list[int]]:
    """The text with these things levelled, and for each of its characters the place in `text` that it comes from."""
    made: list[str] = []
    places: list[int] = []
    space, invisible, quotes, dashes = (way in ways for way in _FOLDS)
    for place, character in enumerate(text):
        shown = character
        if space and character.isspace():
            if made and made[-1] == " ":
                continue
            shown = " "
        elif invisible and character not in "\n\t\r" and unicodedata.category(character) in ("Cf", "Cc"):
            continue
        elif quotes and character in _QUOTES:
            shown = _QUOTES[character]
        elif dashes and character in _DASHES:
            shown = "-"
        made.append(shown)
        places.append(place)
    return "".join(made), places


def _levelled(quote: str, text: str, prefix: str, suffix: str) -> Anchored | None:
    wanted = fold(quote)[0].strip()
    known, places = fold(text)
    if not wanted:
        return None
    found = list(_places(wanted, known))
    if not found:
        return None
    before, after = fold(prefix)[0].strip(), fold(suffix)[0].strip()
    within = [
        at
        for at in found
        if known[:at].rstrip().endswith(before) and known[at + len(wanted) :].lstrip().startswith(after)
    ]
    first = (within or found)[0]
    start, end = places[first], places[first + len(wanted) - 1] + 1
    ways = _needed(quote, text[start:end])
    if not within:
        ways = (*ways, "context")
    elif not ways:
        ways = ("space",)  # white space around the quote, or between it and its context
    return Anchored("fuzzy", ways, 0, len(within or found), start, end)


def _needed(quote: str, there: str) -> tuple[Way, ...]:
    """Which levellings it takes to make both the same."""

    def differ(left_out: Way) -> bool:
        rest = tuple(way for way in _FOLDS if way != left_out)
        return fold(quote, rest)[0].strip() != fold(there, rest)[0].strip()

    return tuple(way for way in _FOLDS if differ(way))


# --- edit distance ----------------------------------------------------------------------------------------------------


def most_edits(length: int) -> int:
    """How many edits a quote of this length may need and still be near."""
    return min(_MOST_EDITS, length // 10)


def _nearly(quote: str, text: str) -> Anchored:
    wanted = fold(quote)[0].strip()
    known, places = fold(text)
    bound = most_edits(len(wanted))
    if bound == 0 or len(known) > MAX_SEARCHED:
        return MISSING
    edits, ends = nearest(wanted, known, bound)
    if not ends:
        return MISSING
    first = ends[0]
    # The start is where the reversed quote ends in the reversed window.
    window = known[max(0, first - len(wanted) - edits) : first][::-1]
    _, backwards = nearest(wanted[::-1], window, edits)
    start = first - backwards[0]
    apart, last = 0, -len(wanted)
    for end in ends:
        if end - last > len(wanted) // 2:
            apart, last = apart + 1, end
    return Anchored("fuzzy", ("edits",), edits, apart, places[start], places[first - 1] + 1)


def nearest(wanted: str, text: str, bound: int) -> tuple[int, list[int]]:
    """The least edit distance, up to a bound, of `wanted` to any part of a text, and where such parts end.

    Source: G. Myers, J. ACM 46 (1999) 395-415, as in H. Hyyrö, Nordic J. Computing 10 (2003): one step a character,
    whatever the text holds. Python's integers are the bit vectors. Returns (bound + 1, []) when nothing is as near.
    """
    size = len(wanted)
    mask, high = (1 << size) - 1, 1 << (size - 1)
    equal: dict[str, int] = {}
    for place, character in enumerate(wanted):
        equal[character] = equal.get(character, 0) | 1 << place
    plus, minus, score, best = mask, 0, size, bound
    ends: list[int] = []
    for place, character in enumerate(text, 1):
        same = equal.get(character, 0)
        vertical = same | minus
        horizontal = (((same & plus) + plus) ^ plus) | same
        up = (minus | ~(horizontal | plus)) & mask
        down = plus & horizontal
        if up & high:
            score += 1
        elif down & high:
            score -= 1
        up, down = up << 1 & mask, down << 1 & mask
        plus = (down | ~(vertical | up)) & mask
        minus = up & vertical
        if score < best:
            best, ends = score, [place]
        elif score == best:
            ends.append(place)
    return (best, ends) if ends else (bound + 1, [])


def shown_ways(anchored: Anchored, length: int) -> str:
    """How a fuzzy quote fits, in words; `length` is the quote's."""
    words: dict[str, str] = {
        "space": "white space",
        "invisible": "invisible characters",
        "quotes": "quotation marks",
        "dashes": "dashes",
        "edits": f"{anchored.edits} of {length} characters changed",
        "context": "in another place",
    }
    return re.sub(r"^$", "as it is", ", ".join(words[way] for way in anchored.ways))
