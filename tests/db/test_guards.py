"""What an attacker with the database in hand would try: no statement changes or removes what the event tables hold."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import LargeBinary, select, text
from sqlalchemy.exc import DatabaseError

from curation.db import reading, writing
from curation.guards import missing_guards
from curation.tables import EVENT_TABLES, erasures, log_leaves, openings, pending_leaves


@pytest.fixture
def full(small_world):
    """A home in which every event table holds rows."""
    own = small_world.propose()
    small_world.judge(own)
    small_world.erase(small_world.history(own).latest.leaf, "ana", commitments=[commitment_of(small_world, own)])
    small_world.close()
    small_world.propose("ben")
    for table in EVENT_TABLES:
        assert small_world.rows(table), table.name
    return small_world


def commitment_of(world, own):
    return world.history(own).latest.event.commitments()[0]


def contents(world):
    with reading(world.platform.home.engine) as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in EVENT_TABLES
        }


def hostile(table, dialect):
    """Statements that would change a row or make one go."""
    name, columns = table.name, [column.name for column in table.columns]
    keys = [column.name for column in table.primary_key.columns]
    value = next(item for item in columns if item not in keys)
    listed, old = ", ".join(columns), f"SELECT {', '.join(columns)} FROM {name} LIMIT 1"
    changed = {item: f"{item}" for item in columns} | {value: blank(table.c[value], dialect)}
    values = ", ".join(changed.values())
    other = f"SELECT {values} FROM {name} LIMIT 1"
    conflict = f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {value} = excluded.{value}"
    statements = [
        f"UPDATE {name} SET {value} = {changed[value]}",
        f"UPDATE {name} SET {keys[0]} = {keys[0]}",
        f"DELETE FROM {name}",
        f"DELETE FROM {name} WHERE 1 = 1",
        f"INSERT INTO {name} ({listed}) {old}",
        f"INSERT INTO {name} ({listed}) SELECT * FROM ({other}) AS o WHERE true {conflict}",
    ]
    if dialect == "sqlite":
        statements += [
            f"REPLACE INTO {name} ({listed}) {other}",
            f"INSERT OR REPLACE INTO {name} ({listed}) {other}",
            f"INSERT OR IGNORE INTO {name} ({listed}) {other}",
            f"UPDATE OR REPLACE {name} SET {value} = {changed[value]}",
            f"UPDATE OR IGNORE {name} SET {value} = {changed[value]}",
            f"INSERT OR REPLACE INTO {name} (rowid, {listed}) SELECT 1, {values} FROM {name} LIMIT 1",
            f"WITH gone AS (SELECT 1) DELETE FROM {name}",
        ]
        unique = [column.name for column in table.columns if column.unique]
        for column in unique:
            shifted = changed | {keys[0]: f"{keys[0]} + 1000000"}
            statements.append(
                f"INSERT OR REPLACE INTO {name} ({listed}) SELECT {', '.join(shifted.values())} FROM {name} LIMIT 1"
            )
            assert column in listed
    else:
        on = " AND ".join(f"t.{key} = o.{key}" for key in keys)
        statements += [
            f"TRUNCATE {name}",
            f"TRUNCATE {name} CASCADE",
            f"WITH gone AS (DELETE FROM {name} RETURNING 1) SELECT count(*) FROM gone",
            f"MERGE INTO {name} t USING ({other}) o ON {on} WHEN MATCHED THEN UPDATE SET {value} = o.{value}",
            f"MERGE INTO {name} t USING ({other}) o ON {on} WHEN MATCHED THEN DELETE",
            f"SET LOCAL session_replication_role = replica; DELETE FROM {name}",
        ]
    return statements


def blank(column, dialect):
    if isinstance(column.type, LargeBinary):
        return "x'00'" if dialect == "sqlite" else r"'\x00'::bytea"
    return "0" if column.type.python_type is int else "'changed'"


@pytest.mark.parametrize("table", EVENT_TABLES, ids=lambda table: table.name)
def test_no_statement_changes_or_removes_a_row(full, table):
    engine = full.platform.home.engine
    before = contents(full)
    for statement in hostile(table, engine.dialect.name):
        with pytest.raises(DatabaseError), writing(engine) as connection:
            connection.execute(text(statement))
        assert contents(full) == before, statement


@pytest.mark.parametrize("table", EVENT_TABLES, ids=lambda table: table.name)
def test_no_statement_does_on_a_connection_without_our_settings(full, table):
    engine = full.platform.home.engine
    if engine.dialect.name != "sqlite":
        with engine.connect() as plain:
            for statement in hostile(table, "postgresql"):
                with pytest.raises(DatabaseError):
                    plain.execute(text(statement))
                plain.rollback()
    else:
        before = contents(full)
        plain_file = sqlite3.connect(engine.url.database)
        try:
            for statement in hostile(table, "sqlite"):
                with pytest.raises(sqlite3.Error):
                    plain_file.execute(statement)
                plain_file.rollback()
        finally:
            plain_file.close()
        assert contents(full) == before


def test_only_what_the_log_holds_leaves_the_pending_leaves(full):
    engine = full.platform.home.engine
    before = full.pending()
    with pytest.raises(DatabaseError, match="pending_leaves is append-only"), writing(engine) as connection:
        connection.execute(pending_leaves.delete())
    assert full.pending() == before
    full.close()
    assert not set(before) & set(full.pending())
    assert set(before) <= {row.hash for row in full.rows(log_leaves)}


def test_only_what_is_erased_leaves_the_openings(full):
    engine = full.platform.home.engine
    erased = {row.commitment for row in full.rows(erasures)}
    kept = {row.commitment for row in full.rows(openings)}
    assert erased
    assert not erased & kept
    with pytest.raises(DatabaseError, match="openings is append-only"), writing(engine) as connection:
        connection.execute(openings.delete())
    assert {row.commitment for row in full.rows(openings)} == kept


def test_every_guard_stands_on_a_home_in_use(full):
    with reading(full.platform.home.engine) as connection:
        assert missing_guards(connection) == []
