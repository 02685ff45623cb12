"""What a measure is taken of: the counts of one topic, over all kinds of examples or one, and what a formula gives.

Rules that always hold (pure):
- null, missing and «fewer than 20 items» are decided before any formula: such a measure is `insufficient`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from curation_schemas.definition import Thresholds
from curation_validators.counting import Counts
from curation_validators.engine import Counted
from curation_validators.findings import Insufficient

LEAST_ITEMS = 20
ALL = "all"
"""The scope over every kind of example."""


@dataclass(frozen=True, slots=True)
class TopicShape:
    """What a topic should have: its positions, and the dataset's languages. Empty where nobody says."""

    positions: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    target: Mapping[str, int] = field(default_factory=dict)
    """Position → percent, where a target is written."""


@dataclass(frozen=True, slots=True)
class Figure:
    """What a formula gives: a value with its interval, and whether it breaks a gate or a warning."""

    value: float | None
    breaks: Literal["gate", "warn"] | None
    message: str
    low: float | None = None
    high: float | None = None
    items: int = 0
    more: Mapping[str, Any] | None = None
    """Figures that are reported beside it."""
    p: float | None = None
    """Of a warning: how likely chance alone gives a difference as large."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The counts of one topic, over all kinds or one, and what they are measured against."""

    counts: Counts
    config: str
    topic: str | None
    shape: TopicShape
    limits: Thresholds

    def of(self, counted: Counted) -> dict[Any, tuple[int, ...]]:
        """This scope's rows of a table that begins with (config, topic), added over kinds, by the rest of the key."""
        found: dict[Any, tuple[int, ...]] = {}
        for (config, topic, *rest), sums in counted.items():
            if topic == self.topic and self.config in (ALL, config):
                key = tuple(rest)
                before = found.get(key)
                found[key] = sums if before is None else tuple(a + b for a, b in zip(before, sums, strict=True))
        return found

    def of_topic(self, counted: Counted) -> dict[Any, tuple[int, ...]]:
        """A table that begins with (topic,): the rows of this scope's topic."""
        return {key[1:]: sums for key, sums in counted.items() if key[0] == self.topic}

    @property
    def examples(self) -> int:
        """How many examples it has."""
        return sum(sums[0] for sums in self.of(self.counts.examples).values())

    def positions(self) -> tuple[str, ...]:
        """The topic's positions; where nobody defines them, those that occur."""
        seen = {position for position, _ in self.of(self.counts.cells) if position is not None}
        return self.shape.positions or tuple(sorted(seen))


def require(items: int, what: str, least: int = LEAST_ITEMS) -> None:
    """Raise Insufficient where there are too few items."""
    if items < least:
        if items == 1:
            raise Insufficient(f"1 of the {least} {what} that are needed")
        raise Insufficient(f"{items} {what}, and {least} are needed" if items else f"no {what}")


Figures = Iterator[tuple[str, Figure | Insufficient]]
Formula = Callable[[Scope], Figures]
"""Yields (subject, its figure or why there is none). Raises Insufficient where there is none at all."""


def per_side(tables: Mapping[Any, Any], what: str, figure: Callable[[Any], Figure]) -> Figures:
    """A figure for each position or perspective, or why it has none."""
    if not tables:
        raise Insufficient(f"no {what}")
    for (side,), counted in sorted(tables.items(), key=lambda item: str(item[0])):
        try:
            yield str(side), figure(counted)
        except Insufficient as few:
            yield str(side), few


def level(gate: bool, warn: bool = False) -> Literal["gate", "warn"] | None:
    """The more serious of the two that broke."""
    return "gate" if gate else "warn" if warn else None
