"""A home: one dataset's database, and the folder with its keys, log tiles and releases.

Rules that always hold:
- the log's signing key and the vault's key lie under `keys/`, readable by their owner only, apart from the database:
  a backup of the database alone can neither sign nor name anybody;
- the database is SQLite in the folder, or PostgreSQL under an address that the folder does not keep (it may hold a
  password); the folder says which, and never both;
- a home holds one dataset and one log; its origin never changes;
- a home that cannot be made whole is not made at all.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select, text

from curation.address import is_postgresql, shown_address
from curation.db import check_revision, check_server, is_empty, migrate_in, open_engine, reading, writing
from curation.errors import Conflict, HomeUnusable, InvalidInput, NoteInvalid
from curation.guards import remove_guards
from curation.identifiers import TokenBytes
from curation.log.notes import Checkpoint, SigningKey, VerifierKey
from curation.tables import meta, metadata

VAULT_KEY_BYTES = 32
SQLITE_FILE = "evenhand.db"
ELSEWHERE = "database"
"""The file that says, in a home without SQLite, that its data is in PostgreSQL."""


@dataclass(frozen=True)
class Home:
    """An opened home."""

    path: Path
    engine: Engine
    dataset: str
    origin: str
    log_key: SigningKey
    vault_key: bytes

    @property
    def log_path(self) -> Path:
        """The folder of checkpoint and tiles, to be served as static files."""
        return self.path / "log"

    @property
    def releases_path(self) -> Path:
        """The folder of the bundles, one folder a version."""
        return self.path / "releases"

    @property
    def verifier(self) -> VerifierKey:
        """The public key that verifies checkpoints and receipts."""
        return self.log_key.verifier()

    def close(self) -> None:
        """Give the database's connections back."""
        self.engine.dispose()


def _write_secret(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def write_keys(path: Path, log_key: SigningKey, vault_key: bytes) -> None:
    """Write a home's keys, readable by their owner only."""
    _write_secret(path / "keys" / "log.key", log_key.text().encode() + b"\n")
    _write_secret(path / "keys" / "vault.key", vault_key.hex().encode() + b"\n")


@contextmanager
def making_folder(path: Path) -> Iterator[None]:
    """A home's folder, empty but for its parts; removed again on any exception. Raises Conflict when it is taken."""
    existed = path.exists()
    if existed and (not path.is_dir() or any(path.iterdir())):
        raise Conflict(f"{path} exists and is not an empty folder", hint="Choose another --home.")
    try:
        (path / "keys").mkdir(parents=True, mode=0o700)
        for name in ("log", "releases"):
            (path / name).mkdir()
        yield
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        if existed:
            path.mkdir()
        raise


def check_empty(connection: Connection) -> None:
    """Raise Conflict unless a database can become a new home's: empty, and of a server that is new enough."""
    check_server(connection)
    if not is_empty(connection):
        place = shown_address(connection.engine.url)
        raise Conflict(f"the database {place} holds tables already", hint="Name one that is empty.")


@contextmanager
def making_database(engine: Engine) -> Iterator[Connection]:
    """A new schema in an empty database, filled in the same transaction. Raises Conflict when it is not empty."""
    with writing(engine, alone=True) as connection:
        check_empty(connection)
        migrate_in(connection)
        yield connection


def new_database(path: Path, database: str | None) -> Engine:
    """The database of a new home: the one that is named, or SQLite in the folder."""
    engine = open_engine(database or _sqlite_url(path))
    if is_postgresql(engine.url):
        note_database(path)
    elif Path(str(engine.url.database)).resolve() != (path / SQLITE_FILE).resolve():
        raise InvalidInput(
            f"SQLite belongs into the home's folder, as {SQLITE_FILE}",
            where="EVENHAND_DATABASE_URL",
            hint="Unset it, or name PostgreSQL.",
        )
    return engine


def note_database(path: Path) -> None:
    """Note in a home's folder that its data is in PostgreSQL."""
    note = "postgresql\nIts address comes from EVENHAND_DATABASE_URL and is kept nowhere here.\n"
    (path / ELSEWHERE).write_text(note, "utf-8")


def _sqlite_url(path: Path) -> str:
    return f"sqlite:///{path / SQLITE_FILE}"


def create_home(
    path: Path,
    dataset: str,
    origin: str | None = None,
    *,
    database: str | None = None,
    token_bytes: TokenBytes = secrets.token_bytes,
) -> Home:
    """Make an empty home for a dataset.

    Args:
        path: a folder that does not exist or is empty.
        dataset: the dataset's slug.
        origin: the log's name for ever (C2SP: a schema-less URL); by default one that no other home has.
        database: the URL of an empty PostgreSQL database; by default SQLite in the folder.
        token_bytes: where keys come from.

    Raises:
        Conflict: the folder or the database holds something already.
        InvalidInput: the origin is not one that a checkpoint can carry, or the URL is none.
        HomeUnusable: the database cannot be used.
    """
    origin = origin or f"evenhand.invalid/{dataset}/{token_bytes(4).hex()}"
    try:
        Checkpoint(origin, 1, bytes(32))
        log_key = SigningKey.generate(origin, token_bytes=token_bytes)
    except (InvalidInput, NoteInvalid) as error:
        raise InvalidInput(error.message, where="origin", hint="For instance: example.org/my-dataset.") from None
    with making_folder(path):
        write_keys(path, log_key, token_bytes(VAULT_KEY_BYTES))
        engine = new_database(path, database)
        try:
            with making_database(engine) as connection:
                rows = [{"name": "dataset", "value": dataset}, {"name": "origin", "value": origin}]
                connection.execute(insert(meta), rows)
        finally:
            engine.dispose()
    return open_home(path, database)


def discard_home(home: Home) -> None:
    """Remove a home whose making failed half-way: its folder, and its tables where they are elsewhere."""
    if is_postgresql(home.engine.url):
        with writing(home.engine, alone=True) as connection:
            metadata.drop_all(connection)
            connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
            remove_guards(connection)
    home.close()
    shutil.rmtree(home.path)


def _read_key(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, ValueError):
        raise HomeUnusable(f"{path} cannot be read", hint="Restore the keys folder from where you keep it.") from None


def database_of(path: Path, database: str | None = None) -> str:
    """The URL of a home's database. Raises HomeUnusable when folder and URL do not go together."""
    here = (path / SQLITE_FILE).is_file()
    if here and database not in (None, _sqlite_url(path)):
        raise HomeUnusable(
            f"{path} keeps its data in {SQLITE_FILE}, and EVENHAND_DATABASE_URL names another database",
            hint=f"Unset it; or, where `evenhand db copy` brought the data there, move {SQLITE_FILE} away.",
        )
    if here:
        return _sqlite_url(path)
    if database is None and (path / ELSEWHERE).is_file():
        raise HomeUnusable(
            f"the data of the home in {path} is in a PostgreSQL database",
            hint="Say where: EVENHAND_DATABASE_URL=postgresql://user:password@host/name",
        )
    if database is None or not (path / "keys").is_dir():
        raise HomeUnusable(f"{path} is no home", hint="Run `evenhand init` or `evenhand demo`, or name another --home.")
    return database


def open_home(path: Path, database: str | None = None) -> Home:
    """Open a home. Raises HomeUnusable when it is none, or lacks its keys, or is of another version.

    Args:
        path: its folder.
        database: the URL of its database, where that is PostgreSQL.
    """
    engine = open_engine(database_of(path, database))
    try:
        return _open(path, engine)
    except BaseException:
        engine.dispose()
        raise


def _open(path: Path, engine: Engine) -> Home:
    check_revision(engine)
    with reading(engine) as connection:
        values = {row.name: row.value for row in connection.execute(select(meta))}
    if not {"dataset", "origin"} <= set(values):
        raise HomeUnusable(f"the home in {path} was never finished", hint="Delete it and run `evenhand init` again.")
    log_key, vault_key = read_keys(path)
    if log_key.name != values["origin"]:
        raise HomeUnusable(
            f"the keys under {path / 'keys'} belong to another home: they are those of the log {log_key.name}, and "
            f"the database {shown_address(engine.url)} holds the log {values['origin']}",
            hint="Restore the keys folder, or name the right database.",
        )
    return Home(path, engine, values["dataset"], values["origin"], log_key, vault_key)


def read_keys(path: Path) -> tuple[SigningKey, bytes]:
    """The log's key and the vault's key of a home. Raises HomeUnusable."""
    try:
        vault_key = bytes.fromhex(_read_key(path / "keys" / "vault.key"))
        log_key = SigningKey.parse(_read_key(path / "keys" / "log.key"))
    except (ValueError, NoteInvalid):
        raise HomeUnusable(f"a key under {path / 'keys'} is damaged", hint="Restore the keys folder.") from None
    if len(vault_key) != VAULT_KEY_BYTES:
        raise HomeUnusable(f"a key under {path / 'keys'} is damaged", hint="Restore the keys folder.")
    return log_key, vault_key
