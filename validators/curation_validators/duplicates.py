"""Exact and near duplicates.

Rules that always hold:
- two texts are the same when they differ in case, white space and compatibility forms only (NFKC); one that is the
  same is no near one;
- near means a MinHash Jaccard of .8 or more over three-word shingles (three characters where a script has no spaces),
  and is confirmed on the shingles themselves: no near-copy is only a hash's chance;
- a row is no duplicate of itself, and two rows with one id are two rows;
- what was computed for the last few texts is kept, because checks share it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple

from curation_validators.findings import Finding
from curation_validators.hygiene import MAX_CHARS
from curation_validators.records import Record

THRESHOLD = 0.8
_PERMUTATIONS, _BANDS, _SEED = 128, 32, 42
_SHINGLE = 3
# Scripts that are written without spaces: Han, Hiragana and Katakana, Thai, Lao, Khmer, Myanmar.
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]")
_TOKEN = re.compile(f"{UNSPACED.pattern}|\\w+")
_WORD = re.compile(r"\w+")
_ASCII = "".join(map(chr, range(128)))
_WORDS_ONLY = re.sub(r"\W", " ", _ASCII)
"""Each ASCII character where it is of a word, and a space in the place of any other."""


def tokens(text: str) -> list[str]:
    """The words of a text; of a script without spaces, its characters."""
    # The same in three speeds: most texts have no such script, and many are plain ASCII.
    if text.isascii():
        return text.translate(_WORDS_ONLY).split()
    return (_TOKEN if UNSPACED.search(text) else _WORD).findall(text)


@lru_cache(maxsize=4)
def plain_text(text: str) -> str:
    """The form in which two texts count as the same."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@lru_cache(maxsize=4)
def text_digest(text: str) -> str:
    """SHA-256 of the form in which two texts count as the same."""
    return sha256(plain_text(text).encode("utf-8", "replace")).hexdigest()


@lru_cache(maxsize=4)
def shingles(text: str) -> frozenset[str]:
    """The three-token shingles of a text, as far as it is read; of a shorter one than three tokens, the whole."""
    words = tokens(plain_text(text[:MAX_CHARS]))
    if len(words) < _SHINGLE:
        return frozenset([" ".join(words)] if words else [])
    return frozenset(map(" ".join, zip(*(words[place:] for place in range(_SHINGLE)), strict=False)))


def jaccard(one: frozenset[str], other: frozenset[str]) -> float:
    """|A ∩ B| / |A ∪ B|; 0 for two empty sets."""
    both = len(one | other)
    return len(one & other) / both if both else 0.0


class Marks(NamedTuple):
    """By what the same and nearly the same texts are known, made of one example alone."""

    digest: str | None
    """None where it says nothing."""
    signature: Any = None
    """Its MinHash; None where it has no shingle, or without the extra «validate»."""


def marks_of(record: Record, signing: bool = True) -> Marks:
    """The marks of an example; with `signing`, its signature too, which needs the extra «validate»."""
    text = record.whole()
    return Marks(text_digest(text) if text.strip() else None, _signature(text) if signing else None)


def _signature(text: str) -> Any:
    from rensa import RMinHash  # noqa: PLC0415  # an auditor's install does without

    found = shingles(text)
    if not found:
        return None
    made = RMinHash(_PERMUTATIONS, _SEED)
    made.update(list(found))
    return made


@dataclass(slots=True)
class ExactIndex:
    """Digest of a text → the row where it was seen first, and how findings name it."""

    seen: dict[str, tuple[str, str]] = field(default_factory=dict)

    def add(self, record: Record, marks: Marks) -> None:
        """Know this example from now on."""
        if marks.digest is not None:
            self.seen.setdefault(marks.digest, (record.place, record.where))

    def check(self, record: Record, marks: Marks) -> Iterator[Finding]:
        """A finding where another example says the same."""
        first = self.seen.get(marks.digest) if marks.digest is not None else None
        if first is not None and first[0] != record.place:
            what = f"is the same text as {_named(first, record)}"
            yield Finding("duplicate/exact", record.where, what, "Leave one of them out.")


def _named(other: tuple[str, str], record: Record) -> str:
    """How findings name another row: by its place where both have one id."""
    place, where = other
    return where if where != record.where else f"{place}, which has the same id"


class NearIndex:
    """An index of texts by MinHash. It needs the extra «validate»."""

    def __init__(self) -> None:
        from rensa import RMinHashLSH  # noqa: PLC0415  # an auditor's install does without

        self._lsh: Any = RMinHashLSH(THRESHOLD, _PERMUTATIONS, _BANDS)
        self._known: list[tuple[tuple[str, str], str, str | None]] = []
        # Its row and how findings name it, the text itself (its shingles take ten times the memory, and few are ever
        # asked for), its digest.

    def __len__(self) -> int:
        return len(self._known)

    def add(self, record: Record, marks: Marks) -> None:
        """Know this example from now on."""
        if marks.signature is not None:
            self._lsh.insert(len(self._known), marks.signature)
            self._known.append(((record.place, record.where), record.whole()[:MAX_CHARS], marks.digest))

    def check(self, record: Record, marks: Marks) -> Iterator[Finding]:
        """A finding for the nearest other example, where it is near."""
        if marks.signature is None:
            return
        best, nearest = 0.0, ""
        for number in self._lsh.query(marks.signature):
            other, text, digest = self._known[number]
            if digest == marks.digest or other[0] == record.place:
                continue
            if (share := jaccard(shingles(record.whole()), shingles(text))) > best:
                best, nearest = share, _named(other, record)
        if best >= THRESHOLD:
            message = f"shares {best:.0%} of its wording with {nearest}"
            yield Finding("duplicate/near", record.where, message, "Say what it adds, or leave one of them out.")
