"""Charts, drawn on the server as SVG; a table with the same numbers stands beside each.

Rules that always hold:
- lengths are whole units of the chart's own grid, so that the same numbers draw the same picture;
- colour is never the only sign: the parts of a bar stand in one order, which the table's columns have too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HEIGHT, STEP, BAR = 120, 24, 18
OUTCOMES = ("accepted", "contested", "rejected", "unresolved")
MOST_EPOCHS = 26


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bar: from its upper left corner."""

    outcome: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class OutcomeChart:
    """How rounds ended, epoch by epoch: one bar each, its parts from the bottom up in the order of `OUTCOMES`."""

    rows: tuple[tuple[int, tuple[int, ...]], ...]
    """(epoch, numbers in the order of `OUTCOMES`)."""
    parts: tuple[Part, ...]
    width: int
    height: int


def outcome_chart(counts: Mapping[tuple[int, str], int]) -> OutcomeChart:
    """The chart of the epochs from the first in which a round ended to the last; 26 at most, the later ones.

    Args:
        counts: (epoch, outcome) → rounds.
    """
    known = {epoch for epoch, _ in counts}
    epochs = list(range(min(known), max(known) + 1))[-MOST_EPOCHS:] if known else []
    rows = tuple((epoch, tuple(counts.get((epoch, outcome), 0) for outcome in OUTCOMES)) for epoch in epochs)
    most = max((sum(numbers) for _, numbers in rows), default=0)
    parts: list[Part] = []
    for place, (_, numbers) in enumerate(rows):
        parts += _bar(place * STEP, numbers, most)
    return OutcomeChart(rows, tuple(parts), max(len(rows), 1) * STEP, HEIGHT)


def _bar(x: int, numbers: Sequence[int], most: int) -> list[Part]:
    """Parts whose edges are rounded, not their heights: they meet, and the bar has the height of its sum."""
    parts, below = [], 0
    for outcome, number in zip(OUTCOMES, numbers, strict=True):
        bottom, top = (HEIGHT - round(HEIGHT * told / most) for told in (below, below + number))
        below += number
        if bottom > top:
            parts.append(Part(outcome, x + (STEP - BAR) // 2, top, BAR, bottom - top))
    return parts
