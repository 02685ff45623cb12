"""Restore a home from a backup.

Rules that always hold:
- every member is compared with the manifest first; the data is then proved from its leaves, and the log's root is
  compared with the last checkpoint, whose signature is verified;
- a log is never continued behind what others have seen: where a published checkpoint is given, one that the backup does
  not reach is refused;
- the new home is whole or is not there; the database commits last.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sqlalchemy import Connection, Table, select

from curation.backup import KEYS, Backup, open_backup
from curation.db import SCHEMA_REVISION
from curation.errors import BackupInvalid, HomeUnusable, InvalidInput, NoteInvalid
from curation.evidence.carried import place_record
from curation.evidence.forget import FOLDER as EVIDENCE
from curation.home import making_database, making_folder, new_database, read_keys
from curation.log.notes import Checkpoint, VerifierKey, open_checkpoint
from curation.log.store import publish_log
from curation.protected import FOLDER as PROTECTED
from curation.protected import place_protected
from curation.tables import log_epochs, meta
from curation.transfer import (
    TABLES,
    Row,
    TableDigest,
    digest_tables,
    fill_table,
    gather_statistics,
    prove_contents,
    read_line,
)

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class RestoredHome:
    """What was restored, and whether its keys are there."""

    dataset: str
    origin: str
    size: int
    root: str | None
    rows: int
    releases: list[str]
    has_keys: bool


def restore_backup(
    file: Path,
    path: Path,
    *,
    database: str | None = None,
    keys: Path | None = None,
    checkpoint: Path | None = None,
) -> RestoredHome:
    """Make a home from a backup.

    Args:
        file: the backup.
        path: the new home's folder, which does not exist or is empty.
        database: the URL of an empty PostgreSQL database; by default SQLite in the folder.
        keys: the folder that holds the home's keys, where the backup does not hold them.
        checkpoint: the log's last checkpoint that others have seen.

    Raises:
        BackupInvalid: the backup is damaged, was edited, or does not fit keys or checkpoint.
        LogInconsistent: its data does not follow from its leaves.
        Conflict: folder or database are taken.
    """
    with open_backup(file) as backup:
        backup.check()
        manifest = backup.manifest
        if manifest.schema_revision != SCHEMA_REVISION:
            raise HomeUnusable(
                f"the backup has schema revision {manifest.schema_revision}; this version of evenhand needs "
                f"{SCHEMA_REVISION}",
                hint=f"Restore it with evenhand {manifest.evenhand}, then upgrade.",
            )
        with making_folder(path):
            has_keys = _place_keys(backup, path, keys)
            engine = new_database(path, database)
            try:
                with making_database(engine) as connection:
                    rows = _fill(backup, connection)
                    _prove(backup, connection, checkpoint)
                    releases = _place_releases(backup, path)
                    _place_files(backup, path)
                    publish_log(connection, path / "log", anew=True)
            finally:
                engine.dispose()
    return RestoredHome(
        manifest.dataset, manifest.origin, manifest.log.size, manifest.log.root, rows, releases, has_keys
    )


def _place_keys(backup: Backup, path: Path, keys: Path | None) -> bool:
    """Put the keys where they belong, from the backup or from elsewhere, and have them fit."""
    for name in KEYS:
        source = None if keys is None else keys / PurePosixPath(name).name
        if source is None and name not in backup.manifest.members:
            return False
        try:
            content = backup.open(name).read() if source is None else source.read_bytes()
        except OSError:
            raise InvalidInput("cannot be read", where=str(source)) from None
        descriptor = os.open(path / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    log_key, _ = read_keys(path)
    if log_key.verifier().text() != backup.manifest.verifier:
        raise BackupInvalid("it is of another home than these keys, or was signed with another key", where="keys")
    return True


def _rows(backup: Backup, table: Table) -> Iterator[Row]:
    name = f"tables/{table.name}.jsonl"
    with backup.open(name) as file:
        for number, line in enumerate(file, 1):
            try:
                yield read_line(table, line)
            except (ValueError, RecursionError):
                raise BackupInvalid("is no row of this table", where=f"{name}:{number}") from None


def _fill(backup: Backup, connection: Connection) -> int:
    for table in TABLES:
        if f"tables/{table.name}.jsonl" not in backup.manifest.members:
            raise BackupInvalid("is missing", where=f"tables/{table.name}.jsonl")
    return sum(fill_table(connection, table, _rows(backup, table)) for table in TABLES)


def _prove(backup: Backup, connection: Connection, checkpoint: Path | None) -> None:
    manifest = backup.manifest
    gather_statistics(connection)
    for name, digest in digest_tables(connection).items():
        member = manifest.members[f"tables/{name}.jsonl"]
        if digest != TableDigest(member.rows or 0, member.sha256):
            raise BackupInvalid("arrived with other rows than it holds", where=f"tables/{name}.jsonl")
    values = {row.name: row.value for row in connection.execute(select(meta))}
    if (values.get("dataset"), values.get("origin")) != (manifest.dataset, manifest.origin):
        raise BackupInvalid("is of another home than the manifest says", where="tables/meta.jsonl")
    verifier = VerifierKey.parse(manifest.verifier)
    ends = {row.size: row for row in connection.execute(select(log_epochs).order_by(log_epochs.c.epoch))}
    for end in ends.values():
        _compare(end.checkpoint.encode(), verifier, end.size, end.root, f"the checkpoint of epoch {end.epoch}")
    if max(ends, default=0) != manifest.log.size:
        raise BackupInvalid("its log ends elsewhere than the manifest says", where="tables/log_epochs.jsonl")
    prove_contents(connection)
    if checkpoint is not None:
        _reach(checkpoint, verifier, {size: end.root for size, end in ends.items()})


def _open(note: bytes, verifier: VerifierKey, where: str) -> Checkpoint:
    try:
        return open_checkpoint(note, verifier)
    except NoteInvalid as error:
        raise BackupInvalid(f"does not verify: {error}", where=where) from None


def _compare(note: bytes, verifier: VerifierKey, size: int, root: str, where: str) -> None:
    signed = _open(note, verifier, where)
    if (signed.size, signed.root.hex()) != (size, root):
        raise BackupInvalid("was signed for another size or root", where=where)


def _reach(path: Path, verifier: VerifierKey, roots: dict[int, str]) -> None:
    """Refuse a backup that ends before the checkpoint, or has another history."""
    try:
        seen = _open(path.read_bytes(), verifier, str(path))
    except OSError:
        raise InvalidInput("cannot be read", where=str(path)) from None
    last = max(roots, default=0)
    if seen.size > last:
        raise BackupInvalid(
            f"the log was published up to {seen.size} leaves, and the backup ends at {last}: to go on from there would "
            "give one log two histories",
            hint="Restore a later backup.",
        )
    if roots.get(seen.size) != seen.root.hex():
        raise BackupInvalid(f"the backup's log has another root at {seen.size} leaves than the one published")


def _place_releases(backup: Backup, path: Path) -> list[str]:
    versions: dict[str, None] = {}
    for name in backup.manifest.members:
        parts = PurePosixPath(name).parts
        if parts[0] != "releases":
            continue
        if len(parts) < 3 or ".." in parts or "\\" in name or PurePosixPath(name).as_posix() != name:
            raise BackupInvalid("is no path of a release", where=name)
        target = path.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with backup.open(name) as source, target.open("xb") as made:
            shutil.copyfileobj(source, made, _CHUNK)
        versions[parts[1]] = None
    return list(versions)


def _place_files(backup: Backup, path: Path) -> None:
    """Kept pages and protected sets."""
    places = {EVIDENCE: place_record, PROTECTED: place_protected}
    for name in backup.manifest.members:
        place = places.get(PurePosixPath(name).parts[0])
        if place is not None:
            with backup.open(name) as source:
                place(path, name, source)
