"""A bundle as an auditor has it: files in a folder, none of them trusted.

Rules that always hold:
- only WorldError leaves this module, whatever the bytes are; no path leads out of the bundle;
- nothing is read whole that can be read in pieces.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import BundleInvalid, LogInconsistent
from curation.log.leaf import Opening
from curation.log.tiles import iter_entries
from curation.releases.columns import OPENINGS
from curation.releases.manifest import read_manifest
from curation_schemas.release import ReleaseManifest

MAX_TEXT_BYTES = 64_000_000


def check_path(path: str) -> str:
    """Return a listed path unchanged, or raise BundleInvalid when it could lead out of the bundle."""
    parts = PurePosixPath(path).parts
    if not path or path.startswith("/") or ".." in parts or "\\" in path or "\x00" in path or ":" in path:
        raise BundleInvalid("is no path inside a bundle", where=repr(path)[:120])
    return path


@dataclass(frozen=True)
class Bundle:
    """A bundle's folder and its manifest."""

    path: Path
    manifest: ReleaseManifest

    def read(self, path: str) -> bytes:
        """A file's bytes. Raises BundleInvalid."""
        target = self.path / check_path(path)
        try:
            if target.is_symlink() or not target.is_file():
                raise BundleInvalid("is missing", where=path)
            if target.stat().st_size > MAX_TEXT_BYTES:
                raise BundleInvalid("is larger than any such file can be", where=path)
            return target.read_bytes()
        except OSError:
            raise BundleInvalid("cannot be read", where=path) from None

    def read_log(self, path: str) -> bytes:
        """A log file by its C2SP path. Raises LogInconsistent."""
        try:
            return self.read(f"log/{path}")
        except BundleInvalid as error:
            raise LogInconsistent(error.message, where=f"log/{path}") from None

    def leaves(self, start: int, end: int) -> Iterable[bytes]:
        """The leaves of a range, streamed from the entry bundles."""
        entries = iter_entries(self.manifest.log.size, self.read_log, start)
        return (leaf for _, leaf in islice(entries, max(0, end - start)))

    def entry_capacity(self) -> int:
        """How many leaves the entry bundles on disk can hold at most."""
        return 256 * sum(1 for _ in (self.path / "log" / "tile" / "entries").rglob("*"))

    def parquet_files(self, prefix: str) -> list[str]:
        """The listed Parquet files under a prefix, sorted."""
        return sorted(path for path in self.manifest.files if path.startswith(prefix) and path.endswith(".parquet"))

    def table(self, path: str, schema: pa.Schema) -> pa.Table:
        """A Parquet file as a table of exactly this schema. Raises BundleInvalid naming the column that differs."""
        try:
            table = pq.read_table(self.path / check_path(path), partitioning=None)
        except (OSError, pa.ArrowException, ValueError):
            raise BundleInvalid("is no readable Parquet file", where=path) from None
        if table.column_names != schema.names:
            raise BundleInvalid("has other columns than its config", where=path)
        for field in schema:
            if table.schema.field(field.name).type != field.type:
                raise BundleInvalid(f"column {field.name} has another type than {field.type}", where=path)
        return table


def open_bundle(path: Path) -> Bundle:
    """Open a bundle by reading its manifest. Raises BundleInvalid."""
    return Bundle(path, read_manifest(path))


class BundleOpenings:
    """The openings that a bundle carries, checked one by one when they are asked for."""

    def __init__(self, bundle: Bundle) -> None:
        self.index: dict[str, tuple[int, bytes, bytes]] = {}
        """Commitment → (log index that the file states, salt, body)."""
        self.problems: list[BundleInvalid] = []
        for path in bundle.parquet_files("openings/"):
            try:
                self._read(bundle.table(path, OPENINGS), path)
            except BundleInvalid as error:
                self.problems.append(error)

    def _read(self, table: pa.Table, path: str) -> None:
        rows = zip(*(_values(table, name) for name in OPENINGS.names), strict=True)
        for number, (index, commitment, salt, body) in enumerate(rows):
            if None in (index, commitment, salt, body) or commitment in self.index:
                self.problems.append(BundleInvalid("is empty or repeats a commitment", where=f"{path} row {number}"))
            else:
                self.index[commitment] = (index, salt, body)

    def body(self, unit: str, commitment: str) -> bytes | None:
        """The body behind a commitment. Raises LogInconsistent when salt or body were changed."""
        found = self.index.get(commitment)
        if found is None:
            return None
        _, salt, body = found
        if Opening(unit, salt, body).commitment() != commitment:
            raise LogInconsistent(f"the opening of {commitment[:16]}… does not fit its commitment: it was edited")
        return body


def _values(table: pa.Table, name: str) -> Iterator[Any]:
    for chunk in table.column(name).chunks:
        yield from chunk.to_pylist()
