"""Look a home over, and mend what can be made again.

Rules that always hold:
- nothing here changes a leaf or an opening; guards, log files and projection are functions of them and can be remade.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from curation.copies.known import index_texts, wrongly_known
from curation.db import reading, taking_turns, writing
from curation.errors import LogInconsistent
from curation.guards import install_guards, missing_guards
from curation.log.store import CHECKPOINT, LOG_FILES, publish_log, reader
from curation.log.tiles import audit_tiles
from curation.rebuild import contents_of, projection_contents, rebuild_projection, replay_home
from curation.releases.cut import PROOF, prove_releases
from curation.releases.manifest import read_manifest, sha256_of
from curation.rulebook.replay import Replay
from curation.search.index import index_anew, wrongly_found
from curation.soundness import Unsound, missing_texts, unsound_leaves, unsound_openings
from curation.tables import log_epochs, log_leaves, releases
from curation.writing import Platform
from curation_schemas.release import MANIFEST


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at, and what is wrong with it."""

    name: str
    problems: tuple[str, ...]


def examine(platform: Platform) -> Iterator[Check]:
    """Look at each part of a home."""
    yield Check("database", tuple(_database(platform)))
    yield Check("guards of the event tables", tuple(_guards(platform)))
    yield Check("keys", tuple(_keys(platform)))
    yield Check("log files", tuple(_log_files(platform)))
    with reading(platform.home.engine) as connection:
        unsound = tuple(_unsound(unsound_leaves(connection)))
        yield Check("leaves", unsound)
        if unsound:
            # What follows would be a replay of something else than what happened.
            return
        state = replay_home(connection)
        texts = chain(unsound_openings(connection), missing_texts(connection, state))
        yield Check("openings and documents", tuple(_unsound(texts)))
        yield Check("rules, replayed over every leaf", tuple(_rules(state)))
        yield Check("projection", tuple(_projection(connection, state)))
        yield Check("texts known, to find copies", tuple(_known(connection, state)))
    yield Check("releases", tuple(_releases(platform)))


def _database(platform: Platform) -> Iterator[str]:
    with reading(platform.home.engine) as connection:
        if connection.dialect.name == "sqlite":
            found = connection.execute(text("PRAGMA integrity_check")).scalar()
            if found != "ok":
                yield f"SQLite says: {str(found)[:200]}. Restore it from a backup."
        size, top = connection.execute(select(func.count(), func.max(log_leaves.c.idx)).select_from(log_leaves)).one()
        if size and top != size - 1:
            yield f"the log has {size} leaves and the last is number {top}: leaves are missing. Restore from a backup."


def _guards(platform: Platform) -> Iterator[str]:
    with reading(platform.home.engine) as connection:
        for name in missing_guards(connection):
            yield f"{name} is missing or was changed. Run `evenhand doctor --repair`."


def _keys(platform: Platform) -> Iterator[str]:
    for path in sorted((platform.home.path / "keys").iterdir()):
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            yield f"{path.name} can be read by others (mode {mode:o}). Run: chmod 600 {path}"


def _log_files(platform: Platform) -> Iterator[str]:
    with reading(platform.home.engine) as connection:
        last = connection.execute(select(log_epochs).order_by(log_epochs.c.epoch.desc()).limit(1)).first()
    if last is None:
        return
    read = reader(platform.home.log_path)
    try:
        if read(CHECKPOINT).decode("utf-8", "replace") != last.checkpoint:
            yield "the checkpoint file is not that of the last epoch. Run `evenhand doctor --repair`."
    except LogInconsistent as error:
        yield f"{error}. Run `evenhand doctor --repair`."
    audit = audit_tiles(last.size, read)
    for problem in audit:
        yield f"{problem}. Run `evenhand doctor --repair`."
    if audit.root is not None and audit.root.hex() != last.root:
        yield "the tiles do not give the root that was signed. Run `evenhand doctor --repair`."


def _unsound(found: Iterable[Unsound]) -> Iterator[str]:
    for item in found:
        yield f"{item.where}: {item.message}. Restore it from a backup."


def _rules(state: Replay) -> Iterator[str]:
    for violation in state.violations:
        yield f"leaf {violation.index}: {violation.message} (rule {violation.rule})"


def _projection(connection: Connection, state: Replay) -> Iterator[str]:
    found, wanted = projection_contents(connection), contents_of(state)
    for name in (name for name, rows in wanted.items() if found[name] != rows):
        yield f"table {name} is not what the leaves give. Run `evenhand log replay`."


def _known(connection: Connection, state: Replay) -> Iterator[str]:
    for problem in (*wrongly_known(connection, state), *wrongly_found(connection, state)):
        yield f"{problem}. Run `evenhand log replay`."


def _releases(platform: Platform) -> Iterator[str]:
    with reading(platform.home.engine) as connection:
        rows = connection.execute(select(releases)).all()
    for row in rows:
        manifest = platform.home.releases_path / row.version / MANIFEST
        if not manifest.is_file():
            yield f"the folder of {row.version} is missing. Run `evenhand release rebuild {row.version}`."
        elif sha256_of(manifest) != row.manifest:
            yield f"the manifest of {row.version} is not the one that was logged. Run `evenhand verify` on it."
        elif damaged := _damaged_files(manifest.parent):
            yield f"{damaged[0]} of {row.version} is missing or was changed. Run `evenhand verify` on it."


def _damaged_files(bundle: Path) -> list[str]:
    listed = read_manifest(bundle).files
    return [
        path
        for path, entry in sorted(listed.items())
        if not (bundle / path).is_file() or sha256_of(bundle / path) != entry.sha256
    ]


def mend(platform: Platform) -> Iterator[str]:
    """Make guards, log files, projection and release proofs again."""
    with writing(platform.home.engine, alone=True) as connection:
        install_guards(connection)
        yield "guards of the event tables"
        rebuild_projection(connection)
        yield "projection"
        index_texts(connection, platform.home.vault_key)
        yield "texts known, to find copies"
        index_anew(connection)
        yield "words of public texts, to search"
    with taking_turns(platform.home.engine, LOG_FILES) as connection:
        size = publish_log(connection, platform.home.log_path, anew=True)
        yield "log files"
    if size:
        for version in prove_releases(platform):
            yield f"{PROOF} of {version}"
