"""How rounds stand and how they ended.

Rules that always hold:
- outcomes, open rounds and controls are told as of the last closed epoch;
- of a round that is open, only how many seats are empty is told, added up over a topic, a perspective and a language,
  and counted once a day at most (`curation_api.oversight`): who looks all day learns no hour at which somebody voted;
- a round that was opened in the open epoch is in no figure.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import msgspec
from sqlalchemy import and_, exists, func, or_, select

from curation.rulebook.controls import ControlCounts, count_controls
from curation.rulebook.history import History
from curation.shown import sealed_histories
from curation.tables import examples, log_epochs, log_leaves, pending_leaves, seats, stages
from curation.writing import LoadedExamples

OLDEST = 10


@dataclass(frozen=True, slots=True)
class OpenRound:
    """A stage of a round that is open, and the epoch in which it opened, with the day on which that was closed."""

    example: str
    topic: str
    kind: str
    language: str
    stage: int
    epoch: int
    date: str


def empty_seats(loaded: LoadedExamples) -> Counter[tuple[str, str, str]]:
    """(topic, perspective, language) → seats that nobody has filled, of rounds that opened in an earlier epoch."""
    the_stage = and_(stages.c.revision == seats.c.revision, stages.c.stage == seats.c.stage)
    columns = (seats.c.topic, seats.c.perspective, seats.c.language)
    query = select(*columns, func.count().label("empty")).join(stages, the_stage)
    query = query.where(seats.c.open, stages.c.epoch < loaded.epoch).group_by(*columns)
    rows = loaded.connection.execute(query)
    return Counter({(row.topic, row.perspective, row.language): row.empty for row in rows})


def oldest_open_rounds(loaded: LoadedExamples, most: int = OLDEST) -> list[OpenRound]:
    """The rounds that have been open for longest, as the log has it."""
    ending = exists().where(pending_leaves.c.example == stages.c.example, pending_leaves.c.type == "round:closed")
    query = (
        select(stages, examples.c.topic, examples.c.kind, examples.c.language, log_epochs.c.date)
        .join(examples, examples.c.id == stages.c.example)
        .join(log_epochs, log_epochs.c.epoch == stages.c.epoch)
        .where(or_(stages.c.open, ending))
        .order_by(stages.c.epoch, stages.c.example, stages.c.stage)
    )
    rows = loaded.connection.execute(query.limit(4 * most)).all()
    sealed = sealed_histories(loaded, sorted({row.example for row in rows if not row.open}))
    found = [
        OpenRound(row.example, row.topic, row.kind, row.language, row.stage, row.epoch, row.date)
        for row in rows
        if row.open or _open_as_sealed(sealed[row.example], row.revision, row.stage)
    ]
    return found[:most]


def _open_as_sealed(history: History, revision: str, stage: int) -> bool:
    """Whether the log does not know the end of this stage yet."""
    found = (item for item in history.revisions if item.leaf == revision)
    return any(item.stage == stage and item.closed is None for one in found for item in one.stages)


class _Ended(msgspec.Struct):
    topic: str
    outcome: str | None = None


def outcomes_by_epoch(loaded: LoadedExamples) -> Counter[tuple[str, int, str]]:
    """(topic, epoch, outcome) → stages of rounds that ended so. Those without an outcome are in no figure."""
    decode = msgspec.json.Decoder(_Ended).decode
    query = select(log_leaves.c.leaf, log_leaves.c.epoch).where(log_leaves.c.type == "round:closed")
    found: Counter[tuple[str, int, str]] = Counter()
    for row in loaded.connection.execute(query):
        ended = decode(row.leaf)
        if ended.outcome is not None:
            found[ended.topic, row.epoch, ended.outcome] += 1
    return found


class _Opened(msgspec.Struct):
    example: str


def controls_so_far(loaded: LoadedExamples) -> ControlCounts:
    """How the planted controls fared, as the log has it. Which examples are controls is told of opened ones only."""
    planted = select(func.count()).where(log_leaves.c.type == "control:planted")
    opened = select(log_leaves.c.leaf).where(log_leaves.c.type == "control:opened")
    decode = msgspec.json.Decoder(_Opened).decode
    ids = [decode(leaf).example for leaf in loaded.connection.execute(opened).scalars()]
    histories = sealed_histories(loaded, ids).values()
    return count_controls(loaded.connection.execute(planted).scalar() or 0, histories)
