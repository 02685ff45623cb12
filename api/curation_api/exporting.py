"""Exports: what the API tells of each example, one JSON document a line, from the first example to the last.

Rules that always hold:
- a line is the document that the API gives to nobody in particular for that example, byte for byte;
- an export is of one state, which its tag names. Each part is read in a view of its own, so that a slow reader holds
  neither a connection nor an old state of the database; where the state has changed since the first part, the export
  breaks off, and can be begun anew;
- lines stand in the order of ids, so whoever was cut off goes on after the last whole line;
- parts are made in threads set apart, a few at a time: exports never take the threads of other requests.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from anyio import CapacityLimiter, to_thread
from sqlalchemy import exists, func, or_, select

import curation
from curation.collection import paused_collection
from curation.errors import Conflict
from curation.opened import opened_of
from curation.rulebook.history import Brought
from curation.shown import PROTECTING, sealed_histories
from curation.tables import erasures, examples, flags, log_epochs, log_leaves, pending_leaves, revisions, stages
from curation.writing import LoadedExamples, Platform
from curation_api.listing import Wanted, examples_query
from curation_api.matching import tag_of
from curation_api.public import Readership, Shown
from curation_api.rendering import example_with, revision_view
from curation_api.trace import acts_told, trace_with
from curation_api.views import ExampleView, RoundView, TraceView
from curation_schemas.events import EVENT

PART = 500
"""Examples in a part: about a megabyte, and under a tenth of a second of work."""
_LIMITER = CapacityLimiter(2)
What = Literal["examples", "traces"]


@dataclass(frozen=True, slots=True)
class Part:
    """Some lines of an export, and the id after which the next part begins; None where it ends."""

    lines: bytes
    after: str | None


def state_of(loaded: LoadedExamples) -> str:
    """The tag of all that everybody may read now. It changes when, and only when, that may have changed.

    That is: with an epoch's end, and with what hides a text at once (curation/shown.py) or destroys it.
    """
    connection = loaded.connection
    root = connection.execute(select(log_epochs.c.root).order_by(log_epochs.c.epoch.desc()).limit(1)).scalar()
    erased = connection.execute(select(func.count()).select_from(erasures)).scalar_one()
    kinds = ("example:withdrawn", "flag:raised", "flag:lapsed")
    pending = select(pending_leaves.c.hash, pending_leaves.c.leaf).where(pending_leaves.c.type.in_(kinds))
    acts = [(row.hash, json.loads(row.leaf)) for row in connection.execute(pending.order_by(pending_leaves.c.hash))]
    hiding = {leaf for leaf, act in acts if {act.get("reason"), act.get("ground")} & PROTECTING}
    hiding |= {leaf for leaf, act in acts if act.get("flag") in hiding}
    named = "\n".join([curation.__version__, root or "", str(erased), *sorted(hiding)])
    return tag_of(named.encode())


def read_part(loaded: LoadedExamples, what: What, wanted: Wanted, after: str | None) -> Part:
    """The lines of as many examples as `wanted.limit`, from the one that follows `after`."""
    with paused_collection():
        return _read_part(loaded, what, wanted, after)


_MOVING = or_(
    exists().where(pending_leaves.c.example == examples.c.id),
    exists().where(flags.c.example == examples.c.id),
    examples.c.status == "withdrawn",
).label("moving")
"""Of what moves, what everybody sees is told by its history; of everything else, by the projection."""


def _read_part(loaded: LoadedExamples, what: What, wanted: Wanted, after: str | None) -> Part:
    rows = loaded.connection.execute(examples_query(wanted, after).add_columns(_MOVING)).all()
    going_on = len(rows) > wanted.limit
    rows = rows[: wanted.limit]
    made: dict[str, ExampleView | TraceView]
    if what == "examples":
        made = {**_views(loaded, rows)}
    else:
        told = _shown(loaded, [row.id for row in rows])
        values = opened_of(loaded.connection, [leaf for shown in told for leaf in acts_told(shown)])
        made = {shown.history.example: trace_with(shown, values) for shown in told}
    fitting = (made[row.id] for row in rows if wanted.status in (None, made[row.id].status))
    lines = b"".join(view.model_dump_json().encode() + b"\n" for view in fitting)
    return Part(lines, rows[-1].id if going_on else None)


def views_of(loaded: LoadedExamples, ids: Sequence[str]) -> dict[str, ExampleView]:
    """Sealed examples as everybody sees them, by id."""
    query = select(examples, _MOVING).where(examples.c.id.in_(ids))
    with paused_collection():
        return _views(loaded, loaded.connection.execute(query).all())


def _views(loaded: LoadedExamples, rows: Sequence[Any]) -> dict[str, ExampleView]:
    found = _settled(loaded, [row for row in rows if not row.moving])
    told = _shown(loaded, [row.id for row in rows if row.moving])
    values = opened_of(loaded.connection, [leaf for shown in told for leaf in _readable(shown)])
    return found | {shown.history.example: example_with(shown, values) for shown in told}


def _shown(loaded: LoadedExamples, ids: Sequence[str]) -> list[Shown]:
    """These examples as everybody sees them."""
    pending = pending_leaves.c.example
    changed = set(loaded.connection.execute(select(pending).where(pending.in_(ids)).distinct()).scalars())
    found = sealed_histories(loaded, ids)
    return [
        Shown(sealed, sealed, loaded.glance(example) if example in changed else sealed, Readership())
        for example, sealed in found.items()
    ]


def _readable(shown: Shown) -> list[str]:
    return [revision.leaf for revision in shown.history.revisions if shown.withheld(revision) is None]


def _settled(loaded: LoadedExamples, rows: Sequence[Any]) -> dict[str, ExampleView]:
    """Examples of which nothing is pending, flagged or withdrawn: as the projection has them, which is far quicker."""
    connection, ids = loaded.connection, [row.id for row in rows]
    rounds: dict[str, list[RoundView]] = defaultdict(list)
    for row in connection.execute(select(stages).where(stages.c.example.in_(ids)).order_by(stages.c.stage)).all():
        rounds[row.revision].append(RoundView(stage=row.stage, open=row.open, how=row.how, outcome=row.outcome))
    query = select(revisions.c.id, revisions.c.example, revisions.c.number, log_leaves.c.leaf)
    query = query.join(log_leaves, log_leaves.c.hash == revisions.c.id).where(revisions.c.example.in_(ids))
    brought = connection.execute(query.order_by(revisions.c.number)).all()
    values = opened_of(connection, [row.id for row in brought if not rounds[row.id][0].open])
    events: dict[str, list[tuple[Any, Brought]]] = defaultdict(list)
    for row in brought:
        events[row.example].append((row, cast("Brought", EVENT.validate_json(row.leaf))))
    found = {}
    for row in rows:
        mine = events[row.id]
        views = [
            revision_view(
                item.id, item.number, event, rounds[item.id], "round_open" if rounds[item.id][0].open else None, values
            )
            for item, event in mine
        ]
        judged = not any(stage.open for item, _ in mine for stage in rounds[item.id])
        found[row.id] = ExampleView(
            id=row.id,
            group=row.group_id,
            topic=row.topic,
            kind=row.kind,
            language=row.language,
            status=row.status,
            standing=row.standing,
            proposer=row.proposer if judged else None,
            revisions=views,
            flags=[],
        )
    return found


def rest_of_export(platform: Platform, state: str, first: Part, what: What, wanted: Wanted) -> AsyncIterator[bytes]:
    """The export whose first part was read in this state. Raises Conflict where the state changes meanwhile."""

    def next_part(after: str) -> Part:
        with platform.read() as loaded:
            if state_of(loaded) != state:
                raise Conflict("the state that was exported has changed", hint="Begin the export anew.")
            return read_part(loaded, what, wanted, after)

    async def parts() -> AsyncIterator[bytes]:
        part = first
        while True:
            yield part.lines
            if part.after is None:
                return
            part = await to_thread.run_sync(next_part, part.after, limiter=_LIMITER)

    return parts()


async def in_turn(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """What an iterator gives, each made in a thread set apart."""
    while (part := await to_thread.run_sync(next, parts, None, limiter=_LIMITER)) is not None:
        yield part
