"""A log in parts: which leaves each takes in, so that a long log is replayed piece by piece, and nothing is lost.

Rules that always hold (pure):
- the examples of one group, which alone can refer to each other, are in one part with every leaf about them;
- every other leaf, and everything about proposals of topics, is of each part (`EVERY`), because rules rest on it;
- which part a leaf is of is read off its bytes before anybody parses it, and looked at again once it is parsed: a leaf
  that was sorted wrongly is a violation, and so is one that refers to what its part does not have. Whoever finds any
  replays the log whole.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from zlib import crc32

EVERY = 255
MOST_PARTS = EVERY
_EXAMPLE = re.compile(rb'"example":"([^"\\]{1,100})"').search
_GROUP = re.compile(rb'"group":"([^"\\]{1,100})"').search


@dataclass(slots=True)
class Parts:
    """The part of each leaf and of each example, taken in leaf by leaf. There are at most `MOST_PARTS`."""

    count: int
    codes: bytearray = field(default_factory=bytearray)
    """Leaf's index → its part, or EVERY."""
    starts: array[int] = field(default_factory=lambda: array("I"))
    """Leaf's index → where it begins in the bundle of entries that holds it."""
    common: list[bytes] = field(default_factory=list)
    """The leaves that are of no example, in order."""
    _of_example: dict[bytes, int] = field(default_factory=dict)

    def take_bundle(self, leaves: Iterable[bytes]) -> None:
        """Sort in the next bundle of entries: each is written behind its length in two bytes."""
        start, of_example = 2, self._of_example
        for leaf in leaves:
            found = _EXAMPLE(leaf)
            if found is None:
                self.codes.append(EVERY)
                self.common.append(leaf)
            else:
                part = of_example.get(found[1])
                if part is None:
                    part = of_example[found[1]] = EVERY if b'"type":"topic:' in leaf else self._part_of_group(leaf)
                self.codes.append(part)
            self.starts.append(start)
            start += len(leaf) + 2

    def _part_of_group(self, leaf: bytes) -> int:
        group = _GROUP(leaf)
        return crc32(group[1]) % self.count if group is not None else 0

    def of_example(self, example: str) -> int | None:
        """An example's part, None for one that no leaf is about."""
        return self._of_example.get(example.encode())

    def picked(self, number: int) -> bytes:
        """A 1 for each leaf that this part takes in, by index, and a 0 for the others."""
        return bytes(self.codes).translate(bytes(code in (number, EVERY) for code in range(256)))


class Part(NamedTuple):
    """One part of a log; number EVERY is what all have in common."""

    parts: Parts
    number: int

    def fits(self, code: int, example: str | None, *, of_topics: bool) -> bool:
        """Whether a leaf, now that it is parsed, was sorted into this part rightly.

        Args:
            code: where it was sorted.
            example: the example that it is about, None if it is about none.
            of_topics: whether it brings a topic's outline.
        """
        if code == EVERY:
            return example is None or self.parts.of_example(example) == EVERY
        return code == self.number and not of_topics and example is not None and self.parts.of_example(example) == code


@dataclass(slots=True)
class Followed:
    """Which leaf each leaf of a part had to stand behind: what the order of a whole epoch is checked by."""

    complete: bool = True
    """Whether everything that was referred to was found."""
    indexes: array[int] = field(default_factory=lambda: array("q"))
    behind: array[int] = field(default_factory=lambda: array("q"))
    """The last one that each of `indexes` refers to."""

    def take(self, index: int, references: Iterable[str], index_of: Mapping[str, int]) -> None:
        """Take in a leaf, by its index, with the leaves that it refers to and the index of each leaf before it."""
        last = -1
        for leaf in references:
            place = index_of.get(leaf)
            if place is None:
                self.complete = False
            elif place > last:
                last = place
        if last >= 0:
            self.indexes.append(index)
            self.behind.append(last)


def behind_each(size: int, followed: Sequence[tuple[array[int], array[int]]]) -> array[int]:
    """For each leaf of a log the index of the last one that it refers to, or -1."""
    found = array("q", [-1]) * size
    for indexes, behind in followed:
        for index, last in zip(indexes, behind, strict=True):
            found[index] = last
    return found
