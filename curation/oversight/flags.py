"""Open flags, for those who look after a dataset and those who may uphold them.

Rules that always hold:
- a flag is told as of the last closed epoch; one for personal data or law at once, as its text is hidden at once;
- no flag is told that would tell of a seat filled in an open round;
- who raised or upheld it is not told; the log has the pseudonyms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

from sqlalchemy import exists, or_, select

from curation.errors import LogInconsistent, NotFound
from curation.log.leaf import Opening
from curation.rulebook.history import Flag, History
from curation.shown import PROTECTING, sealed_histories
from curation.tables import flags, log_leaves, openings
from curation.writing import LoadedExamples
from curation_schemas.review import FlagGround

MOST = 200


@dataclass(frozen=True, slots=True)
class OpenFlag:
    """A flag that has not lapsed, with its evidence (None once erased)."""

    id: str
    example: str
    topic: str
    language: str
    revision: str
    ground: FlagGround
    status: Literal["raised", "upheld"]
    upheld_from: tuple[str, ...]
    """The perspectives from which it is upheld, as the log has it."""
    epoch: int
    """The epoch in which it was raised, at the latest."""
    evidence: str | None


def open_flags(loaded: LoadedExamples, topic: str | None = None) -> list[OpenFlag]:
    """The open flags, by topic and id; at most 200."""
    sealed = exists().where(log_leaves.c.hash == flags.c.id)
    query = select(flags.c.id, flags.c.example).where(
        flags.c.status != "lapsed", or_(sealed, flags.c.ground.in_(PROTECTING))
    )
    if topic is not None:
        query = query.where(flags.c.topic == topic)
    rows = loaded.connection.execute(query.order_by(flags.c.topic, flags.c.id).limit(MOST)).all()
    histories = sealed_histories(loaded, sorted({row.example for row in rows}))
    shown = (_shown(loaded, histories[row.example], row.id, row.example) for row in rows)
    return [found for found in shown if found is not None]


def open_flag(loaded: LoadedExamples, flag: str) -> OpenFlag:
    """One open flag. Raises NotFound."""
    example = loaded.connection.execute(select(flags.c.example).where(flags.c.id == flag)).scalar()
    if example is not None:
        found = _shown(loaded, sealed_histories(loaded, [example])[example], flag, example)
        if found is not None:
            return found
    raise NotFound("there is no open flag of this id", hint="A new one appears when its epoch is closed.")


def _shown(loaded: LoadedExamples, sealed: History, flag: str, example: str) -> OpenFlag | None:
    now = loaded.glance(example)
    raised = now.flags[flag]
    known = sealed.flags.get(flag)
    if raised.lapsed or (known is None and raised.event.ground not in PROTECTING):
        return None
    revision = now.revision_of(raised.event.revision, "flag/revision-known")
    if raised.event.review is not None and revision.round.closed is None:
        return None
    return _open_flag(loaded, raised, known, now.first.language)


def _open_flag(loaded: LoadedExamples, raised: Flag, known: Flag | None, language: str) -> OpenFlag:
    event = raised.event
    return OpenFlag(
        raised.leaf,
        event.example,
        event.topic,
        language,
        event.revision,
        event.ground,
        "upheld" if known is not None and known.stands else "raised",
        tuple(sorted({perspective for _, perspective in known.upheld.values()})) if known is not None else (),
        raised.epoch,
        _evidence(loaded, event.evidence),
    )


def _evidence(loaded: LoadedExamples, commitment: str) -> str | None:
    row = loaded.connection.execute(select(openings).where(openings.c.commitment == commitment)).first()
    if row is None:
        return None
    opening = Opening(row.unit, row.salt, row.body)
    if opening.commitment() != commitment:
        raise LogInconsistent("an opening does not open its commitment", where=commitment)
    return cast("str", opening.value()["text"])
