"""The database: engine, transactions, locks, migrations.

Rules that always hold:
- one commit, at the edge: `writing()` commits all or nothing, and no other module commits;
- `reading()` is one consistent view: a snapshot that nothing else can write into;
- SQLite runs in WAL mode with `synchronous=FULL`, foreign keys, recursive triggers and secure delete (what is deleted
  is overwritten), and takes its write lock when a writing transaction begins: there is one writer at a time;
- on PostgreSQL writers run side by side. Each holds a shared lock to its end, so that whoever writes *alone* (the
  sealing of an epoch, a rebuilding) waits for all of them and holds up the next ones. What must not be done twice at
  once is locked by name (`lock`). Isolation is READ COMMITTED: a statement after a lock sees all that was committed
  before the lock was given;
- an error of the database never repeats the values it was given; a database that cannot be reached, or that went away,
  is `Unavailable`;
- a database of another schema revision is refused, never guessed at.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, NestedTransaction, Table, create_engine, event, inspect, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DatabaseError, DBAPIError

from curation.address import is_postgresql, read_address, shown_address
from curation.errors import HomeUnusable, Unavailable
from curation.guards import install_guards

_SCRUB_TRIES, _SCRUB_PAUSE_S = 10, 0.05
SCHEMA_REVISION = "0016"
OLDEST_POSTGRESQL = 15
MOST_LOCKS = 2_000
"""As many names one transaction may lock: PostgreSQL has room for some thousands in all. Work on more is done alone."""

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA recursive_triggers=ON",
    "PRAGMA secure_delete=ON",
    "PRAGMA cache_size=-65536",  # 64 MB: rows come in the order of their hashes, that is in none
    "PRAGMA wal_autocheckpoint=8192",  # 32 MB: at the default of 4 MB every batch of an import waits for one
    "PRAGMA busy_timeout=20000",
)
_POSTGRESQL_OPTIONS = "-c lock_timeout=30s"
# A writing transaction that stands still holds up the sealing of the epoch; its process may be gone.
_END_IF_STILL = "set_config('idle_in_transaction_session_timeout', '10min', true)"
# Servers close connections of clients that fell silent late; with these they are found dead within two minutes.
_KEEPALIVES = {"keepalives_idle": 60, "keepalives_interval": 15, "keepalives_count": 4}

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_PASSING = {
    "40P01": "two transactions waited for each other, and the database ended this one",
    "40001": "another transaction came in between",
    "55P03": "the database was busy for too long",
    "53300": "the database takes no more connections",
    "57P01": "the database is being shut down",
    "57P02": "the database is being restarted",
    "57P03": "the database is starting up",
    "25P03": "the transaction stood still for too long",
}


def open_engine(url: str) -> Engine:
    """An engine for `sqlite:///…` or `postgresql://…`, set up as the rules above say. Raises InvalidInput."""
    address = read_address(url)
    if is_postgresql(address):
        options = " ".join(filter(None, [str(address.query.get("options", "")), _POSTGRESQL_OPTIONS]))
        engine = create_engine(
            address.set(query={name: value for name, value in address.query.items() if name != "options"}),
            # With 40 threads for requests, each of which holds one connection at most, 40 are enough.
            pool_size=10,
            max_overflow=30,
            pool_pre_ping=True,
            hide_parameters=True,
            isolation_level="READ COMMITTED",
            connect_args={"options": options, "connect_timeout": 10, **_KEEPALIVES},
        )
        event.listen(engine, "handle_error", _keep_first_line)
        return engine
    engine = create_engine(address, pool_size=64, max_overflow=64, hide_parameters=True)
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


def _keep_first_line(context: ExceptionContext) -> None:
    """Cut what PostgreSQL adds to an error: its DETAIL repeats the values of the row."""
    for error in (context.original_exception, context.sqlalchemy_exception):
        if error is not None and error.args:
            error.args = (str(error.args[0]).partition("\n")[0], *error.args[1:])


@contextmanager
def writing(engine: Engine, *, alone: bool = False) -> Iterator[Connection]:
    """One transaction that writes: all of it is committed, or, on any exception, none.

    Args:
        engine: the home's database.
        alone: no other transaction writes meanwhile; for what looks at, or changes, much of the database.

    Raises:
        Unavailable: the database cannot be reached, went away, or is too busy.
    """
    ends = False
    try:
        with engine.connect() as plain:
            connection = plain.execution_options(writes=True, alone=alone)
            with connection.begin():
                if engine.dialect.name == "postgresql":
                    connection.execute(_BEGIN_ALONE if alone else _BEGIN_SHARED)
                yield connection
                ends = True
    except DBAPIError as error:
        raise _explained(engine, error, ends=ends) from None


@contextmanager
def attempting(connection: Connection) -> Iterator[None]:
    """A part of a writing transaction: on any exception, what it wrote is taken back and the rest stays."""
    # By the driver: SQLAlchemy's own savepoints cost a third of what a bulk import's line costs in all.
    cursor = connection.connection.cursor()
    cursor.execute("SAVEPOINT attempt")
    try:
        yield
    except BaseException:
        cursor.execute("ROLLBACK TO SAVEPOINT attempt")
        raise
    finally:
        cursor.execute("RELEASE SAVEPOINT attempt")
        cursor.close()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent view; nothing is written. Raises Unavailable."""
    try:
        with engine.connect() as plain:
            connection = plain
            if engine.dialect.name == "postgresql":
                connection = plain.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection
    except DBAPIError as error:
        raise _explained(engine, error, ends=False) from None


def keep(attempt: NestedTransaction) -> None:
    """Keep what was done since a savepoint; it is committed, or not, with its transaction."""
    attempt.commit()


def empty_write_ahead_file(engine: Engine) -> bool:
    """Move what SQLite's write-ahead file holds into the database and cut the file to nothing.

    What a transaction deleted stays readable in that file until then, however thoroughly it was overwritten in the
    database itself; so do the frames of earlier transactions, in the order of their commits. Returns whether it worked:
    while somebody reads an older state it cannot, and the end of the next epoch tries again.
    """
    if engine.dialect.name != "sqlite":
        return True
    connection = engine.raw_connection()
    try:
        try:
            # Rewrites every table in the order of its keys: within a page, cells lie in the order in which they came.
            connection.cursor().execute("VACUUM")
        except sqlite3.OperationalError:
            pass  # somebody is at work; the next epoch's end tries again
        for _ in range(_SCRUB_TRIES):
            busy, _, _ = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return True
            time.sleep(_SCRUB_PAUSE_S)
        return False
    finally:
        connection.close()


@contextmanager
def _locked_file(engine: Engine, name: str) -> Iterator[None]:
    if engine.dialect.name != "sqlite" or not engine.url.database:
        yield
        return
    beside = Path(engine.url.database)
    with beside.with_name(f".{beside.name}-{re.sub('[^a-z]', '-', name)}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def taking_turns(engine: Engine, name: str) -> Iterator[Connection]:
    """A transaction that reads, one at a time for each name: for work outside the database, such as writing files.

    Every statement sees what was committed before it. With SQLite, which has no such lock, a file beside it is locked.
    """
    try:
        with _locked_file(engine, name), engine.connect() as connection, connection.begin():
            lock(connection, [name])
            yield connection
    except DBAPIError as error:
        raise _explained(engine, error, ends=False) from None


def _key(name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"evenhand {name}".encode()).digest()[:8], "big", signed=True)


_BEGIN_SHARED = text(f"SELECT pg_advisory_xact_lock_shared({_key('writing')}), {_END_IF_STILL}")
_BEGIN_ALONE = text(f"SELECT pg_advisory_xact_lock({_key('writing')}), {_END_IF_STILL}")


def lock(connection: Connection, names: Iterable[str]) -> None:
    """Hold names to the end of the transaction: whoever else asks for one of them waits.

    All names of one call are taken in one order, so two such calls never wait for each other. Nothing is done where
    only one transaction writes: on SQLite, and in a transaction that writes alone.
    """
    if connection.dialect.name != "postgresql" or connection.get_execution_options().get("alone", False):
        return
    keys = sorted({_key(name) for name in names})
    if len(keys) > MOST_LOCKS:
        raise ValueError(f"{len(keys)} names locked in one transaction; do such work alone")
    query = "SELECT pg_advisory_xact_lock(key) FROM (SELECT unnest(CAST(:keys AS bigint[])) AS key) AS wanted"
    connection.execute(text(query), {"keys": keys})


def add_if_new(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Insert a row unless one of its keys is taken, also by a transaction that ends just now. Whether it was new."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(table).values(row).on_conflict_do_nothing().returning(*table.primary_key.columns)
    return connection.execute(statement).first() is not None


def _explained(engine: Engine, error: DBAPIError, *, ends: bool) -> Exception:
    """What a failure of PostgreSQL means; everything else as it is."""
    if engine.dialect.name != "postgresql" or not isinstance(error.orig, psycopg.Error):
        return error
    state = error.orig.sqlstate
    passing = _PASSING.get(state or "")
    if passing is None and not error.connection_invalidated and state is not None:
        return error
    place = shown_address(engine.url)
    if ends and (error.connection_invalidated or state is None):
        return Unavailable(
            f"the database {place} went away while a change was being kept, so it may have been kept or not",
            hint="Look whether it was before you do it again.",
            uncertain=True,
        )
    if passing is not None:
        return Unavailable(f"{passing} ({place}); nothing was kept", hint="Try again.")
    if error.connection_invalidated:
        return Unavailable(f"the database {place} went away; nothing was kept", hint="Try again once it is back.")
    return _unreachable(place, str(error.orig))


def _unreachable(place: str, said: str) -> HomeUnusable:
    # A connection that fails has no error code, only words; a server may say them in another language.
    if "password" in said or "authentication failed" in said:
        return HomeUnusable(
            f"the database {place} does not accept this user and password", hint="Look at EVENHAND_DATABASE_URL."
        )
    if "does not exist" in said and "No such file" not in said:
        return HomeUnusable(
            f"the server has no such database or user: {place}", hint="Make it, or look at EVENHAND_DATABASE_URL."
        )
    if "too many clients" in said or "connection slots" in said:
        return Unavailable(f"the database {place} takes no more connections", hint="Raise its max_connections.")
    return Unavailable(
        f"there is no answer from the database {place}", hint="Is it running? Look at EVENHAND_DATABASE_URL."
    )


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the database to a schema revision, then make the guards again."""
    with writing(engine, alone=True) as connection:
        migrate_in(connection, revision)


def migrate_in(connection: Connection, revision: str = "head") -> None:
    """The same within a transaction."""
    # Heavy, and needed only where a home is made or upgraded.
    from alembic import command  # noqa: PLC0415  # see above
    from alembic.config import Config  # noqa: PLC0415  # see above

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
    install_guards(connection)


def is_empty(connection: Connection) -> bool:
    """Whether the database has no table at all."""
    return not inspect(connection).get_table_names()


def check_server(connection: Connection) -> None:
    """Raise HomeUnusable unless a PostgreSQL server is new enough and its database keeps text as UTF-8."""
    if connection.dialect.name != "postgresql":
        return
    version = int((connection.dialect.server_version_info or (0,))[0])
    if version < OLDEST_POSTGRESQL:
        raise HomeUnusable(f"PostgreSQL {version} is too old", hint=f"Use {OLDEST_POSTGRESQL} or newer.")
    encoding = connection.execute(text("SHOW server_encoding")).scalar()
    if encoding != "UTF8":
        raise HomeUnusable(f"the database keeps text as {encoding}", hint="Make one with ENCODING 'UTF8'.")


def check_revision(engine: Engine) -> None:
    """Raise HomeUnusable unless the database has this code's schema revision."""
    try:
        with reading(engine) as connection:
            check_server(connection)
            if not inspect(connection).has_table("alembic_version"):
                raise HomeUnusable("the database holds no Evenhand home", hint="Run `evenhand init` first.")
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except DatabaseError as error:
        reason = str(error.orig or error).splitlines()[0]
        raise HomeUnusable(
            f"the database cannot be read: {reason}",
            hint="Is the disk full or failing? If it is not, restore it from a backup.",
        ) from None
    if found == SCHEMA_REVISION:
        return
    hint = "Upgrade evenhand."
    if str(found) < SCHEMA_REVISION:
        hint = "Make a backup of it with the version that made it, then run `evenhand db upgrade`."
    raise HomeUnusable(
        f"the database has schema revision {found}; this version of evenhand needs {SCHEMA_REVISION}", hint=hint
    )
