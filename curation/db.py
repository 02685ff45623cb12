"""The database: engine, transactions, migrations.

Rules that always hold:
- one commit, at the edge: `writing()` commits all or nothing, and no other module commits;
- SQLite runs in WAL mode with `synchronous=FULL`, foreign keys, recursive triggers and secure delete (what is deleted
  is overwritten), and takes its write lock when a writing transaction begins;
- an error of the database never repeats the values it was given;
- a database of another schema revision is refused, never guessed at.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DatabaseError

from curation.errors import HomeUnusable
from curation.guards import install_guards

SCHEMA_REVISION = "0001"

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA recursive_triggers=ON",
    "PRAGMA secure_delete=ON",
    "PRAGMA busy_timeout=20000",
)


def open_engine(url: str) -> Engine:
    """An engine for `sqlite:///…` or `postgresql+psycopg://…`, set up as the rules above say."""
    engine = create_engine(url, pool_size=64, max_overflow=64, hide_parameters=True)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own transaction handling is switched off: it would begin late and never «immediate».
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes: all of it is committed, or, on any exception, none."""
    with engine.connect() as plain:
        connection = plain.execution_options(writes=True)
        with connection.begin():
            yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent view; nothing is written."""
    with engine.connect() as connection, connection.begin():
        yield connection


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the database to a schema revision, then make the guards again."""
    # Heavy, and needed only where a home is made or upgraded.
    from alembic import command  # noqa: PLC0415  # see above
    from alembic.config import Config  # noqa: PLC0415  # see above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        install_guards(connection)


def check_revision(engine: Engine) -> None:
    """Raise HomeUnusable unless the database has this code's schema revision."""
    try:
        with reading(engine) as connection:
            if not inspect(connection).has_table("alembic_version"):
                raise HomeUnusable("the database holds no Evenhand home", hint="Run `evenhand init` first.")
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except DatabaseError as error:
        reason = str(error.orig or error).splitlines()[0]
        raise HomeUnusable(f"the database cannot be read: {reason}", hint="Restore it from a backup.") from None
    if found != SCHEMA_REVISION:
        raise HomeUnusable(
            f"the database has schema revision {found}; this version of evenhand needs {SCHEMA_REVISION}",
            hint="Run `evenhand doctor` with the version that made it, or upgrade evenhand.",
        )
