"""A home: the folder that holds one dataset's database, keys, log tiles and releases.

Rules that always hold:
- the log's signing key and the vault's key lie under `keys/`, readable by their owner only, apart from the database:
  a backup of the database alone can neither sign nor name anybody;
- a home holds one dataset and one log; its origin never changes.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, insert, select

from curation.db import check_revision, migrate, open_engine, reading, writing
from curation.errors import Conflict, HomeUnusable, InvalidInput, NoteInvalid
from curation.log.notes import Checkpoint, SigningKey, VerifierKey
from curation.tables import meta

VAULT_KEY_BYTES = 32
_DATABASE = "evenhand.db"


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


def _database_url(path: Path) -> str:
    return f"sqlite:///{path / _DATABASE}"


def create_home(path: Path, dataset: str, origin: str | None = None) -> Home:
    """Make an empty home for a dataset.

    Args:
        path: a folder that does not exist or is empty.
        dataset: the dataset's slug.
        origin: the log's name for ever (C2SP: a schema-less URL); by default one that no other home has.

    Raises:
        Conflict: the folder holds something already.
        InvalidInput: the origin is not one that a checkpoint can carry.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise Conflict(f"{path} exists and is not an empty folder", hint="Choose another --home.")
    origin = origin or f"evenhand.invalid/{dataset}/{secrets.token_hex(4)}"
    try:
        Checkpoint(origin, 1, bytes(32))
        log_key = SigningKey.generate(origin)
    except (InvalidInput, NoteInvalid) as error:
        raise InvalidInput(error.message, where="origin", hint="For instance: example.org/my-dataset.") from None
    (path / "keys").mkdir(parents=True, mode=0o700)
    for name in ("log", "releases"):
        (path / name).mkdir()
    _write_secret(path / "keys" / "log.key", log_key.text().encode() + b"\n")
    _write_secret(path / "keys" / "vault.key", secrets.token_bytes(VAULT_KEY_BYTES).hex().encode() + b"\n")
    engine = open_engine(_database_url(path))
    migrate(engine)
    with writing(engine) as connection:
        connection.execute(insert(meta), [{"name": "dataset", "value": dataset}, {"name": "origin", "value": origin}])
    engine.dispose()
    return open_home(path)


def _read_key(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, ValueError):
        raise HomeUnusable(f"{path} cannot be read", hint="Restore the keys folder from where you keep it.") from None


def open_home(path: Path) -> Home:
    """Open a home. Raises HomeUnusable when it is none, or lacks its keys, or is of another version."""
    if not (path / _DATABASE).is_file():
        raise HomeUnusable(f"{path} is no home", hint="Run `evenhand init` or `evenhand demo`, or name another --home.")
    engine = open_engine(_database_url(path))
    check_revision(engine)
    with reading(engine) as connection:
        values = {row.name: row.value for row in connection.execute(select(meta))}
    if not {"dataset", "origin"} <= set(values):
        raise HomeUnusable(f"the home in {path} was never finished", hint="Delete it and run `evenhand init` again.")
    try:
        vault_key = bytes.fromhex(_read_key(path / "keys" / "vault.key"))
        log_key = SigningKey.parse(_read_key(path / "keys" / "log.key"))
    except (ValueError, NoteInvalid):
        raise HomeUnusable(f"a key under {path / 'keys'} is damaged", hint="Restore the keys folder.") from None
    if len(vault_key) != VAULT_KEY_BYTES or log_key.name != values["origin"]:
        raise HomeUnusable(f"the keys under {path / 'keys'} belong to another home", hint="Restore the keys folder.")
    return Home(path, engine, values["dataset"], values["origin"], log_key, vault_key)
