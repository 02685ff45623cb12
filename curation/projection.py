"""The projection tables as a function of the leaves.

Rules that always hold:
- rows are computed from an example's `History` here and nowhere else; a command writes the difference that its events
  made, `evenhand log replay` writes all of them, and both give the same tables;
- nothing here knows an account or a time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Table, and_, bindparam, delete, insert, update

from curation.rulebook.declarations import Declaration
from curation.rulebook.history import History, Revision
from curation.rulebook.rounds import Round
from curation.tables import PROJECTION_TABLES, examples, flags, reviews, revisions, seats, stages
from curation_schemas.events import ReleaseCut

Key = tuple[Any, ...]
RowValues = dict[str, Any]
Rows = dict[str, dict[Key, RowValues]]
"""Table name → primary key → row."""

# Parents before children, for the foreign keys.
EXAMPLE_TABLES: tuple[Table, ...] = (examples, revisions, stages, seats, reviews, flags)


def rows_of(history: History) -> Rows:
    """Every projection row of one example."""
    rows: Rows = {table.name: {} for table in EXAMPLE_TABLES}
    if not history.revisions:
        return rows
    first, standing = history.first, history.standing
    rows["examples"][(history.example,)] = {
        "id": history.example,
        "group_id": first.group,
        "topic": first.topic,
        "kind": first.kind,
        "language": first.language,
        "status": history.status,
        "proposer": first.pseudonym,
        "latest": history.latest.leaf,
        "standing": standing.leaf if standing else None,
        "held": history.holding((standing or history.latest).leaf) is not None,
    }
    for revision in history.revisions:
        _add_revision(rows, history, revision)
    _add_flags(rows, history)
    return rows


def _add_revision(rows: Rows, history: History, revision: Revision) -> None:
    rows["revisions"][(revision.leaf,)] = {
        "id": revision.leaf,
        "example": history.example,
        "number": revision.number,
        "epoch": revision.epoch,
        "outcome": history.outcome_of(revision),
    }
    for stage in revision.stages:
        rows["stages"][revision.leaf, stage.stage] = {
            "revision": revision.leaf,
            "stage": stage.stage,
            "example": history.example,
            "epoch": stage.epoch,
            "open": stage.closed is None,
            "how": stage.how,
            "outcome": stage.outcome,
        }
        _add_seats(rows, history, stage)


def _add_seats(rows: Rows, history: History, stage: Round) -> None:
    first = history.first
    for perspective in stage.required:
        for number in stage.seat_numbers():
            cast = stage.seats.get((perspective, number))
            rows["seats"][stage.revision, perspective, number] = {
                "revision": stage.revision,
                "perspective": perspective,
                "seat": number,
                "example": history.example,
                "stage": stage.stage,
                "topic": first.topic,
                "language": first.language,
                "epoch": stage.epoch,
                "open": stage.closed is None and cast is None,
                "reviewer": cast.pseudonym if cast else None,
            }
    leaves = [(cast.leaf, key, False) for key, cast in stage.seats.items()]
    leaves += [(leaf, key, True) for leaf, key in stage.superseded.items()]
    for leaf, (perspective, number), superseded in leaves:
        event = history.reviews[leaf]
        rows["reviews"][(leaf,)] = {
            "id": leaf,
            "example": history.example,
            "revision": stage.revision,
            "stage": stage.stage,
            "perspective": perspective,
            "seat": number,
            "reviewer": event.pseudonym,
            "verdict": event.verdict,
            "superseded": superseded,
        }


def _add_flags(rows: Rows, history: History) -> None:
    for flag in history.flags.values():
        rows["flags"][(flag.leaf,)] = {
            "id": flag.leaf,
            "example": history.example,
            "revision": flag.event.revision,
            "topic": flag.event.topic,
            "raiser": flag.event.pseudonym,
            "ground": flag.event.ground,
            "upheld_by": len(flag.upheld),
            "status": "lapsed" if flag.lapsed else "upheld" if flag.stands else "raised",
        }


def declaration_row(declaration: Declaration) -> RowValues:
    """The projection row of a declaration."""
    return {
        "id": declaration.leaf,
        "topic": declaration.topic,
        "pseudonym": declaration.pseudonym,
        "perspective": declaration.perspective,
        "epoch": declaration.epoch,
        "changed": declaration.changed,
        "replaced_in": declaration.replaced_in,
    }


def release_row(event: ReleaseCut, leaf: str) -> RowValues:
    """The projection row of a release."""
    return {
        "version": event.version,
        "size": event.size,
        "root": event.root,
        "manifest": event.manifest,
        "leaf": leaf,
    }


def write_rows(connection: Connection, changes: Iterable[tuple[Rows, Rows]]) -> None:
    """Write the differences between (rows before, rows after) of any number of examples."""
    pairs = list(changes)
    for table in EXAMPLE_TABLES:
        added, changed = [], []
        for before, after in pairs:
            old = before[table.name]
            for key, row in after[table.name].items():
                if key not in old:
                    added.append(row)
                elif old[key] != row:
                    changed.append(row)
        if added:
            connection.execute(insert(table), added)
        if changed:
            connection.execute(_update_by_key(table), [_bound(table, row) for row in changed])


def _update_by_key(table: Table) -> Any:
    keys = list(table.primary_key.columns)
    values: dict[str, Any] = {
        column.name: bindparam(f"v_{column.name}") for column in table.columns if column not in keys
    }
    return update(table).where(and_(*(column == bindparam(f"k_{column.name}") for column in keys))).values(values)


def _bound(table: Table, row: RowValues) -> RowValues:
    keys = {column.name for column in table.primary_key.columns}
    return {f"k_{name}" if name in keys else f"v_{name}": value for name, value in row.items()}


def clear_projection(connection: Connection) -> None:
    """Empty every projection table, children first."""
    for table in reversed(PROJECTION_TABLES):
        connection.execute(delete(table))
