"""Rebuild the projection from the leaves, and compare it with what stands in the database.

Rules that always hold:
- the result depends on the sealed and pending leaves only;
- private tables, leaves and openings are not touched.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, insert, select

from curation.log.leaf import decode_leaf
from curation.log.order import canonical_order
from curation.projection import RowValues, clear_projection, declaration_row, release_row, rows_of, write_rows
from curation.rulebook.replay import Replay
from curation.tables import PROJECTION_TABLES, declarations, log_leaves, pending_leaves, releases, signing_keys
from curation_schemas.events import EVENT, references_of


def replay_home(connection: Connection) -> Replay:
    """Replay every leaf of a home, sealed ones in their order, then pending ones in the order they would be sealed."""
    state = Replay()
    for leaf in connection.execute(select(log_leaves.c.leaf).order_by(log_leaves.c.idx)).scalars():
        state.take_leaf(leaf)
    pending = {row.hash: row.leaf for row in connection.execute(select(pending_leaves.c.hash, pending_leaves.c.leaf))}
    events = {leaf: EVENT.validate_python(decode_leaf(content)) for leaf, content in pending.items()}
    for leaf in canonical_order({leaf: references_of(event) for leaf, event in events.items()}):
        state.take_leaf(pending[leaf])
    state.finish()
    return state


def _other_rows(state: Replay) -> list[tuple[Table, list[RowValues]]]:
    """The rows of the projection tables that belong to no example."""
    known = [declaration_row(item) for item in state.declarations.by_leaf.values()]
    keys = [{"pseudonym": pseudonym, "key": key} for pseudonym, key in state.signing_keys.items()]
    leaves = {index: leaf for leaf, index in state.index_of.items()}
    cuts = [release_row(cut.event, leaves[cut.index]) for cut in state.cuts]
    return [(declarations, known), (signing_keys, keys), (releases, cuts)]


def rebuild_projection(connection: Connection) -> Replay:
    """Empty the projection tables and fill them again from the leaves. The transaction has to write alone."""
    state = replay_home(connection)
    clear_projection(connection)
    write_rows(connection, [({name: {} for name in rows}, rows) for rows in map(rows_of, state.histories.values())])
    for table, rows in _other_rows(state):
        if rows:
            connection.execute(insert(table), rows)
    return state


Contents = dict[str, list[tuple[Any, ...]]]
"""Table name → its rows, in the order of their keys."""


def projection_contents(connection: Connection) -> Contents:
    """Every projection table's rows, in the order of their keys, for comparing."""
    return {
        table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
        for table in PROJECTION_TABLES
    }


def contents_of(state: Replay) -> Contents:
    """What `projection_contents` has to be after the leaves that were replayed. Nothing is written."""
    rows: dict[str, list[RowValues]] = {table.name: [] for table in PROJECTION_TABLES}
    for history in state.histories.values():
        for name, found in rows_of(history).items():
            rows[name].extend(found.values())
    for table, others in _other_rows(state):
        rows[table.name].extend(others)
    return {table.name: _in_order(table, rows[table.name]) for table in PROJECTION_TABLES}


def _in_order(table: Table, rows: list[RowValues]) -> list[tuple[Any, ...]]:
    keys = [column.name for column in table.primary_key.columns]
    names = [column.name for column in table.columns]
    return [tuple(row[name] for name in names) for row in sorted(rows, key=lambda row: [row[key] for key in keys])]
