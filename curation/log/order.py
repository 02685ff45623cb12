"""The order of the leaves within an epoch: after what they refer to, else by leaf hash.

Rules that always hold (pure):
- the order depends on the set of leaves only, so it tells nothing of when each arrived;
- a reference to a leaf outside the set constrains nothing here (it stands in an earlier epoch).
"""

from __future__ import annotations

import heapq
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
