"""Plan a release, cut it, build it again, and prove that it was logged.

Rules that always hold:
- a release is cut at the end of an epoch, once per log size, and recorded as an event with its manifest's digest;
- planning and cutting derive the same thing: the plan is what the cut will hold;
- `release.tlog-proof` is added once the event stands in the log.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from curation.db import reading, taking_turns
from curation.errors import Conflict, NotFound, Refused
from curation.home import Home
from curation.log.merkle import inclusion_proof
from curation.log.proofs import encode_tlog_proof
from curation.log.store import CHECKPOINT, published_size, reader, write_durably
from curation.log.tiles import TileHashes
from curation.people.accounts import Actor
from curation.people.vault import DATASET_SCOPE
from curation.releases.build import build_bundle, derive_from_home, read_openings
from curation.releases.derive import Derived
from curation.releases.manifest import sha256_of
from curation.tables import log_epochs, log_leaves, pending_leaves, releases
from curation.writing import Platform
from curation.yanked import YANKED
from curation_schemas.events import EVENT, ReleaseCut
from curation_schemas.release import MANIFEST, YANKED_FOLDER, ReleaseManifest

PROOF = "release.tlog-proof"


@dataclass(frozen=True, slots=True)
class PlannedRelease:
    """What a release cut now would hold."""

    derived: Derived
    size: int

    def as_json(self) -> dict[str, Any]:
        """The plan for programs."""
        placements = sorted(self.derived.made.placements.items())
        changes = self.derived.facts.changes
        return {
            "version": self.derived.version,
            "previous": self.derived.previous,
            "log_size": self.size,
            "rows": self.derived.made.counts(),
            "changes": {"added": changes.added, "changed": changes.changed, "removed": changes.removed},
            "included": [
                {"example": example, "config": item.config, "revision": item.revision}
                for example, item in placements
                if item.config is not None
            ],
            "left_out": [
                {"example": example, "reason": item.reason, "revision": item.revision}
                for example, item in placements
                if item.config is None
            ],
            "gates": {
                "left_out": self.derived.facts.gates.reasons(),
                "overruled": [item.as_json() for item in self.derived.facts.gates.overruled],
                "not_measured": self.derived.facts.gates.not_measured(),
                "failing": {topic: list(items) for topic, items in self.derived.facts.gates.gated.items()},
                "measures": [item.as_json() for item in self.derived.facts.gates.measured],
            },
        }


_SHOWN = 5


@dataclass(frozen=True, slots=True)
class CutRelease:
    """A release that was cut: its manifest and its folder."""

    manifest: ReleaseManifest
    path: Path


def last_size(connection: Connection) -> int | None:
    """The log's size at the end of the last closed epoch; None before the first."""
    size: int | None = connection.execute(select(func.max(log_epochs.c.size))).scalar()
    return size


def _last_size(connection: Connection) -> int:
    size = last_size(connection)
    if size is None:
        raise Refused("release/prefix", "no epoch was closed yet", hint="Run `evenhand epoch close` first.")
    return size


def plan_release(platform: Platform) -> PlannedRelease:
    """What goes into a release cut now, what does not, and why. Raises Refused when no epoch was closed yet."""
    with reading(platform.home.engine) as connection:
        size = _last_size(connection)
        return PlannedRelease(derive_from_home(connection, platform.home, size, size, read_openings(connection)), size)


def cut_release(platform: Platform, actor: Actor) -> CutRelease:
    """Cut the next release. Raises NotAllowed, Refused, Conflict."""
    actor.require("maintainer")
    with taking_turns(platform.home.engine, "cutting a release"):
        return _cut(platform, actor)


def _cut(platform: Platform, actor: Actor) -> CutRelease:
    home = platform.home
    # A folder of its own, because two may be built at once; the second is refused when it is recorded.
    aside = Path(tempfile.mkdtemp(prefix=".building-", dir=home.releases_path))
    try:
        with reading(home.engine) as connection:
            size = _check_cuttable(connection)
            built = build_bundle(connection, home, aside, size, size)
        if built.broken:
            message = f"the measure broke of {len(built.broken)} gates: {', '.join(built.broken[:_SHOWN])}"
            raise Refused("release/measured", message, hint="Report it, or overrule these gates with a reason.")
        manifest = built.manifest
        target = home.releases_path / manifest.version
        with platform.write() as writing:
            writing.admit(actor, "maintainer")
            if _check_cuttable(writing.connection) != size:
                raise Conflict("an epoch was closed while the release was built", hint="Cut it again.")
            writing.record(
                ReleaseCut,
                version=manifest.version,
                size=size,
                root=manifest.log.root,
                manifest=sha256_of(aside / MANIFEST),
                maintainers=[writing.vault.pseudonym_for_act(actor.account, DATASET_SCOPE)],
                gated=built.gated,
            )
            shutil.rmtree(target, ignore_errors=True)  # the remains of a cut whose commit failed
            aside.rename(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return CutRelease(manifest, target)


def _check_cuttable(connection: Connection) -> int:
    size = _last_size(connection)
    last = connection.execute(select(func.max(releases.c.size))).scalar()
    if last == size:
        raise Conflict("no epoch was closed since the last release", hint="Run `evenhand epoch close` first.")
    _check_no_erasure_waits(connection)
    return size


def _check_no_erasure_waits(connection: Connection) -> None:
    """A bundle built now would lack a text that its log does not know to be erased yet."""
    erasing = select(func.count()).where(pending_leaves.c.type == "opening:erased")
    if connection.execute(erasing).scalar():
        message = "an erasure waits for the epoch's end"
        raise Refused("release/prefix", message, hint="Run `evenhand epoch close` first.")


def rebuild_release(platform: Platform, version: str, target: Path) -> ReleaseManifest:
    """Build a release again, without what was erased since. Raises NotFound, Conflict, Refused."""
    home = platform.home
    if target.exists():
        raise Conflict(f"{target} exists", hint="Name a folder that does not.")
    with reading(home.engine) as connection:
        rows_at = connection.execute(select(releases.c.size).where(releases.c.version == version)).scalar()
        if rows_at is None:
            raise NotFound(f"there is no release {version!r}", hint="List them with `evenhand release list`.")
        _check_no_erasure_waits(connection)
        later = select(func.max(log_leaves.c.idx)).where(
            log_leaves.c.type == "opening:erased", log_leaves.c.idx >= rows_at
        )
        size = rows_at if connection.execute(later).scalar() is None else _last_size(connection)
        return _build_aside(connection, home, target, int(rows_at), size)


def _build_aside(connection: Connection, home: Home, target: Path, rows_at: int, size: int) -> ReleaseManifest:
    """Build it beside its place and move it there whole: a disk that fills up leaves nothing that looks like one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=".building-", dir=target.parent))
    try:
        manifest = build_bundle(connection, home, aside, rows_at, size).manifest
        aside.rename(target)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return manifest


def prove_releases(platform: Platform) -> Iterable[str]:
    """Add `release.tlog-proof` to each bundle of this home whose event stands in the published log, and the proof of
    its yank where it was yanked. Yields the versions of the former."""
    home = platform.home
    size = published_size(home.log_path)
    with reading(home.engine) as connection:
        query = (
            select(releases.c.version, log_leaves.c.idx, log_leaves.c.leaf)
            .join(log_leaves, log_leaves.c.hash == releases.c.leaf)
            .where(log_leaves.c.idx < size)
            .order_by(log_leaves.c.idx)
        )
        rows = connection.execute(query).all()
        yanks = connection.execute(
            select(log_leaves.c.idx, log_leaves.c.leaf).where(log_leaves.c.type == YANKED, log_leaves.c.idx < size)
        ).all()
    for row in rows:
        folder = home.releases_path / row.version
        if (folder / MANIFEST).is_file() and not (folder / PROOF).exists():
            _prove(home, folder / PROOF, row.idx, row.leaf, size)
            yield row.version
    for yank in yanks:
        version = EVENT.validate_json(yank.leaf).version  # type: ignore[union-attr]  # a ReleaseYanked
        folder, path = home.releases_path / version, yank_path(version)
        if (folder / MANIFEST).is_file() and not (folder / path).exists():
            (folder / path).parent.mkdir(exist_ok=True)
            _prove(home, folder / path, yank.idx, yank.leaf, size)


def yank_path(version: str) -> str:
    """Where the proof of a release's yank stands in its bundle."""
    return f"{YANKED_FOLDER}/{version}.tlog-proof"


def _prove(home: Home, path: Path, index: int, leaf: bytes, size: int) -> None:
    """The leaf itself travels as the proof's extra data, so that the proof can be checked from the bundle alone."""
    read = reader(home.log_path)
    hashes = inclusion_proof(index, size, TileHashes(size, read))
    write_durably(path, encode_tlog_proof(index, hashes, read(CHECKPOINT), extra=leaf))
