"""Contamination: whether a text holds what belongs to a protected evaluation set.

Rules that always hold (pure, but for reading a set's own file):
- a set is kept as hashes of its word 8-grams, 50-character windows and short items, never as text;
- an n-gram that more than ten items of a set share is its template, and protects nothing;
- an example that declares itself an evaluation item is no finding.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path

from curation_validators.findings import Finding
from curation_validators.hygiene import MAX_CHARS
from curation_validators.records import Record

WORDS, WINDOW, STRIDE, LEAST_WORDS = 8, 50, 25, 4
_TEMPLATE = 10
_BYTES = 6
_WORD = re.compile(r"\w+")
FORMAT = "evenhand/protected/v1"


@dataclass(frozen=True, slots=True)
class ProtectedSet:
    """A protected set: its name, where it comes from, and the hashes of what is in it."""

    name: str
    origin: str
    licence: str
    items: int
    lengths: tuple[int, ...]
    """The numbers of words of the n-grams in it: 8, and those of items that are shorter."""
    hashes: frozenset[bytes]

    def render(self) -> bytes:
        """The set's file: one line of JSON, then the hashes in order, six bytes each."""
        head = {
            "format": FORMAT,
            "name": self.name,
            "origin": self.origin,
            "licence": self.licence,
            "items": self.items,
            "lengths": list(self.lengths),
        }
        return json.dumps(head, sort_keys=True, ensure_ascii=False).encode() + b"\n" + b"".join(sorted(self.hashes))


def _hash(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "replace"), digest_size=_BYTES).digest()


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def _grams(words: list[str], length: int) -> set[bytes]:
    return {_hash(" ".join(words[place : place + length])) for place in range(len(words) - length + 1)}


def _windows(words: list[str], step: int) -> set[bytes]:
    letters = "".join(words)
    return {_hash(letters[place : place + WINDOW]) for place in range(0, len(letters) - WINDOW + 1, step)}


def protect(name: str, items: Iterable[str], origin: str, licence: str) -> ProtectedSet:
    """Make a protected set of texts, one an item. Raises ValueError where nothing in them is long enough."""
    seen: Counter[bytes] = Counter()
    lengths, number = set(), 0
    for item in items:
        words = _words(item)
        number += 1
        length = min(WORDS, len(words))
        found = _windows(words, STRIDE)
        if length >= LEAST_WORDS:
            lengths.add(length)
            found |= _grams(words, length)
        seen.update(found)
    hashes = frozenset(item for item, times in seen.items() if times <= _TEMPLATE)
    if not hashes:
        raise ValueError(f"no item has {LEAST_WORDS} words or {WINDOW} characters: nothing could be recognised")
    return ProtectedSet(name, origin, licence, number, tuple(sorted(lengths)), hashes)


def parse_protected(content: bytes) -> ProtectedSet:
    """Read a set's file. Raises ValueError."""
    head, _, rest = content.partition(b"\n")
    fields = json.loads(head)
    if not isinstance(fields, dict) or fields.get("format") != FORMAT or len(rest) % _BYTES:
        raise ValueError(f"is no file of the format {FORMAT}")
    hashes = frozenset(rest[place : place + _BYTES] for place in range(0, len(rest), _BYTES))
    lengths = tuple(int(item) for item in fields["lengths"])
    return ProtectedSet(
        str(fields["name"]), str(fields["origin"]), str(fields["licence"]), int(fields["items"]), lengths, hashes
    )


def builtin_sets() -> list[ProtectedSet]:
    """The sets that come with this package."""
    folder = files("curation_validators") / "protected"
    found = sorted((item for item in folder.iterdir() if item.name.endswith(".ngrams")), key=lambda item: item.name)
    return [parse_protected(item.read_bytes()) for item in found]


def sets_in(folder: Path) -> list[ProtectedSet]:
    """The sets in a folder, by file name. Raises ValueError naming a file that is none."""
    found = []
    for path in sorted(folder.glob("*.ngrams")):
        try:
            found.append(parse_protected(path.read_bytes()))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path}: {error}") from None
    return found


def overlap(text: str, protected: ProtectedSet) -> int:
    """How many n-grams and windows of a text are in a protected set."""
    words = _words(text[:MAX_CHARS])
    shared = set()
    for length in protected.lengths:
        shared |= _grams(words, length) & protected.hashes
    return len(shared | (_windows(words, 1) & protected.hashes))


def check_contamination(record: Record, sets: Iterable[ProtectedSet]) -> Iterator[Finding]:
    """A finding for each text that shares something with a protected set."""
    if record.use == "evaluation":
        return
    for text in record.texts:
        for protected in sets:
            shared = overlap(text.content, protected)
            if shared:
                message = f"shares {shared} n-grams with the protected set {protected.name}"
                hint = "Write it in other words, or declare the example an evaluation item."
                yield Finding("contamination/protected", f"{record.where}, {text.field}", message, hint)
