"""A home's whole data as rows, to carry it from one database into another.

Rules that always hold:
- every table travels, parents before children, its rows in the order of their keys: an order that tells nothing;
- a row is one line of canonical JSON (bytes in base64), so that a table has one digest, whatever database it is in;
- what has arrived is proved: leaves, openings and documents are sound (soundness.py), every leaf keeps the rules, and
  the projection is what replaying the leaves gives.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from sqlalchemy import Boolean, Connection, Integer, LargeBinary, Table, insert, select, text

from curation.errors import LogInconsistent
from curation.rebuild import contents_of, projection_contents, replay_home
from curation.soundness import missing_texts, unsound_leaves, unsound_openings
from curation.tables import metadata

TABLES: tuple[Table, ...] = tuple(metadata.sorted_tables)
_AT_ONCE = 1_000
Row = dict[str, Any]
Line = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class TableDigest:
    """How many rows a table has, and the SHA-256 over their lines."""

    rows: int
    sha256: str


def line_of(table: Table, row: Row) -> bytes:
    """One row as a line of JSON, without its line break: columns in their order, bytes in base64."""
    shown = {
        column.name: base64.b64encode(row[column.name]).decode()
        if isinstance(row[column.name], bytes)
        else row[column.name]
        for column in table.columns
    }
    return json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()


def read_line(table: Table, line: bytes) -> Row:
    """Read one row. Raises ValueError when it is none of this table."""
    found = json.loads(line)
    if not isinstance(found, dict) or list(found) != [column.name for column in table.columns]:
        raise ValueError("the columns are not those of the table")
    return {column.name: _value(column.type, found[column.name], nullable=column.nullable) for column in table.columns}


def _value(kind: object, value: object, *, nullable: bool | None) -> object:
    if value is None and nullable:
        return None
    if isinstance(kind, LargeBinary) and isinstance(value, str):
        return base64.b64decode(value, validate=True)
    wanted = bool if isinstance(kind, Boolean) else int if isinstance(kind, Integer) else str
    if type(value) is not wanted or isinstance(kind, LargeBinary):
        raise ValueError("a value is not of its column's type")
    return value


def rows_of_table(connection: Connection, table: Table) -> Iterator[Row]:
    """Every row, in the order of its key."""
    query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=_AT_ONCE)
    with connection.execute(query) as result:
        for row in result.mappings():
            yield dict(row)


def digest_rows(table: Table, rows: Iterable[Row], tell: Line | None = None) -> TableDigest:
    """The digest of rows; each line goes to `tell` too."""
    seen, count = hashlib.sha256(), 0
    for row in rows:
        line = line_of(table, row) + b"\n"
        seen.update(line)
        count += 1
        if tell is not None:
            tell(line)
    return TableDigest(count, seen.hexdigest())


def digest_tables(connection: Connection) -> dict[str, TableDigest]:
    """The digest of every table."""
    return {table.name: digest_rows(table, rows_of_table(connection, table)) for table in TABLES}


def fill_table(connection: Connection, table: Table, rows: Iterable[Row]) -> int:
    """Insert rows. Returns how many."""
    waiting, count = iter(rows), 0
    while some := list(islice(waiting, _AT_ONCE)):
        connection.execute(insert(table), some)
        count += len(some)
    return count


def gather_statistics(connection: Connection) -> None:
    """Have the database count what it holds, so that it plans its first queries well."""
    connection.execute(text("ANALYZE"))


def prove_contents(connection: Connection) -> None:
    """Prove the data of a home from its leaves. Raises LogInconsistent naming the first thing that does not fit."""
    for found in chain(unsound_leaves(connection), unsound_openings(connection)):
        raise LogInconsistent(found.message, where=found.where)
    state = replay_home(connection)
    for violation in state.violations:
        raise LogInconsistent(f"{violation.message} (rule {violation.rule})", where=f"leaf {violation.index}")
    for found in missing_texts(connection, state):
        raise LogInconsistent(found.message, where=found.where)
    contents = projection_contents(connection)
    for name, rows in contents_of(state).items():
        if contents[name] != rows:
            raise LogInconsistent(
                "is not what the leaves give", where=f"table {name}", hint="Run `evenhand log replay` on the source."
            )
