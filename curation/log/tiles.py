"""Tiles and entry bundles after C2SP tlog-tiles: paths, contents, growth, reading and auditing.

Rules that always hold:
- A tile holds 1 to 256 hashes: tile `n` of level `l` has the roots over 256**l leaves each, from leaf n * 256**(l + 1).
- Only full tiles are hashed into the level above; a bundle of entries has the extent of the level 0 tile beside it.
- Nothing here opens a file: bytes come from `read(path)`, which may raise OSError, KeyError or NotFound for a missing
  path (so a folder's reader and a dict's `__getitem__` both serve); that shows as `LogInconsistent`.
- A partial tile that is gone is read from the full tile that replaced it, as tlog-tiles permits.
- What is read is not yet trusted: proofs built over it are verified against a checkpoint, and `audit_tiles` recomputes
  every tile from the entries, streaming, with no more than one tile for each level in memory.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from curation.errors import InvalidInput, LogInconsistent, NotFound
from curation.log.leaf import MAX_LEAF_BYTES
from curation.log.merkle import HASH_SIZE, CompactRange, HashReader, leaf_hash

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 256
TILE_BYTES: Final = TILE_WIDTH * HASH_SIZE
ENTRIES: Final = -1  # stands where a tile has its level, for entry bundles
MAX_LEVEL: Final = 63
MAX_SIZE: Final = 2**63 - 1  # what readers with signed 64-bit sizes can address

Read = Callable[[str], bytes]

_PATH: Final = re.compile(r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([0-9]{1,3}))?")


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile's place: level (0 to 63, or ENTRIES), index within the level, and width (1 to 256)."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """`tile/<L>/<N>[.p/<W>]`: N in groups of three digits, all but the last marked with an `x`."""
        rest, last = divmod(self.index, 1000)
        name = f"{last:03d}"
        while rest:
            rest, group = divmod(rest, 1000)
            name = f"x{group:03d}/{name}"
        level = "entries" if self.level == ENTRIES else self.level
        return f"tile/{level}/{name}" if self.width == TILE_WIDTH else f"tile/{level}/{name}.p/{self.width}"


def parse_path(path: str) -> Tile:
    """The tile at a path. Raises InvalidInput for any path that `Tile.path` would not write."""
    match = _PATH.fullmatch(path)
    if match:
        level, index, width = match.groups()
        tile = Tile(
            ENTRIES if level == "entries" else int(level),
            int(index.replace("x", "").replace("/", "")),
            TILE_WIDTH if width is None else int(width),
        )
        in_range = tile.level <= MAX_LEVEL and tile.index <= MAX_SIZE and 1 <= tile.width <= TILE_WIDTH
        if in_range and tile.path == path:  # Also refuses leading zeros, an x000 in front and `.p/256`.
            return tile
    raise InvalidInput("no path of a tile or an entry bundle (C2SP tlog-tiles).", where=ascii(path))


def tiles_for_size(old_size: int, new_size: int) -> list[Tile]:
    """The entry bundles, then the tiles from level 0 up, to write when a log grows; partial ones included."""
    if not 0 <= old_size <= new_size <= MAX_SIZE:
        raise InvalidInput(f"no log grows from {old_size} to {new_size} leaves.", where="size")
    tiles, level = _row(ENTRIES, old_size, new_size), 0
    while new_size >> (TILE_HEIGHT * level):
        tiles += _row(level, old_size >> (TILE_HEIGHT * level), new_size >> (TILE_HEIGHT * level))
        level += 1
    return tiles


def expected_paths(size: int) -> list[str]:
    """Every path that a log of that size has: full tiles and bundles, and the partial ones at its right edge."""
    return [tile.path for tile in tiles_for_size(0, size)]


def encode_entries(entries: Sequence[bytes]) -> bytes:
    """A bundle of 1 to 256 entries, each behind its length as a big-endian uint16 (tlog-tiles, "Log entries")."""
    if not 1 <= len(entries) <= TILE_WIDTH:
        raise InvalidInput(f"{len(entries)} entries; a bundle holds 1 to {TILE_WIDTH}.", where="entries")
    for position, entry in enumerate(entries):
        if len(entry) > MAX_LEAF_BYTES:
            raise InvalidInput(f"{len(entry)} bytes; the limit is {MAX_LEAF_BYTES}.", where=f"entry {position}")
    return b"".join(part for entry in entries for part in (len(entry).to_bytes(2, "big"), entry))


def decode_entries(data: bytes, where: str, width: int | None = None) -> list[bytes]:
    """The entries of a bundle; `where` names the file. Raises LogInconsistent if it is cut off or not `width` wide."""
    entries, position, end = list[bytes](), 0, len(data)
    with suppress(IndexError):  # Past the end, where each bundle stops: to ask before each entry would take longer.
        for _ in range(TILE_WIDTH + 1):
            start = position + 2
            length = data[position] << 8 | data[start - 1]
            position = start + length
            entries.append(data[start:position])
    if position != end and len(entries) <= TILE_WIDTH:
        cut = len(entries) - (position > end)
        raise LogInconsistent(f"the bundle is cut off inside entry {cut}.", where=where)
    if not 1 <= len(entries) <= TILE_WIDTH or width not in {None, len(entries)}:
        raise LogInconsistent(f"{len(entries)} entries where {width or '1 to 256'} belong.", where=where)
    return entries


def tile_hashes(data: bytes, where: str, width: int | None = None) -> list[bytes]:
    """The hashes of a tile; `where` names the file. Raises LogInconsistent if it is not `width` hashes long."""
    count, rest = divmod(len(data), HASH_SIZE)
    if rest or not 1 <= count <= TILE_WIDTH or width not in {None, count}:
        raise LogInconsistent(f"{len(data)} bytes where {width or '1 to 256'} hashes of 32 belong.", where=where)
    return [data[start : start + HASH_SIZE] for start in range(0, len(data), HASH_SIZE)]


def read_tile(tile: Tile, read: Read) -> list[bytes]:
    """The hashes of a tile, or the entries of a bundle, as wide as asked. Raises LogInconsistent naming the file."""
    decode = decode_entries if tile.level == ENTRIES else tile_hashes
    try:
        return decode(read(tile.path), tile.path, tile.width)
    except (OSError, KeyError, NotFound) as error:
        missing = LogInconsistent(f"is missing or unreadable ({type(error).__name__}).", where=tile.path)
    if tile.width != TILE_WIDTH:
        # tlog-tiles, "Partial Tiles": a log may delete a partial tile once the full one is available.
        full = replace(tile, width=TILE_WIDTH)
        try:
            return decode(read(full.path), full.path, TILE_WIDTH)[: tile.width]
        except (OSError, KeyError, NotFound):
            pass
    raise missing


def iter_entries(size: int, read: Read, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """Stream (index, entry) for the leaves [start, size), one bundle in memory at a time."""
    if not 0 <= start <= size:
        raise InvalidInput(f"a log of {size} leaves has no leaf {start}.", where="start")
    for tile in _row(ENTRIES, start, size):
        first = tile.index * TILE_WIDTH
        skip = max(start - first, 0)
        yield from enumerate(read_tile(tile, read)[skip:], first + skip)


class TileHashes:
    """A HashReader over the tiles of a log of one size; keeps the most recently used tiles, hashed up."""

    def __init__(self, size: int, read: Read, cached_tiles: int = 256) -> None:
        self.size = size
        self._read = read
        self._cached_tiles = cached_tiles
        self._pyramids: dict[Tile, list[bytes]] = {}

    def subtree(self, level: int, index: int) -> bytes:
        """See HashReader. Raises LogInconsistent for a missing or damaged tile, InvalidInput beyond the log's size."""
        if level < 0 or index < 0 or (index + 1) << level > self.size:
            raise InvalidInput(f"no complete subtree {index} at level {level} in {self.size} leaves.", where="tree")
        tile_level, height = divmod(level, TILE_HEIGHT)
        tile_index, position = divmod(index, TILE_WIDTH >> height)
        width = min((self.size >> (TILE_HEIGHT * tile_level)) - tile_index * TILE_WIDTH, TILE_WIDTH)
        row = self._pyramid(Tile(tile_level, tile_index, width))[height]
        return row[position * HASH_SIZE : (position + 1) * HASH_SIZE]

    def _pyramid(self, tile: Tile) -> list[bytes]:
        """The tile's hashes, then those of each level above that it completes, as rows of bytes."""
        rows = self._pyramids.pop(tile, None)
        if rows is None:
            rows = [b"".join(read_tile(tile, self._read))]
            while len(rows[-1]) > HASH_SIZE:
                rows.append(_parents(rows[-1]))
            while len(self._pyramids) >= self._cached_tiles:
                del self._pyramids[next(iter(self._pyramids))]
        self._pyramids[tile] = rows  # popped and put back: the dict's order is the order of use
        return rows


def build_tiles(old_size: int, new_leaf_hashes: Iterable[bytes], reader: HashReader) -> Iterator[tuple[str, bytes]]:
    """Yield (path, bytes) of every tile that changes when leaves are added to a log of `old_size`, full ones first.

    `reader` gives the hashes of the partial tiles at the old right edge. Writing the same paths again is harmless.
    """
    rows, indexes, touched = _right_edge(old_size, reader)
    for leaf in new_leaf_hashes:
        if len(leaf) != HASH_SIZE:
            raise InvalidInput(f"a leaf hash of {len(leaf)} bytes; SHA-256 has {HASH_SIZE}.", where="leaf hashes")
        level, node = 0, leaf
        while True:
            if level == len(rows):
                rows.append(bytearray())
                indexes.append(0)
            rows[level] += node
            touched.add(level)
            if len(rows[level]) < TILE_BYTES:
                break
            full = bytes(rows[level])
            yield Tile(level, indexes[level]).path, full
            rows[level].clear()
            indexes[level] += 1
            level, node = level + 1, tile_root(full)
    for level in sorted(touched):
        if rows[level]:
            yield Tile(level, indexes[level], len(rows[level]) // HASH_SIZE).path, bytes(rows[level])


def build_bundles(old_size: int, new_entries: Iterable[bytes], read: Read) -> Iterator[tuple[str, bytes]]:
    """Yield (path, bytes) of every entry bundle that changes when entries are added to a log of `old_size`."""
    index, held = divmod(old_size, TILE_WIDTH)
    bundle = read_tile(Tile(ENTRIES, index, held), read) if held else []
    for entry in new_entries:
        bundle.append(entry)
        if len(bundle) == TILE_WIDTH:
            yield Tile(ENTRIES, index).path, encode_entries(bundle)
            index, held, bundle = index + 1, 0, []
    if len(bundle) > held:
        yield Tile(ENTRIES, index, len(bundle)).path, encode_entries(bundle)


def build_log(old_size: int, new_entries: Sequence[bytes], read: Read) -> Iterator[tuple[str, bytes]]:
    """Yield (path, bytes) of all that changes when a log grows: bundles first, so no hash comes before its entry."""
    yield from build_bundles(old_size, new_entries, read)
    yield from build_tiles(old_size, map(leaf_hash, new_entries), TileHashes(old_size, read))


@dataclass(frozen=True, slots=True)
class TileProblem:
    """A file of the log that is not what its entries make it; `index` is the first wrong hash in a tile, if any."""

    path: str
    index: int | None
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class TileAudit:
    """An audit of every tile of a log. Iterate it once for the problems; afterwards `root` is what the entries give.

    `root` stays None while the audit runs, and for good if an entry bundle could not be read.
    `on_bundle(first index, entries)` sees each bundle on the way, before its tile is checked.
    """

    def __init__(self, size: int, read: Read, on_bundle: Callable[[int, list[bytes]], None] | None = None) -> None:
        self.size = size
        self.root: bytes | None = None
        self._read = read
        self._on_bundle = on_bundle
        self._edge: CompactRange | None = None
        self._rows: list[list[bytes | None]] = []
        self._indexes: list[int] = []

    def __iter__(self) -> Iterator[TileProblem]:
        self.root, self._edge, self._rows, self._indexes = None, CompactRange(), [], []
        for bundle in _row(ENTRIES, 0, self.size):
            hashes: list[bytes | None] = [None] * bundle.width
            try:
                entries = read_tile(bundle, self._read)
            except LogInconsistent as error:
                self._edge = None
                yield TileProblem(bundle.path, None, error.message)
            else:
                if self._on_bundle is not None:
                    self._on_bundle(bundle.index * TILE_WIDTH, entries)
                hashes = [sha256(b"\x00" + entry).digest() for entry in entries]
            yield from self._push(0, hashes)
        for level, row in enumerate(self._rows):
            if row:
                yield from self._check(Tile(level, self._indexes[level], len(row)), row)
        self.root = self._edge.root() if self._edge is not None else None

    def _push(self, level: int, hashes: list[bytes | None]) -> Iterator[TileProblem]:
        """Add hashes to a level's open tile; a tile that fills up is checked and hashed into the level above."""
        if level == len(self._rows):
            self._rows.append([])
            self._indexes.append(0)
        row = self._rows[level]
        row += hashes
        root = None
        if len(row) == TILE_WIDTH:
            yield from self._check(Tile(level, self._indexes[level]), row)
            root = None if None in row else tile_root(b"".join(row))  # type: ignore[arg-type]  # None was looked for
            self._rows[level] = []
            self._indexes[level] += 1
            yield from self._push(level + 1, [root])
        if level == 0 and self._edge is not None:
            if root is not None:
                self._edge.append_subtree(TILE_HEIGHT, root)
            else:
                for leaf in row:
                    self._edge.append_subtree(0, leaf)  # type: ignore[arg-type]  # no edge once a hash is missing

    def _check(self, tile: Tile, row: list[bytes | None]) -> Iterator[TileProblem]:
        """Compare a tile with its recomputed hashes; where those are missing, take the stored ones to go on with."""
        try:
            stored = read_tile(tile, self._read)
        except LogInconsistent as error:
            yield TileProblem(tile.path, None, error.message)
            return
        if stored == row:
            return
        wrong = next((at for at, found in enumerate(row) if found is not None and found != stored[at]), None)
        row[:] = [kept if found is None else found for found, kept in zip(row, stored, strict=True)]
        if wrong is not None:
            yield TileProblem(tile.path, wrong, _describe(tile, wrong, stored[wrong], row[wrong] or b""))


def audit_tiles(size: int, read: Read, on_bundle: Callable[[int, list[bytes]], None] | None = None) -> TileAudit:
    """An audit to iterate: recomputes every tile at every level from the entries, and then has the `root`."""
    return TileAudit(size, read, on_bundle)


def _describe(tile: Tile, wrong: int, stored: bytes, found: bytes) -> str:
    index = tile.index * TILE_WIDTH + wrong
    if tile.level == 0:
        what = f"leaf {index}"
    else:
        span = TILE_WIDTH**tile.level
        what = f"the subtree of leaves {index * span} to {(index + 1) * span - 1}"
    return f"hash {wrong} is wrong: {what} hashes to {found.hex()}, the tile says {stored.hex()}."


def _row(level: int, old_count: int, new_count: int) -> list[Tile]:
    """The tiles of a level that change when its hashes (or entries) grow from one count to another."""
    if old_count == new_count:
        return []
    full, width = divmod(new_count, TILE_WIDTH)
    tiles = [Tile(level, index) for index in range(old_count // TILE_WIDTH, full)]
    return [*tiles, Tile(level, full, width)] if width else tiles


def _right_edge(size: int, reader: HashReader) -> tuple[list[bytearray], list[int], set[int]]:
    """For each level, the hashes of its last, partial tile and that tile's index; no level touched yet."""
    rows, indexes = list[bytearray](), list[int]()
    while count := size >> (TILE_HEIGHT * len(rows)):
        level = TILE_HEIGHT * len(rows)
        first = count - count % TILE_WIDTH
        rows.append(bytearray(b"".join(reader.subtree(level, index) for index in range(first, count))))
        indexes.append(count // TILE_WIDTH)
    return rows, indexes, set()


def _parents(row: bytes) -> bytes:
    """The next level's hashes over a row of hashes; an odd one at the end has no parent yet."""
    starts = range(0, len(row) - 2 * HASH_SIZE + 1, 2 * HASH_SIZE)
    return b"".join([sha256(b"\x01" + row[start : start + 2 * HASH_SIZE]).digest() for start in starts])


def tile_root(row: bytes) -> bytes:
    """The root over the 256 hashes of a full tile, which come joined."""
    while len(row) > HASH_SIZE:
        row = _parents(row)
    return row
