"""Loaded terms: words that judge before they say anything, counted in the answers of each side.

Rules that always hold (pure, but for reading the lists that come with this package):
- lists are this project's own, one file for each language and script (`loaded_terms/`), with origin and licence;
- each subject in a file has as many terms of one side as of the other, so that no list can tilt what is counted;
- quoted passages are not the answer's own words and are left out; a language without a list is not counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from curation_validators.duplicates import tokens
from curation_validators.hygiene import MAX_CHARS
from curation_validators.language import prose_of

RATE_UNIT = 10
"""Rates are counted in tenths of a term per 1,000 tokens."""
SIDES = ("a", "b")


@dataclass(frozen=True, slots=True)
class LoadedTerm:
    """A term, what is disputed, and which of its two sides it runs down; the letters mean nothing beyond that."""

    subject: str
    side: str
    term: str


@dataclass(frozen=True, slots=True)
class LoadedTerms:
    """The list of one language and script."""

    language: str
    origin: str
    licence: str
    terms: tuple[LoadedTerm, ...]


def read_terms(content: str, language: str) -> LoadedTerms:
    """Read a list: «# name: value» lines, then one «subject, side, term» a line. Raises ValueError."""
    head: dict[str, str] = {}
    terms = []
    for number, line in enumerate(content.splitlines(), 1):
        if line.startswith("#"):
            name, _, value = line[1:].partition(":")
            head[name.strip()] = value.strip()
        elif line.strip():
            parts = [part.strip() for part in line.split(",")]
            if len(parts) != 3 or parts[1] not in SIDES or not all(parts):
                raise ValueError(f"loaded terms of {language}, line {number}: is not «subject, side, term»")
            terms.append(LoadedTerm(*parts))
    return LoadedTerms(language, head.get("origin", ""), head.get("licence", ""), tuple(terms))


@cache
def loaded_terms(language: str) -> LoadedTerms | None:
    """The list of a language, by its BCP 47 tag; a region falls back on its language. None where there is none."""
    folder = files("curation_validators") / "loaded_terms"
    parts = language.split("-")
    for tag in ("-".join(parts[:2]), parts[0]):
        item = folder / f"{tag}.csv"
        if re.fullmatch(r"[A-Za-z-]+", tag) and item.is_file():
            return read_terms(item.read_text("utf-8"), tag)
    return None


@cache
def _pattern(language: str) -> tuple[tuple[str, ...], re.Pattern[str]] | None:
    """What every match begins with, and the terms as one pattern, longest first; a plural's s may be missing."""
    known = loaded_terms(language)
    if known is None:
        return None
    terms = sorted((item.term.casefold() for item in known.terms), key=lambda term: (-len(term), term))
    spaced = not known.language.startswith("zh")
    parts = [re.escape(term.removesuffix("s")) + ("s?" if spaced and term.endswith("s") else "") for term in terms]
    edge = r"\b" if spaced else ""
    return tuple(term.removesuffix("s") for term in terms), re.compile(f"{edge}(?:{'|'.join(parts)}){edge}")


def count_loaded(answer: str, language: str | None) -> tuple[int, int]:
    """(loaded terms, tokens) of an answer without what it quotes; (0, 0) where the language has no list.

    A token is a word, or one character of a script without spaces.
    """
    found = _pattern(language) if language else None
    if found is None:
        return 0, 0
    marks, pattern = found
    prose = prose_of(answer[:MAX_CHARS]).casefold().replace("\u2019", "'")
    # Most answers have none: looking for each term as it stands is quicker than the pattern.
    loaded = len(pattern.findall(prose)) if any(map(prose.__contains__, marks)) else 0
    return loaded, len(tokens(prose))


def rate_difference(loaded: int, tokens: int, other_loaded: int, other_tokens: int) -> int:
    """One answer's loaded terms per 1,000 tokens less the other's, in tenths; both have tokens."""
    return round(RATE_UNIT * 1_000 * (loaded / tokens - other_loaded / other_tokens))
