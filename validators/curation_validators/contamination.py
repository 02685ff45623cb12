"""Contamination: whether a text holds what belongs to a protected evaluation set.

Rules that always hold (pure, but for reading a set's own file):
- a set is kept as hashes of its word 8-grams, 50-character windows and short items, never as text; in scripts without
  spaces, where a word is a character here, of 12-grams;
- an n-gram under 20 letters says nothing, a character of such a script counting for two and a half; one that more than
  ten items of a set share is its template;
- a prompt that declares itself an evaluation item is no finding; whatever has an answer to train on is.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from zlib import crc32

from curation_validators.duplicates import UNSPACED, tokens
from curation_validators.findings import Finding
from curation_validators.hygiene import MAX_CHARS
from curation_validators.records import Record

WORDS, WINDOW, LEAST_WORDS, LEAST_LETTERS = 8, 50, 4, 20
CHARACTERS = 12
"""What stands for eight words in a script without spaces: words are of one or two characters there."""
_WEIGHT = 2.5
"""Letters that a character of such a script counts for: eight are as much as an n-gram must have."""
_TEMPLATE = 10
_BYTES, _START_BYTES = 6, 4
FORMAT = "evenhand/protected/v1"
SUFFIX = ".ngrams"
"""How the name of a set's file ends."""
CANARY = "A canary sang this very sentence in no book at all, so whoever repeats it here has read a protected set."
"""The only item of the set «canary»: with it one can see whether the check works, and quote nobody's evaluation."""


@dataclass(frozen=True, slots=True, eq=False)
class ProtectedSet:
    """A protected set: its name, where it comes from, and the hashes of what is in it.

    It is equal to itself alone: what is kept by set is looked up for every text, and comparing two copies of one set
    takes longer than the check. `render` tells whether two say the same.
    """

    name: str
    origin: str
    licence: str
    items: int
    lengths: tuple[int, ...]
    """The numbers of words of the n-grams in it: 8 or 12, and those of items that are shorter."""
    starts: frozenset[int]
    """CRC-32 of the first two words of everything in it: what begins otherwise need not be hashed."""
    hashes: frozenset[bytes]

    def render(self) -> bytes:
        """The set's file: one line of JSON, then the starts in order, four bytes each, and the hashes, six each."""
        head = {
            "format": FORMAT,
            "name": self.name,
            "origin": self.origin,
            "licence": self.licence,
            "items": self.items,
            "lengths": list(self.lengths),
            "starts": len(self.starts),
        }
        starts = b"".join(item.to_bytes(_START_BYTES, "big") for item in sorted(self.starts))
        line = json.dumps(head, sort_keys=True, ensure_ascii=False).encode() + b"\n"
        return line + starts + b"".join(sorted(self.hashes))


def _hash(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "replace"), digest_size=_BYTES).digest()


# A number or a Latin word ends where a script without spaces goes on.
_APART = re.compile(rf"{UNSPACED.pattern}|[^\W{UNSPACED.pattern[1:-1]}]+")


def _words(text: str) -> list[str]:
    """The words of a text; of a script without spaces, its characters."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return tokens(plain) if plain.isascii() or not UNSPACED.search(plain) else _APART.findall(plain)


@lru_cache(maxsize=16)
def _read(text: str) -> tuple[list[str], list[int]]:
    """The words of a text, as far as it is read, and their starts; kept for the last few, because checks share them."""
    words = _words(text[:MAX_CHARS])
    return words, _starts_of(words)


def _starts_of(words: list[str]) -> list[int]:
    """CRC-32 of each word with the next."""
    # All at once: a word holds no space.
    encoded = " ".join(words).encode("utf-8", "replace").split(b" ")
    # A checksum goes on from where it stands: that of a word and a space is worked out once for each word.
    return list(map(crc32, encoded[1:], map(_CRC_OF.__getitem__, encoded)))


class _Checksums(dict[bytes, int]):
    """The checksum of a word and a space, of the words met; a dictionary takes half the time of a cached function."""

    def __missing__(self, word: bytes) -> int:
        if len(self) >= _KEPT:
            self.clear()
        made = self[word] = crc32(word + b" ")
        return made


_KEPT = 50_000
_CRC_OF = _Checksums()


def _beginning_at(words: list[str], place: int, lengths: Iterable[int]) -> Iterator[bytes]:
    """The hashes of the n-grams and of the window that begin with a word; short ones say nothing."""
    for length in lengths:
        piece = words[place : place + length]
        joined = " ".join(piece)
        if len(piece) == length and _says_something(joined, length):
            yield _hash(joined)
    letters = "".join(words[place : place + WINDOW])[:WINDOW]
    if len(letters) == WINDOW:
        yield _hash(letters)


def _says_something(joined: str, length: int) -> bool:
    letters, more = len(joined) - length + 1, _WEIGHT - 1
    if letters >= LEAST_LETTERS or letters + more * length < LEAST_LETTERS:
        return letters >= LEAST_LETTERS
    return letters + more * len(UNSPACED.findall(joined)) >= LEAST_LETTERS


def _length_for(words: list[str]) -> int:
    """The number of words of an item's n-grams: characters where most are of a script without spaces."""
    characters = sum(UNSPACED.match(word) is not None for word in words)
    return min(CHARACTERS if 2 * characters >= len(words) else WORDS, len(words))


def protect(name: str, items: Iterable[str], origin: str, licence: str) -> ProtectedSet:
    """Make a protected set of texts, one an item. Raises ValueError where nothing in them is long enough."""
    seen: Counter[bytes] = Counter()
    begins: dict[bytes, int] = {}
    lengths, number = set(), 0
    for item in items:
        words = _words(item)
        number += 1
        length = _length_for(words)
        found = set()
        for place, start in enumerate(_starts_of(words)):
            for hashed in _beginning_at(words, place, (length,) if length >= LEAST_WORDS else ()):
                begins[hashed] = start
                found.add(hashed)
        if length >= LEAST_WORDS:
            lengths.add(length)
        seen.update(found)
    hashes = frozenset(item for item, times in seen.items() if times <= _TEMPLATE)
    if not hashes:
        raise ValueError(
            f"no item has {LEAST_WORDS} words and {LEAST_LETTERS} letters, or {WORDS} characters of a script without "
            "spaces: nothing could be recognised"
        )
    starts = frozenset(begins[item] for item in hashes)
    return ProtectedSet(name, origin, licence, number, tuple(sorted(lengths)), starts, hashes)


def parse_protected(content: bytes) -> ProtectedSet:
    """Read a set's file. Raises ValueError."""
    head, _, rest = content.partition(b"\n")
    fields = json.loads(head)
    if not isinstance(fields, dict) or fields.get("format") != FORMAT:
        raise ValueError(f"is no file of the format {FORMAT}")
    middle = _START_BYTES * int(fields["starts"])
    if (len(rest) - middle) % _BYTES:
        raise ValueError("is cut off")
    starts = (rest[place : place + _START_BYTES] for place in range(0, middle, _START_BYTES))
    return ProtectedSet(
        str(fields["name"]),
        str(fields["origin"]),
        str(fields["licence"]),
        int(fields["items"]),
        tuple(int(item) for item in fields["lengths"]),
        frozenset(int.from_bytes(item, "big") for item in starts),
        frozenset(rest[place : place + _BYTES] for place in range(middle, len(rest), _BYTES)),
    )


def builtin_sets() -> list[ProtectedSet]:
    """The sets that come with this package."""
    return list(_shipped())


@lru_cache(maxsize=1)
def _shipped() -> tuple[ProtectedSet, ...]:
    """Read once: sets that are the same objects are known as the same without looking into them."""
    folder = files("curation_validators") / "protected"
    found = sorted((item for item in folder.iterdir() if item.name.endswith(SUFFIX)), key=lambda item: item.name)
    return tuple(parse_protected(item.read_bytes()) for item in found)


def sets_in(folder: Path) -> list[ProtectedSet]:
    """The sets in a folder, by file name. Raises ValueError naming a file that is none."""
    found = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            found.append(parse_protected(path.read_bytes()))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path}: {error}") from None
    return found


def overlap(text: str, protected: ProtectedSet) -> int:
    """How many n-grams and windows of a text are in a protected set."""
    return _overlap(*_read(text), protected)


@lru_cache(maxsize=4)
def _all_starts(sets: tuple[ProtectedSet, ...]) -> frozenset[int]:
    return frozenset().union(*(protected.starts for protected in sets))


def _overlap(words: list[str], starts: list[int], protected: ProtectedSet) -> int:
    shared: set[bytes] = set()
    if not protected.starts.isdisjoint(starts):
        for place, start in enumerate(starts):
            if start in protected.starts:
                shared |= protected.hashes.intersection(_beginning_at(words, place, protected.lengths))
    return len(shared)


def check_contamination(record: Record, sets: Iterable[ProtectedSet]) -> Iterator[Finding]:
    """A finding for each text that shares something with a protected set."""
    if record.use == "evaluation" and all(text.field.partition(".")[0] == "prompt" for text in record.texts):
        return
    sets = tuple(sets)
    starts_of_sets = _all_starts(sets)
    for text in record.texts:
        words, starts = _read(text.content)
        if starts_of_sets.isdisjoint(starts):
            continue
        for protected in sets:
            shared = _overlap(words, starts, protected)
            if shared:
                message = f"shares {shared} n-grams with the protected set {protected.name}"
                hint = "Write it in other words, or declare the example an evaluation item."
                yield Finding("contamination/protected", f"{record.where}, {text.field}", message, hint)
