"""Coverage as the public may know it: accepted examples by topic, position and language.

Rules that always hold:
- figures are as of the last closed epoch: nothing of what is pending moves them;
- they are computed once per epoch and process.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import exists, select

from curation.shown import sealed_histories
from curation.tables import examples, log_leaves, pending_leaves
from curation.writing import LoadedExamples
from curation_api.listing import SEALED, STATUS_CHANGES

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Coverage:
    """Counts of examples, topics' proposals apart."""

    accepted: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(topic, position, language) → accepted examples. One that puts two positions counts for both."""
    by_language: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(topic, language) → accepted examples."""
    status: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(topic, status) → examples."""

    def total(self, status: str) -> int:
        """Examples of every topic with this status."""
        return sum(number for (_, found), number in self.status.items() if found == status)


def read_coverage(loaded: LoadedExamples) -> Coverage:
    """Count, from the log's leaves."""
    found = Coverage()
    changing = exists().where(pending_leaves.c.example == examples.c.id, pending_leaves.c.type.in_(STATUS_CHANGES))
    standing_leaf = log_leaves.alias("standing_leaf")
    query = select(examples.c.topic, examples.c.language, examples.c.status, standing_leaf.c.leaf)
    settled = query.outerjoin(standing_leaf, standing_leaf.c.hash == examples.c.standing).where(SEALED, ~changing)
    for row in loaded.connection.execute(settled):
        positions = json.loads(row.leaf)["positions"] if row.leaf is not None else []
        _count(found, row.topic, row.language, row.status, positions)
    moving = select(examples.c.id).where(examples.c.kind != "topic", SEALED, changing)
    ids = loaded.connection.execute(moving).scalars().all()
    for start in range(0, len(ids), _AT_ONCE):
        for history in sealed_histories(loaded, ids[start : start + _AT_ONCE]).values():
            standing = history.standing
            positions = list(standing.event.positions) if standing else []
            _count(found, history.first.topic, history.first.language, history.status, positions)
    return found


def _count(found: Coverage, topic: str, language: str, status: str, positions: list[str]) -> None:
    found.status[topic, status] += 1
    if status == "accepted":
        found.by_language[topic, language] += 1
        for position in positions:
            found.accepted[topic, position, language] += 1


class KeptCoverage:
    """Coverage of the latest epoch that was asked for."""

    def __init__(self) -> None:
        self._epoch: int | None = None
        self._coverage = Coverage()

    def at(self, loaded: LoadedExamples) -> Coverage:
        """The coverage as of the last closed epoch."""
        if self._epoch != loaded.epoch:
            self._coverage = read_coverage(loaded)
            self._epoch = loaded.epoch
        return self._coverage
