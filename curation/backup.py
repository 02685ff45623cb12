"""Backups: one file that holds a home.

A backup is a plain tar file (POSIX, uncompressed) with these members, in this order:

    manifest.json            what follows: each member's SHA-256 and size, the log's size and root, the schema revision
    manifest.note            the manifest's SHA-256, as a note signed by the log's key
    tables/<name>.jsonl      each table of the database, one row a line, in the order of its key, bytes in base64
    releases/<version>/…     the bundles, as they lie in the home's folder
    evidence/…               the cited pages that were kept
    protected/…              the home's own protected sets
    keys/log.key, keys/vault.key        only when asked for

Rules that always hold:
- the tables are of one moment, whatever is written meanwhile; the format does not depend on the database, and no order
  in it tells when anything arrived;
- a backup is read again and compared before it gets its name;
- log files are not in it: they are a function of the leaves;
- it holds accounts, tokens' digests, the sealed vault and kept pages: only its owner may read it, and without the keys
  it names nobody and signs nothing.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from pydantic import Field
from sqlalchemy import Connection, select

import curation
from curation.clock import day_of
from curation.db import SCHEMA_REVISION, reading
from curation.errors import BackupInvalid, Conflict, NoteInvalid
from curation.evidence.carried import copy_records
from curation.home import Home
from curation.log.notes import VerifierKey, open_note
from curation.protected import copy_protected
from curation.releases.manifest import sha256_of
from curation.tables import log_epochs, releases
from curation.transfer import TABLES, digest_rows, rows_of_table
from curation.writing import Platform
from curation_schemas.base import Wire
from curation_schemas.parsing import SchemaInvalid, load_json, validate
from curation_schemas.release import MANIFEST as RELEASE_MANIFEST

MANIFEST, NOTE = "manifest.json", "manifest.note"
KEYS = ("keys/log.key", "keys/vault.key")
_CHUNK = 1 << 20
_MAX_MANIFEST_BYTES = 16_000_000


class Member(Wire):
    """A member of a backup."""

    sha256: str
    bytes: int = Field(ge=0)
    rows: int | None = None


class LogState(Wire):
    """How far the log had come."""

    size: int = Field(ge=0)
    epochs: int = Field(ge=0)
    root: str | None
    checkpoint: str | None


class BackupManifest(Wire):
    """What a backup holds."""

    format: Literal["evenhand/backup/v1"] = "evenhand/backup/v1"
    evenhand: str
    schema_revision: str
    dataset: str
    origin: str
    verifier: str
    log: LogState
    members: dict[str, Member]


@dataclass(frozen=True, slots=True)
class WrittenBackup:
    """A backup that was written and read again, and what it lacks because it is gone or damaged.

    `left_out` are versions of releases, `pages_left_out` counts kept pages.
    """

    path: Path
    manifest: BackupManifest
    left_out: list[str]
    pages_left_out: int


def write_backup(platform: Platform, target: Path, *, with_keys: bool = False) -> WrittenBackup:
    """Write a backup of a home.

    Args:
        platform: the home; others may go on writing.
        target: the new file, or a folder that gets one named after dataset, epoch and day.
        with_keys: put the keys in too. Whoever has the file can then sign as the log and learn who everybody is.

    Raises:
        Conflict: the file exists.
        BackupInvalid: it does not read as it was written.
    """
    home = platform.home
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=target if target.is_dir() else target.parent) as aside:
        folder = Path(aside)
        with reading(home.engine) as connection:
            log = _log_state(connection)
            members = _write_tables(connection, folder)
            files, left_out = _release_files(connection, home)
            pages, pages_left_out = copy_records(connection, home.path, folder)
        files |= pages | copy_protected(home.path, folder)
        if with_keys:
            files |= {name: home.path / name for name in KEYS}
        members |= {name: Member(sha256=sha256_of(path), bytes=path.stat().st_size) for name, path in files.items()}
        if target.is_dir():
            target = target / f"{home.dataset}-epoch-{log.epochs}-{day_of(platform.clock.now())}.tar"
        if target.exists():
            raise Conflict(f"{target} exists", hint="Name another file.")
        manifest = BackupManifest(
            evenhand=curation.__version__,
            schema_revision=SCHEMA_REVISION,
            dataset=home.dataset,
            origin=home.origin,
            verifier=home.verifier.text(),
            log=log,
            members=members,
        )
        made = folder / "backup.tar"
        _write_tar(made, home, manifest, {name: folder / name for name in members if name not in files} | files)
        with open_backup(made) as backup:
            backup.check()
        made.rename(target)
    return WrittenBackup(target, manifest, left_out, pages_left_out)


def _log_state(connection: Connection) -> LogState:
    last = connection.execute(select(log_epochs).order_by(log_epochs.c.epoch.desc()).limit(1)).first()
    if last is None:
        return LogState(size=0, epochs=0, root=None, checkpoint=None)
    return LogState(size=last.size, epochs=last.epoch + 1, root=last.root, checkpoint=last.checkpoint)


def _write_tables(connection: Connection, folder: Path) -> dict[str, Member]:
    members = {}
    for table in TABLES:
        name = f"tables/{table.name}.jsonl"
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as file:
            digest = digest_rows(table, rows_of_table(connection, table), file.write)
        members[name] = Member(sha256=digest.sha256, bytes=path.stat().st_size, rows=digest.rows)
    return members


def _release_files(connection: Connection, home: Home) -> tuple[dict[str, Path], list[str]]:
    """The files of the releases that stand in the database, and the versions whose folder is not what was recorded."""
    found: dict[str, Path] = {}
    left_out = []
    for row in connection.execute(select(releases).order_by(releases.c.size)):
        folder = home.releases_path / row.version
        manifest = folder / RELEASE_MANIFEST
        if not manifest.is_file() or sha256_of(manifest) != row.manifest:
            left_out.append(row.version)
            continue
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                found[f"releases/{row.version}/{path.relative_to(folder).as_posix()}"] = path
    return found, left_out


def _render(manifest: BackupManifest) -> bytes:
    return (json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n").encode()


def _statement(origin: str, manifest: bytes) -> str:
    return f"evenhand.org/v1/backup\n{origin}\n{hashlib.sha256(manifest).hexdigest()}\n"


def _write_tar(path: Path, home: Home, manifest: BackupManifest, files: dict[str, Path]) -> None:
    rendered = _render(manifest)
    note = home.log_key.sign_note(_statement(home.origin, rendered)).encode()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for name, content in ((MANIFEST, rendered), (NOTE, note)):
                tar.addfile(_member(name, len(content)), io.BytesIO(content))
            for name in manifest.members:
                with files[name].open("rb") as source:
                    tar.addfile(_member(name, manifest.members[name].bytes), source)
        file.flush()
        os.fsync(file.fileno())


def _member(name: str, size: int) -> tarfile.TarInfo:
    # No owner, no time: the same home gives the same file.
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info


@dataclass(frozen=True, slots=True)
class Backup:
    """An opened backup. Its manifest was read; nothing else was looked at yet."""

    manifest: BackupManifest
    note: bytes
    rendered: bytes
    tar: tarfile.TarFile

    def check(self) -> None:
        """Compare every member with the manifest, and the manifest with its note. Raises BackupInvalid naming it."""
        try:
            verifier = VerifierKey.parse(self.manifest.verifier)
            text, _ = open_note(self.note, [verifier])
        except NoteInvalid as error:
            raise BackupInvalid(f"does not verify: {error}", where=NOTE) from None
        if verifier.name != self.manifest.origin or text != _statement(self.manifest.origin, self.rendered):
            raise BackupInvalid("is not the manifest that was signed", where=MANIFEST)
        listed = [MANIFEST, NOTE, *self.manifest.members]
        found = [info.name for info in self.tar.getmembers()]
        for name in sorted(set(found) ^ set(listed)):
            raise BackupInvalid("is missing" if name in listed else "is not in the manifest", where=name)
        if len(found) != len(listed):
            raise BackupInvalid("holds a member twice", where=MANIFEST)
        for name, member in self.manifest.members.items():
            if self._digest(name) != (member.sha256, member.bytes):
                raise BackupInvalid("was changed: it is not what the manifest says", where=name)

    def _digest(self, name: str) -> tuple[str, int]:
        seen, size = hashlib.sha256(), 0
        with self.open(name) as file:
            while chunk := file.read(_CHUNK):
                seen.update(chunk)
                size += len(chunk)
        return seen.hexdigest(), size

    def open(self, name: str) -> IO[bytes]:
        """Read a member. Raises BackupInvalid."""
        return _open(self.tar, name)


def _open(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    try:
        info = tar.getmember(name)
        file = tar.extractfile(info) if info.isreg() else None
    except (KeyError, tarfile.TarError, OSError):
        raise BackupInvalid("is missing or cannot be read", where=name) from None
    if file is None:
        raise BackupInvalid("is no plain file", where=name)
    return file


@contextmanager
def open_backup(path: Path) -> Iterator[Backup]:
    """Open a backup. Raises BackupInvalid, also for what goes wrong while it is read."""
    try:
        with tarfile.open(path, mode="r:") as tar:
            rendered, note = (_read_small(tar, name) for name in (MANIFEST, NOTE))
            try:
                manifest = validate(BackupManifest, load_json(rendered))
            except SchemaInvalid as error:
                raise BackupInvalid(str(error)[:500], where=MANIFEST) from None
            yield Backup(manifest, note, rendered, tar)
    except (tarfile.TarError, EOFError):
        raise BackupInvalid(f"{path} is no backup, or is cut off") from None


def _read_small(tar: tarfile.TarFile, name: str) -> bytes:
    with _open(tar, name) as file:
        content = file.read(_MAX_MANIFEST_BYTES + 1)
    if len(content) > _MAX_MANIFEST_BYTES:
        raise BackupInvalid(f"is larger than {_MAX_MANIFEST_BYTES} bytes", where=name)
    return content
