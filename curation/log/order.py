"""The order of the leaves within an epoch: after what they refer to, else by leaf hash.

Rules that always hold (pure):
- the order depends on the set of leaves only, so it tells nothing of when each arrived;
- a reference to a leaf outside the set constrains nothing here (it stands in an earlier epoch).
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Mapping

from curation.errors import LogInconsistent


def canonical_order(references: Mapping[str, Iterable[str]]) -> list[str]:
    """Order leaf hashes (Kahn's algorithm, smallest hash first).

    Args:
        references: each leaf's hash → the leaf hashes that it refers to.

    Raises:
        LogInconsistent: leaves refer to each other in a circle.
    """
    waiting: dict[str, int] = {}
    followers: dict[str, list[str]] = {}
    for leaf, wanted in references.items():
        inside = {item for item in wanted if item in references}
        waiting[leaf] = len(inside)
        for item in inside:
            followers.setdefault(item, []).append(leaf)
    ready = [leaf for leaf, count in waiting.items() if count == 0]
    heapq.heapify(ready)
    ordered = []
    while ready:
        leaf = heapq.heappop(ready)
        ordered.append(leaf)
        for follower in followers.get(leaf, ()):
            waiting[follower] -= 1
            if waiting[follower] == 0:
                heapq.heappush(ready, follower)
    if len(ordered) != len(references):
        raise LogInconsistent("leaves of one epoch refer to each other in a circle")
    return ordered


class OrderCheck:
    """Whether leaves that come one after the other stand in their canonical order, without sorting them again.

    A leaf stands wrongly where a larger one stands between it and the last leaf that it had to wait for.
    """

    def __init__(self) -> None:
        self.kept = True
        """Whether every leaf so far stands where it should."""
        self._places: dict[str, int] = {}
        self._awaited: set[str] = set()
        """What leaves referred to that did not stand before them: it belongs to another epoch."""
        # The leaves larger than all that follow them: the first one behind a place is the largest behind it.
        self._peaks: list[str] = []
        self._peak_places: list[int] = []
        self._size = 0

    def take(self, leaf: str, references: Iterable[str]) -> None:
        """Take in the next leaf, by its hash, with the leaf hashes that it refers to."""
        places, after = self._places, -1
        for item in references:
            place = places.get(item)
            if place is None:
                self._awaited.add(item)
            elif place > after:
                after = place
        if leaf in self._awaited:
            self.kept = False
        self.take_after(leaf, after)
        places[leaf] = len(places)

    def take_after(self, leaf: str, after: int) -> None:
        """Take in the next leaf where it is known which of these leaves is the last that it refers to.

        Args:
            leaf: its hash.
            after: that leaf's place among these, or -1.
        """
        peaks, peak_places = self._peaks, self._peak_places
        first = bisect_right(peak_places, after)
        if first < len(peaks) and peaks[first] > leaf:
            self.kept = False
        while peaks and peaks[-1] < leaf:
            peaks.pop()
            peak_places.pop()
        peaks.append(leaf)
        peak_places.append(self._size)
        self._size += 1
