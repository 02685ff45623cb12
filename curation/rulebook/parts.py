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
from collections.abc import Iterable, Sequence
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
    _of_example: dict[bytes, int] = field(default_factory=dict)

    def take_leaf(self, leaf: bytes) -> None:
        """Sort the next leaf in."""
        found = _EXAMPLE(leaf)
        if found is None:
            self.codes.append(EVERY)
            return
        example = found[1]
        part = self._of_example.get(example)
        if part is None:
            part = self._of_example[example] = EVERY if b'"type":"topic:' in leaf else self._part_of_group(leaf)
        self.codes.append(part)

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

    def fits(self, index: int, example: str | None, *, of_topics: bool) -> bool:
        """Whether a leaf, now that it is parsed, was sorted into this part rightly.

        Args:
            index: the leaf's.
            example: the example that it is about, None if it is about none.
            of_topics: whether it brings a topic's outline.
        """
        code = self.parts.codes[index]
        belongs = EVERY if example is None else self.parts.of_example(example)
        return code == belongs and code in (self.number, EVERY) and (code == EVERY or not of_topics)


@dataclass(slots=True)
class Followed:
    """Which leaf each leaf of a part had to stand behind: what the order of a whole epoch is checked by."""

    complete: bool = True
    """Whether everything that was referred to was found."""
    indexes: array[int] = field(default_factory=lambda: array("q"))
    behind: array[int] = field(default_factory=lambda: array("q"))
    """The last one that each of `indexes` refers to."""

    def take(self, index: int, references: Iterable[int | None]) -> None:
        """Take in a leaf, by its index, with the indexes of those that it refers to."""
        last = -1
        for place in references:
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
