"""A bundle as an auditor has it: files in a folder, none of them trusted.

Rules that always hold:
- only WorldError leaves this module, whatever the bytes are; no path leads out of the bundle;
- nothing is read whole that can be read in pieces.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import sha256
from itertools import islice
from pathlib import Path
from stat import S_ISREG
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.errors import BundleInvalid, LogInconsistent
from curation.log.leaf import commitment as commitment_of
from curation.log.tiles import ENTRIES, TILE_WIDTH, Tile, iter_entries
from curation.log.trust import TrustPolicy, VerifiedCheckpoint
from curation.releases.columns import OPENINGS
from curation.releases.manifest import manifest_bytes, parse_manifest
from curation_schemas.release import ReleaseManifest

MAX_TEXT_BYTES = 64_000_000
MIN_UNPACKED_BYTES, MAX_UNPACKING = 256_000_000, 64
Keep = Callable[[pa.RecordBatch], pa.BooleanArray]
"""Which rows of a piece to keep."""
_ROWS_PER_PIECE = 8_192
_ROWS_PER_LEAF = 256


def check_path(path: str) -> str:
    """Return a listed path unchanged, or raise BundleInvalid when it could lead out of the bundle."""
    if not path or path.startswith("/") or ".." in path.split("/") or "\\" in path or "\x00" in path or ":" in path:
        raise BundleInvalid("is no path inside a bundle", where=repr(path)[:120])
    return path


@dataclass(frozen=True)
class Bundle:
    """A bundle's folder and its manifest."""

    path: Path
    manifest: ReleaseManifest
    manifest_sha256: str

    def read(self, path: str) -> bytes:
        """A file's bytes. Raises BundleInvalid."""
        target = f"{self.path}/{check_path(path)}"
        try:
            found = os.lstat(target)
            if not S_ISREG(found.st_mode):
                raise BundleInvalid("is missing", where=path)
            if found.st_size > MAX_TEXT_BYTES:
                raise BundleInvalid("is larger than any such file can be", where=path)
            # A log has thousands of files, and paths as objects take longer than reading.
            with open(target, "rb", buffering=0) as file:  # noqa: PTH123
                return file.read()
        except (FileNotFoundError, NotADirectoryError):
            raise BundleInvalid("is missing", where=path) from None
        except OSError:
            raise BundleInvalid("cannot be read", where=path) from None

    def read_log(self, path: str) -> bytes:
        """A log file by its C2SP path. Raises LogInconsistent."""
        try:
            return self.read(f"log/{path}")
        except BundleInvalid as error:
            raise LogInconsistent(error.message, where=f"log/{path}") from None

    def leaves(self, start: int, end: int) -> Iterable[bytes]:
        """The leaves of a range, streamed from the entry bundles. Raises LogInconsistent."""
        if self.manifest.log.size > self.entry_capacity:
            raise LogInconsistent(f"{self.manifest.log.size} leaves are more than this bundle holds", where="log")
        entries = iter_entries(self.manifest.log.size, self.read_log, start)
        return (leaf for _, leaf in islice(entries, max(0, end - start)))

    def picked_leaves(self, picked: bytes, starts: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """(index, leaf) of those leaves that `picked` has a 1 for, of a log that was audited. Raises LogInconsistent.

        Args:
            picked: a byte for each leaf.
            starts: where each leaf begins in its entry bundle, as whoever audited the log found it.
        """
        index, bundle, data = picked.find(1), -1, b""
        while index >= 0:
            if index // TILE_WIDTH != bundle:
                bundle = index // TILE_WIDTH
                width = min(TILE_WIDTH, self.manifest.log.size - bundle * TILE_WIDTH)
                data = self.read_log(Tile(ENTRIES, bundle, width).path)
            start = starts[index]
            yield index, data[start : start + (data[start - 2] << 8 | data[start - 1])]
            index = picked.find(1, index + 1)

    @cached_property
    def entry_capacity(self) -> int:
        """How many leaves the entry bundles on disk can hold at most."""
        return TILE_WIDTH * sum(len(files) for _, _, files in os.walk(self.path / "log" / "tile" / "entries"))

    def parquet_files(self, prefix: str) -> list[str]:
        """The listed Parquet files under a prefix, sorted."""
        return sorted(path for path in self.manifest.files if path.startswith(prefix) and path.endswith(".parquet"))

    def checked_checkpoint(self, trust: TrustPolicy) -> VerifiedCheckpoint:
        """The checkpoint, signed by a trusted key and the one that the manifest names. Raises WorldError."""
        where, position = "log/checkpoint", self.manifest.log
        verified = trust.verify_checkpoint(self.read(where), where)
        checkpoint = verified.checkpoint
        if checkpoint.origin != position.origin:
            message = f"is of the log {checkpoint.origin}; the manifest names {position.origin}"
            raise BundleInvalid(message, where=where)
        if (checkpoint.size, checkpoint.root.hex()) != (position.size, position.root):
            message = f"is of size {checkpoint.size}; the manifest names {position.size}, or another root"
            raise BundleInvalid(message, where=where)
        if checkpoint.size > self.entry_capacity:
            message = f"says {checkpoint.size} leaves, which is more than the log in this bundle holds"
            raise BundleInvalid(message, where=where)
        return verified

    def _plain_file(self, path: str) -> Path:
        target = self.path / check_path(path)
        if target.is_symlink() or not target.is_file():
            raise BundleInvalid("is no plain file", where=path)
        return target

    def row_count(self, path: str) -> int:
        """How many rows a Parquet file says that it has. Raises BundleInvalid."""
        target = self._plain_file(path)
        try:
            return int(pq.read_metadata(target).num_rows)
        except (OSError, pa.ArrowException, ValueError):
            raise BundleInvalid("is no readable Parquet file", where=path) from None

    def table(
        self,
        path: str,
        schema: pa.Schema,
        most_rows: int,
        keep: Keep | None = None,
        near: Collection[int] | None = None,
    ) -> pa.Table:
        """A Parquet file, or the rows of it that `keep` picks, as a table of exactly this schema.

        With `near`, only the row groups that say that they hold one of these numbers in their first column, or do not
        say what they hold.

        Its size is looked at before it is read: a few kilobytes of Parquet can unpack to gigabytes. Raises
        BundleInvalid naming what differs.
        """
        return self._read_table(path, schema, schema.names, most_rows, keep, near)

    def columns(self, path: str, schema: pa.Schema, most_rows: int, names: Sequence[str]) -> pa.Table:
        """Some columns of a Parquet file that has the columns of this schema. Raises BundleInvalid."""
        return self._read_table(path, schema, names, most_rows)

    def _read_table(
        self,
        path: str,
        schema: pa.Schema,
        names: Sequence[str],
        most_rows: int,
        keep: Keep | None = None,
        near: Collection[int] | None = None,
    ) -> pa.Table:
        target = self._plain_file(path)
        try:
            with pq.ParquetFile(target) as file:
                if file.metadata.num_rows > most_rows:
                    message = f"has {file.metadata.num_rows} rows; at most {most_rows} can be in it"
                    raise BundleInvalid(message, where=path)
                _check_columns(file.schema_arrow, schema, path)
                columns = [file.metadata.schema.column(number) for number in range(len(file.metadata.schema))]
            # Nested ones cannot be read as dictionaries; `_rows_at_once` bounds those.
            flat = [item.path for item in columns if item.physical_type == "BYTE_ARRAY" and "." not in item.path]
            with pq.ParquetFile(target, read_dictionary=flat) as file:
                most_bytes = MIN_UNPACKED_BYTES + MAX_UNPACKING * target.stat().st_size
                groups = None if near is None else _groups_near(file.metadata, sorted(near))
                wanted = pa.schema([schema.field(name) for name in names])
                table = _read_in_pieces(file, wanted, most_bytes, path, keep, groups)
            table.validate(full=True)
        except (OSError, pa.ArrowException, ValueError):
            raise BundleInvalid("is no readable Parquet file", where=path) from None
        return table


def _check_columns(found: pa.Schema, wanted: pa.Schema, path: str) -> None:
    if found.names != wanted.names:
        raise BundleInvalid("has other columns than its config", where=path)
    for field in wanted:
        if found.field(field.name).type != field.type:
            raise BundleInvalid(f"column {field.name} has another type than {field.type}", where=path)


def _groups_near(metadata: pq.FileMetaData, numbers: list[int]) -> list[int]:
    """The row groups whose first column may hold one of these numbers, which are sorted."""

    def may_hold(group: int) -> bool:
        stated = metadata.row_group(group).column(0).statistics
        if stated is None or not stated.has_min_max:
            return True
        place = bisect_left(numbers, stated.min)
        return place < len(numbers) and bool(numbers[place] <= stated.max)

    return [group for group in range(metadata.num_row_groups) if may_hold(group)]


def _read_in_pieces(
    file: pq.ParquetFile,
    schema: pa.Schema,
    most_bytes: int,
    path: str,
    keep: Keep | None,
    groups: list[int] | None,
) -> pa.Table:
    """Read a file, giving up as soon as it unpacks to more than it can honestly hold.

    Texts come as dictionaries, in which a text that stands in every row is held once, and are unfolded only when their
    size is known.
    """
    pieces, size = [], 0
    rows = _rows_at_once(file.metadata, schema.names, groups)
    # Without threads: whoever verifies a large bundle forks processes.
    for batch in file.iter_batches(rows, row_groups=groups, columns=schema.names, use_threads=False):
        size += sum(_unfolded_bytes(column) for column in batch.columns)
        if size > most_bytes:
            raise BundleInvalid(f"unpacks to more than {most_bytes} bytes", where=path)
        pieces.append((batch if keep is None else batch.filter(keep(batch))).cast(schema))
    return pa.Table.from_batches(pieces, schema=schema)


def _rows_at_once(metadata: pq.FileMetaData, names: list[str], groups: list[int] | None) -> int:
    """So few rows that those of nested texts, were each as long as its whole column chunk, fit into memory."""
    widest = 1
    for number in range(metadata.num_row_groups) if groups is None else groups:
        group = metadata.row_group(number)
        chunks = [group.column(place) for place in range(group.num_columns)]
        paths = [(item, item.path_in_schema.split(".")) for item in chunks if item.has_dictionary_page]
        nested = [item for item, path in paths if len(path) > 1 and path[0] in names]
        widest = max(widest, sum(item.total_uncompressed_size for item in nested))
    return min(_ROWS_PER_PIECE, max(1, MIN_UNPACKED_BYTES // widest))


def _unfolded_bytes(array: pa.Array) -> int:
    """How many bytes an array has once its dictionaries are unfolded."""
    if pa.types.is_dictionary(array.type):
        lengths = pc.binary_length(array.dictionary)
        return int(array.indices.nbytes) + int(pc.sum(pc.take(lengths, array.indices)).as_py() or 0)
    return int(array.nbytes)


def open_bundle(path: Path) -> Bundle:
    """Open a bundle by reading its manifest. Raises BundleInvalid."""
    content = manifest_bytes(path)
    return Bundle(path, parse_manifest(content), sha256(content).hexdigest())


def most_rows(bundle: Bundle) -> int:
    """More rows than this no table of a bundle can have, going by its log."""
    return _ROWS_PER_LEAF * bundle.manifest.log.size


class BundleOpenings:
    """The openings that a bundle carries, checked one by one when they are asked for."""

    def __init__(self) -> None:
        self.index: dict[str, tuple[int, bytes, bytes]] = {}
        """Commitment → (log index that the file states, salt, body)."""
        self.problems: list[BundleInvalid] = []
        self._unread: Bundle | None = None

    @classmethod
    def of_bundle(cls, bundle: Bundle) -> BundleOpenings:
        """All of them."""
        found = cls()
        found._read_all(bundle, None)
        return found

    @classmethod
    def of_leaves(cls, bundle: Bundle, leaves: Collection[int]) -> BundleOpenings:
        """Those of some leaves, by their log index; the others are read once one is asked for that is not there."""
        found = cls()
        found._read_all(bundle, leaves)
        found._unread = bundle
        return found

    def _read_all(self, bundle: Bundle, near: Collection[int] | None) -> None:
        keep: Keep | None = None
        if near is not None:
            leaves = pa.array(near, OPENINGS.field("index").type)
            keep = partial(_is_of, leaves)
        for path in bundle.parquet_files("openings/"):
            try:
                self.read(bundle.table(path, OPENINGS, most_rows(bundle), keep, near), path)
            except BundleInvalid as error:
                self.problems.append(error)

    def read(self, table: pa.Table, path: str) -> None:
        """Take in a table of openings."""
        rows = zip(*(_values(table, name) for name in OPENINGS.names), strict=True)
        for number, (index, commitment, salt, body) in enumerate(rows):
            if None in (index, commitment, salt, body) or commitment in self.index:
                self.problems.append(BundleInvalid("is empty or repeats a commitment", where=f"{path} row {number}"))
            else:
                self.index[commitment] = (index, salt, body)

    def body(self, unit: str, commitment: str) -> bytes | None:
        """The body behind a commitment. Raises LogInconsistent when salt or body were changed."""
        found = self.index.get(commitment)
        if found is None and self._unread is not None:
            bundle, self._unread = self._unread, None
            self.index.clear()
            self.problems.clear()
            self._read_all(bundle, None)
            found = self.index.get(commitment)
        if found is None:
            return None
        _, salt, body = found
        if commitment_of(unit, salt, body) != commitment:
            raise LogInconsistent(f"the opening of {commitment[:16]}… does not fit its commitment: it was edited")
        return body


def _is_of(leaves: pa.Array, openings: pa.RecordBatch) -> pa.BooleanArray:
    return pc.is_in(openings.column("index"), value_set=leaves)


def _values(table: pa.Table, name: str) -> Iterator[Any]:
    for chunk in table.column(name).chunks:
        yield from chunk.to_pylist()
