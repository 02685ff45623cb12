"""Build a bundle from a home.

Rules that always hold:
- a bundle is built aside and moved into place whole; an interrupted build leaves nothing that looks like a release;
- the same log, openings and writer versions give the same bytes, in any process, time zone, locale or hash seed.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from sqlalchemy import Connection, select

from curation.collection import paused_collection
from curation.db import taking_turns
from curation.errors import HomeUnusable, NotFound
from curation.home import Home
from curation.log.store import CHECKPOINT, LOG_FILES, publish_log
from curation.log.tiles import expected_paths
from curation.log.trust import TrustedLog, TrustPolicy
from curation.releases.attest import ATTESTATION, sign_release
from curation.releases.build_info import writer_versions
from curation.releases.columns import OPENINGS
from curation.releases.derive import Derived, derive, look_around
from curation.releases.manifest import file_entry, render_manifest
from curation.releases.parquet import OPENINGS_PER_GROUP, write_parquet
from curation.tables import documents, log_epochs, log_leaves, openings
from curation_schemas.release import MANIFEST, FileEntry, LogPosition, ReleaseManifest


class HomeLeaves:
    """The leaves of a home's log, streamed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def __call__(self, start: int, end: int) -> Iterable[bytes]:
        query = select(log_leaves.c.leaf).where(log_leaves.c.idx >= start, log_leaves.c.idx < end)
        rows = self._connection.execution_options(yield_per=5_000).execute(query.order_by(log_leaves.c.idx))
        return rows.scalars()


@dataclass(frozen=True)
class OpenedTexts:
    """Every surviving opening of a home: commitment → (salt, body)."""

    by_commitment: dict[str, tuple[bytes, bytes]]

    def body(self, unit: str, commitment: str) -> bytes | None:
        """The body behind a commitment, or None. The unit is not checked: `record` made the commitment with it."""
        found = self.by_commitment.get(commitment)
        return None if found is None else found[1]


def read_openings(connection: Connection) -> OpenedTexts:
    """Read every opening."""
    query = select(openings.c.commitment, openings.c.salt, openings.c.body)
    return OpenedTexts({row.commitment: (row.salt, row.body) for row in connection.execute(query)})


def read_documents(connection: Connection, derived: Derived) -> dict[str, bytes]:
    """The documents that came with the definition, by path. Raises HomeUnusable when one is gone."""
    found = {row.sha256: row.content for row in connection.execute(select(documents))}
    wanted = derived.facts.terms.documents
    if lost := sorted(path for path, digest in wanted.items() if digest not in found):
        raise HomeUnusable(f"the database lacks the document {lost[0]}", hint="Restore it from a backup.")
    return {path: found[digest] for path, digest in wanted.items()}


def derive_from_home(connection: Connection, home: Home, rows_at: int, size: int, texts: OpenedTexts) -> Derived:
    """Derive the release over a prefix of the home's log."""
    leaves = HomeLeaves(connection)
    return derive(leaves, look_around(leaves, rows_at, size, home.origin), texts.body)


@dataclass(frozen=True, slots=True)
class Built:
    """A bundle's manifest, the topics that left it because they fail a gate, and the gates that broke."""

    manifest: ReleaseManifest
    gated: list[str]
    broken: list[str]
    """Gates of topics that stay whose measure broke, and that nobody overruled."""


def build_bundle(connection: Connection, home: Home, target: Path, rows_at: int, size: int) -> Built:
    """Write the bundle over the first `rows_at` leaves into the new folder `target`.

    Args:
        connection: one consistent view of the home.
        home: the home.
        target: a folder that does not exist yet.
        rows_at: the log size of which the rows are a function.
        size: the log size that the bundle carries; larger than `rows_at` only after erasures.
    """
    texts = read_openings(connection)
    with paused_collection():
        derived = derive_from_home(connection, home, rows_at, size, texts)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    simulated = derived.facts.terms.simulated
    files: dict[str, FileEntry] = {}
    data_files: dict[tuple[str, str], str] = {}
    for (config, split), columns in sorted(derived.made.rows.items()):
        if len(columns):
            path, entry = write_parquet(target, f"data/{config}/{split}", columns.table(), simulated=simulated)
            files[path], data_files[config, split] = entry, path
    _write_openings(target, derived, texts, files)
    written = derived.texts(data_files, files, read_documents(connection, derived))
    written["trust/policy"] = TrustPolicy(logs=(TrustedLog(home.verifier),)).render()
    for path, content in written.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_bytes(content)
    provenance = _write_provenance(target, derived)
    log_files = _copy_log(connection, home, target, size)
    files |= {path: file_entry(target / path) for path in [*written, *provenance, *log_files]}
    manifest = ReleaseManifest(
        dataset=home.dataset,
        version=derived.version,
        previous=derived.previous,
        simulated=simulated,
        log=_position(connection, home, rows_at, size),
        policy=derived.policy,
        writers=writer_versions(),
        rows=derived.made.counts(),
        files=files,
    )
    content = render_manifest(manifest)
    (target / MANIFEST).write_bytes(content)
    (target / ATTESTATION).parent.mkdir()
    (target / ATTESTATION).write_bytes(sign_release(manifest, content, home.log_key))
    broken = [f"{item.measure} of {item.where}" for item in derived.facts.gates.broken()]
    return Built(manifest, sorted(derived.facts.gates.gated), broken)


def _write_provenance(target: Path, derived: Derived) -> list[str]:
    paths = []
    for path, pieces in derived.provenance():
        (target / path).parent.mkdir(exist_ok=True)
        with (target / path).open("wb") as file:
            file.writelines(pieces)
        paths.append(path)
    return paths


def _write_openings(target: Path, derived: Derived, texts: OpenedTexts, files: dict[str, FileEntry]) -> None:
    rows = derived.made.openings
    if not rows:
        return
    held = [texts.by_commitment[commitment] for _, commitment in rows]
    columns = {
        "index": [index for index, _ in rows],
        "commitment": [commitment for _, commitment in rows],
        "salt": [salt for salt, _ in held],
        "body": [body for _, body in held],
    }
    table = pa.Table.from_arrays([pa.array(columns[item.name], type=item.type) for item in OPENINGS], schema=OPENINGS)
    simulated = derived.facts.terms.simulated
    path, entry = write_parquet(target, "openings/openings", table, OPENINGS_PER_GROUP, simulated=simulated)
    files[path] = entry


def _epoch_row(connection: Connection, size: int) -> tuple[str, str]:
    query = select(log_epochs.c.root, log_epochs.c.checkpoint).where(log_epochs.c.size == size)
    row = connection.execute(query).first()
    if row is None:
        raise NotFound(f"no epoch ended at log size {size}")
    return row.root, row.checkpoint


def _position(connection: Connection, home: Home, rows_at: int, size: int) -> LogPosition:
    root, _ = _epoch_row(connection, size)
    return LogPosition(origin=home.origin, size=size, root=root, rows_at=rows_at)


def _copy_log(connection: Connection, home: Home, target: Path, size: int) -> list[str]:
    paths = expected_paths(size)
    if not all((home.log_path / path).is_file() for path in paths):
        with taking_turns(home.engine, LOG_FILES) as now:
            publish_log(now, home.log_path, anew=True)
    for path in paths:
        (target / "log" / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(home.log_path / path, target / "log" / path)
    _, checkpoint = _epoch_row(connection, size)
    (target / "log" / CHECKPOINT).write_text(checkpoint, "utf-8")
    return [f"log/{path}" for path in [CHECKPOINT, *paths]]
