"""Releases whose bundles lie on this server: their files and rows.

Rules that always hold:
- only a file that the release's manifest names, or one that is made after it, is found, and none outside the bundle;
- rows are given as the Parquet file has them, in its order, a batch at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
from sqlalchemy import select

from curation.errors import BundleInvalid, NotFound
from curation.releases.manifest import is_made_after, read_manifest
from curation.tables import releases
from curation.writing import LoadedExamples, Platform
from curation_schemas.release import YANKED_FOLDER, ReleaseManifest

MADE_AFTER = ("manifest.json", "release.tlog-proof", "attest/release.dsse.json")
"""Files that a manifest cannot name, where there are any; cosignatures apart."""
_ROWS = 200


def release_rows(loaded: LoadedExamples) -> list[Any]:
    """Every release, the newest first."""
    rows = loaded.connection.execute(select(releases)).all()
    return sorted(rows, key=lambda row: ordered(row.version), reverse=True)


def ordered(version: str) -> list[int]:
    """What versions are ordered by: 1.10.0 comes after 1.9.0."""
    return [int(part) for part in version.split(".")]


def find_release(loaded: LoadedExamples, version: str) -> Any:
    """A release's row. Raises NotFound."""
    row = loaded.connection.execute(select(releases).where(releases.c.version == version)).first()
    if row is None:
        raise NotFound(f"there is no release {version}", hint="They are listed at /releases.")
    return row


@dataclass(frozen=True, slots=True)
class BundleHere:
    """A release's folder, and its manifest; None where the bundle is not on this server."""

    folder: Path
    manifest: ReleaseManifest | None

    @property
    def made_after(self) -> list[str]:
        """The files that the manifest cannot name."""
        yanks = sorted(f"{YANKED_FOLDER}/{path.name}" for path in (self.folder / YANKED_FOLDER).glob("*.tlog-proof"))
        return [name for name in (*MADE_AFTER, *yanks) if (self.folder / name).is_file()]

    def file(self, path: str) -> tuple[Path, str | None]:
        """A file, and its SHA-256 where the manifest has it. Raises NotFound."""
        manifest = self.manifest
        listed = manifest.files.get(path) if manifest else None
        if manifest is None or (listed is None and not (is_made_after(path) and ".." not in path.split("/"))):
            raise NotFound("this release has no such file")
        found = self.folder / path
        if not found.is_file() or not found.resolve().is_relative_to(self.folder.resolve()):
            raise NotFound("this release has no such file")
        return found, listed.sha256 if listed else None

    def table(self, config: str, split: str) -> tuple[Path, str]:
        """The Parquet file of a config's split, and its SHA-256. Raises NotFound."""
        start = f"data/{config}/{split}-"
        for path in self.manifest.files if self.manifest else ():
            if path.startswith(start):
                found, digest = self.file(path)
                return found, digest or ""
        raise NotFound("this release has no such rows", hint="Its own document names its configs and splits.")


def bundle_here(platform: Platform, version: str) -> BundleHere:
    """The bundle of a release, as far as it is on this server."""
    folder = platform.home.path / "releases" / version
    try:
        return BundleHere(folder, read_manifest(folder))
    except BundleInvalid:
        return BundleHere(folder, None)


def row_lines(path: Path, skip: int) -> Iterator[bytes]:
    """The rows of a Parquet file after the first `skip`, as JSON Lines, some hundred at a time."""
    with pq.ParquetFile(path) as file:
        groups: list[int] = []
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if skip < rows or groups:
                groups.append(group)
            else:
                skip -= rows
        for batch in file.iter_batches(_ROWS, row_groups=groups):
            rows_here = batch.to_pylist()[skip:]
            skip = max(0, skip - batch.num_rows)
            if rows_here:
                yield b"".join(msgspec.json.encode(row) + b"\n" for row in rows_here)
