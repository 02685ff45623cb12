"""The database itself refuses every statement that would change an event table, at every schema revision."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DatabaseError

import curation.db
from curation.db import SCHEMA_REVISION, migrate, open_engine, reading, writing
from curation.guards import missing_guards
from curation.tables import EVENT_TABLES, erasures, log_leaves, metadata, openings, pending_leaves
from tests.db.rows import kept_row, row_of, told


def script_directory() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(Path(curation.db.__file__).parent / "migrations"))
    return ScriptDirectory.from_config(config)


REVISIONS = [script.revision for script in reversed(list(script_directory().walk_revisions()))]


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The database of a revision, migrated once and copied for each test: migrating takes longer than a test."""

    @cache
    def made(revision: str) -> Path:
        path = tmp_path_factory.mktemp("revision") / "evenhand.db"
        engine = open_engine(f"sqlite:///{path}")
        migrate(engine, revision)
        with writing(engine) as connection:
            for table in EVENT_TABLES:
                connection.execute(insert(table), kept_row(table))
        engine.dispose()
        assert [item.name for item in path.parent.iterdir()] == [path.name], "its write-ahead file is not folded in"
        return path

    return made


@pytest.fixture(params=REVISIONS)
def database(request, template, tmp_path):
    """An engine on a database migrated to one revision, each event table holding one row."""
    engine = open_engine(f"sqlite:///{shutil.copy(template(request.param), tmp_path)}")
    yield engine
    engine.dispose()


def statements(table) -> dict[str, str]:
    names = ", ".join(column.name for column in table.columns)
    marks = ", ".join(f":{column.name}" for column in table.columns)
    keys = ", ".join(column.name for column in table.primary_key.columns)
    changed = next(column.name for column in table.columns if not column.primary_key)
    plain = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"
    return {
        "update": f"UPDATE {table.name} SET {changed} = {changed}",
        "delete": f"DELETE FROM {table.name}",
        "replace": plain.replace("INSERT", "REPLACE", 1),
        "insert or replace": plain.replace("INSERT", "INSERT OR REPLACE", 1),
        "upsert": f"{plain} ON CONFLICT ({keys}) DO UPDATE SET {changed} = excluded.{changed}",
    }


# One database stands for all statements: each must leave it as it was, and a copy takes longer than a statement.
def test_event_tables_refuse_every_statement(database):
    for table in EVENT_TABLES:
        row = kept_row(table)
        for statement, sql in statements(table).items():
            refused = pytest.raises(DatabaseError, match=f"{table.name} is append-only")
            with told(f"{statement} on {table.name}"), refused, writing(database) as connection:
                connection.execute(text(sql), row if ":" in sql else {})
            with reading(database) as connection:
                found = [dict(found._mapping) for found in connection.execute(select(table))]
            assert found == [row], f"{statement} on {table.name}"


def test_event_tables_refuse_every_statement_on_a_connection_without_our_settings(database):
    plain = sqlite3.connect(database.url.database, isolation_level=None)
    try:
        for table in EVENT_TABLES:
            for statement, sql in statements(table).items():
                with told(f"{statement} on {table.name}"), pytest.raises(sqlite3.DatabaseError, match="append-only"):
                    plain.execute(sql, kept_row(table))
                names = ", ".join(column.name for column in table.columns)
                found = plain.execute(f"SELECT {names} FROM {table.name}").fetchall()
                assert found == [tuple(kept_row(table).values())], f"{statement} on {table.name}"
    finally:
        plain.close()


def test_pending_leaf_goes_once_it_stands_in_the_log(database):
    sealed = row_of(log_leaves, 50) | {"hash": kept_row(pending_leaves)["hash"]}
    with writing(database) as connection:
        connection.execute(insert(log_leaves), sealed)
        connection.execute(pending_leaves.delete())
    with reading(database) as connection:
        assert connection.execute(select(pending_leaves)).all() == []


def test_opening_goes_once_its_erasure_stands(database):
    with writing(database) as connection:
        connection.execute(insert(erasures), row_of(erasures, 50))
        connection.execute(insert(openings), row_of(openings, 50))
        connection.execute(openings.delete().where(openings.c.commitment == row_of(openings, 50)["commitment"]))
    with reading(database) as connection:
        kept = connection.execute(select(openings.c.commitment)).scalars().all()
        assert kept == [kept_row(openings)["commitment"]]


def test_every_guard_is_there_after_each_migration(database):
    with reading(database) as connection:
        assert missing_guards(connection) == []


def test_doctor_sees_a_guard_that_was_dropped(database):
    with writing(database) as connection:
        connection.execute(text("DROP TRIGGER guard_log_leaves_update"))
        assert missing_guards(connection) == ["guard_log_leaves_update"]


def test_the_migrations_give_the_schema_that_the_tables_say(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'evenhand.db'}")
    migrate(engine)
    with reading(engine) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_the_code_knows_the_latest_revision():
    assert script_directory().get_current_head() == SCHEMA_REVISION


def test_no_migration_rewrites_a_table_in_a_batch():
    for path in (Path(curation.db.__file__).parent / "migrations" / "versions").glob("r*.py"):
        assert "batch_alter_table" not in path.read_text("utf-8"), path


def test_connections_have_the_settings_that_durability_rests_on(database):
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1, "secure_delete": 1}
    with reading(database) as connection:
        assert {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in wanted} == wanted
