"""All leaves of a bundle's log that concern one example: none can have been left out or changed.

Rules that always hold:
- either every leaf of the log is hashed, up to the checkpoint, or the log's files are compared with a manifest that was
  verified before (`remembered`); one file that differs, is missing or is not listed, and every leaf is hashed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from itertools import pairwise

from curation.audit.beside import LARGE, Beside, Seen
from curation.audit.bundle import Bundle
from curation.errors import LogInconsistent
from curation.log.merkle import CompactRange
from curation.log.notes import Checkpoint
from curation.log.tiles import ENTRIES, TILE_HEIGHT, TILE_WIDTH, Tile, decode_entries, tile_hashes, tile_root
from curation.rulebook.concerning import Concerning, Numbered

BY_LEAF = "every leaf of the log was hashed, up to the checkpoint"
BY_DIGEST = "the log's files are those of a release that `evenhand verify` found intact on this machine"
"""Why none can have been left out."""


def leaves_concerning(
    bundle: Bundle, checkpoint: Checkpoint, example: str, processes: int, *, known: bool
) -> tuple[Numbered, str]:
    """The leaves that concern an example, and why none can have been left out.

    Args:
        bundle: the bundle, whose checkpoint was checked.
        checkpoint: that checkpoint.
        example: the example's id.
        processes: how many may look at a large log side by side (see `usable_processes`).
        known: whether a bundle with this manifest was verified before.

    Raises LogInconsistent unless all leaves hash to the checkpoint: else one of the example's could be hidden by
    changing it.
    """
    concerning = Concerning(example)
    if known:
        found = _as_listed(bundle, concerning, processes)
        if found is not None:
            return found, BY_DIGEST
    return _as_hashed(bundle, checkpoint, concerning, processes), BY_LEAF


def _as_listed(bundle: Bundle, concerning: Concerning, processes: int) -> Numbered | None:
    """Those of a log whose files are the ones that the manifest lists; None where one of them is not."""
    found: Numbered = []
    for picked in _side_by_side(partial(_compare, bundle, concerning), bundle, processes):
        if picked is None:
            return None
        found += picked
    return found


def _as_hashed(bundle: Bundle, checkpoint: Checkpoint, concerning: Concerning, processes: int) -> Numbered:
    """Those of a log whose leaves give the checkpoint's root. Raises LogInconsistent."""
    edge, found = CompactRange(), Numbered()
    for roots, rest, picked in _side_by_side(partial(_hash, bundle, concerning), bundle, processes):
        for root in roots:
            edge.append_subtree(TILE_HEIGHT, root)
        for leaf in rest:
            edge.append(leaf)
        found += picked
    if edge.root() != checkpoint.root:
        message = f"its leaves hash to {edge.root().hex()}; the checkpoint says {checkpoint.root.hex()}"
        raise LogInconsistent(message, where="log", hint="Run `evenhand verify` on this bundle.")
    return found


def _side_by_side(look: Callable[[range], Seen], bundle: Bundle, processes: int) -> list[Seen]:
    """What a look at each share of a log's bundles of entries gives; all but the first in processes of their own."""
    bundles = range(-(-bundle.manifest.log.size // TILE_WIDTH))
    shares = max(1, processes if bundle.manifest.log.size >= LARGE else 1)
    ends = [share * len(bundles) // shares for share in range(shares + 1)]
    others = [Beside(partial(look, bundles[start:end]), shares) for start, end in pairwise(ends[1:])]
    return [look(bundles[: ends[1]]), *(other.result() for other in others)]


def _compare(bundle: Bundle, concerning: Concerning, bundles: range) -> Numbered | None:
    """The leaves that concern it, if each file has the digest that the manifest says; else None."""
    picked, listed = Numbered(), bundle.manifest.files
    for tile, data in _entries(bundle, bundles):
        path = f"log/{tile.path}"
        if path not in listed or sha256(data).hexdigest() != listed[path].sha256:
            return None
        leaves = decode_entries(data, path, tile.width)
        picked += concerning.picked(leaves, tile.index * TILE_WIDTH, data)
    return picked


def _hash(bundle: Bundle, concerning: Concerning, bundles: range) -> tuple[list[bytes], list[bytes], Numbered]:
    """The roots of full tiles, the leaf hashes of a last one that is not full, and the leaves that concern it."""
    roots, rest, picked = list[bytes](), list[bytes](), Numbered()
    for tile, data in _entries(bundle, bundles):
        leaves = decode_entries(data, f"log/{tile.path}", tile.width)
        hashes = b"".join([sha256(b"\x00" + leaf).digest() for leaf in leaves])
        if tile.width == TILE_WIDTH:
            roots.append(tile_root(hashes))
        else:
            rest = tile_hashes(hashes, tile.path)
        picked += concerning.picked(leaves, tile.index * TILE_WIDTH, data)
    return roots, rest, picked


def _entries(bundle: Bundle, bundles: range) -> Iterator[tuple[Tile, bytes]]:
    """The bundles of entries, as bytes."""
    for number in bundles:
        tile = Tile(ENTRIES, number, min(TILE_WIDTH, bundle.manifest.log.size - number * TILE_WIDTH))
        yield tile, bundle.read_log(tile.path)
