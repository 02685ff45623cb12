"""Which leaves concern one example, going by their bytes: its own, and those that are of no example.

Rules that always hold (pure):
- a leaf is passed over only if it is of another example, and brings no draft of a topic: the example may have been
  judged under one.
"""

from __future__ import annotations

Numbered = list[tuple[int, bytes]]
"""Leaves, each behind its index in the log."""

_OF_AN_EXAMPLE = b'"example":"'
_OF_A_TOPIC = b'"type":"topic:'


class Concerning:
    """Picks the leaves that concern an example."""

    def __init__(self, example: str) -> None:
        self._own = f'{_OF_AN_EXAMPLE.decode()}{example}"'.encode()

    def is_own(self, leaf: bytes) -> bool:
        """Whether a leaf names this example."""
        return self._own in leaf

    def picked(self, leaves: list[bytes], first: int = 0, together: bytes | None = None) -> Numbered:
        """Those of a run of leaves that concern it.

        Args:
            leaves: the leaves.
            first: the index of the first one.
            together: bytes that hold all of them. They are looked through at once, because most runs hold nothing of
                one example.
        """
        numbered = enumerate(leaves, first)
        if together is not None and self._own not in together and _OF_A_TOPIC not in together:
            return [(index, leaf) for index, leaf in numbered if _OF_AN_EXAMPLE not in leaf]
        return [
            (index, leaf)
            for index, leaf in numbered
            if _OF_AN_EXAMPLE not in leaf or self._own in leaf or _OF_A_TOPIC in leaf
        ]
