"""Merkle trees after RFC 6962 §2.1 (the same as RFC 9162 §2.1): roots, proofs and their verification.

Rules that always hold:
- The hash is SHA-256; a leaf is hashed behind 0x00 and a node behind 0x01, so neither can pass as the other.
- `subtree(level, index)` names a complete subtree: the root over leaves [index << level, (index + 1) << level).
- Proofs are read through a `HashReader`, which touches O(log² n) hashes: in memory here, over tiles in `tiles`.
- `verify_*` return nothing and raise `LogInconsistent`; a builder asked for what no tree has raises `InvalidInput`.
- Nothing here knows what a leaf means, and nothing here reads a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final, Protocol

from curation.errors import InvalidInput, LogInconsistent

HASH_SIZE: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()  # RFC 6962 §2.1: the hash of an empty list is the hash of an empty string.


def leaf_hash(data: bytes) -> bytes:
    """RFC 6962 §2.1: the prefix keeps a leaf from passing as a node."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 6962 §2.1: the hash of an inner node from its children's hashes."""
    return sha256(b"\x01" + left + right).digest()


class HashReader(Protocol):
    """Where hashes of complete subtrees come from."""

    def subtree(self, level: int, index: int) -> bytes:
        """The 32-byte root over leaves [index << level, (index + 1) << level). May raise LogInconsistent."""
        ...


class CompactRange:
    """The right edge of a growing tree: one hash for each 1 in the binary form of its size, widest first."""

    __slots__ = ("_nodes", "size")

    def __init__(self) -> None:
        self.size = 0
        self._nodes: list[bytes] = []

    @classmethod
    def of(cls, size: int, reader: HashReader) -> CompactRange:
        """The right edge of the tree of that size, read from a reader."""
        edge = cls()
        edge._nodes = _cover(0, size, reader)
        edge.size = size
        return edge

    def append(self, leaf: bytes) -> None:
        """Add the next leaf's hash."""
        self.append_subtree(0, leaf)

    def append_subtree(self, level: int, root: bytes) -> None:
        """Add 2**level leaves at once, as the root of their complete subtree; the size must be a multiple of that."""
        if self.size & ((1 << level) - 1):
            raise InvalidInput(f"a subtree of 2^{level} leaves cannot start at {self.size}.", where="subtree")
        carry = self.size >> level
        while carry & 1:
            root = node_hash(self._nodes.pop(), root)
            carry >>= 1
        self._nodes.append(root)
        self.size += 1 << level

    def root(self) -> bytes:
        """The root of the tree so far."""
        return _fold(self._nodes)


class MemoryHashes:
    """A HashReader that keeps every complete subtree in memory; for tests and small logs."""

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        for leaf in leaf_hashes:
            self.append(leaf)

    def append(self, leaf: bytes) -> None:
        """Add the next leaf's hash."""
        level, root = 0, leaf
        self._levels[0].append(root)
        while not len(self._levels[level]) & 1:
            root = node_hash(*self._levels[level][-2:])
            level += 1
            if level == len(self._levels):
                self._levels.append([])
            self._levels[level].append(root)

    def subtree(self, level: int, index: int) -> bytes:
        """See HashReader. Raises InvalidInput if the tree has no such complete subtree."""
        if 0 <= level < len(self._levels) and 0 <= index < len(self._levels[level]):
            return self._levels[level][index]
        size = len(self._levels[0])
        raise InvalidInput(f"no complete subtree {index} at level {level} in {size} leaves.", where="tree")


def root_hash(leaf_hashes: Iterable[bytes]) -> bytes:
    """The root over leaf hashes in order, holding O(log n) of them."""
    edge = CompactRange()
    for leaf in leaf_hashes:
        edge.append_subtree(0, leaf)
    return edge.root()


def tree_root(size: int, reader: HashReader) -> bytes:
    """The root of the tree of that size, from a reader's complete subtrees."""
    return _fold(_cover(0, size, reader))


def inclusion_proof(index: int, size: int, reader: HashReader) -> list[bytes]:
    """RFC 6962 §2.1.1: PATH(index, D[size]), from the leaf's sibling up to the root's child."""
    if not 0 <= index < size:
        raise InvalidInput(f"a log of {size} leaves has no leaf {index}.", where="index")
    start, end, path = 0, size, list[bytes]()
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_fold(_cover(middle, end, reader)))
            end = middle
        else:
            path.append(_fold(_cover(start, middle, reader)))
            start = middle
    return path[::-1]


def consistency_proof(old: int, new: int, reader: HashReader) -> list[bytes]:
    """RFC 6962 §2.1.2: PROOF(old, D[new]); empty if old is 0 or new (C2SP tlog-witness asks for that at 0)."""
    if not 0 <= old <= new:
        raise InvalidInput(f"no log grows from {old} to {new} leaves.", where="old size")
    start, end, path = 0, new if old else 0, list[bytes]()
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_fold(_cover(middle, end, reader)))
            end = middle
        else:
            path.append(_fold(_cover(start, middle, reader)))
            start = middle
    if start:  # RFC 6962 §2.1.2: a verifier already has the old root, which is this subtree only when it starts at 0.
        path.append(_fold(_cover(start, end, reader)))
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """RFC 9162 §2.1.3.2: that the leaf hash stands at `index` under the root of `size` leaves, or LogInconsistent."""
    where = f"inclusion of leaf {index} in {size}"
    if not 0 <= index < size:
        raise LogInconsistent(f"a log of {size} leaves has no leaf {index}.", where=where)
    _check_lengths([leaf, root, *proof], where)
    first, last, result = index, size - 1, leaf
    for sibling in proof:
        if not last:
            raise LogInconsistent(f"the proof has {len(proof)} hashes, more than the tree has levels.", where=where)
        if first & 1 or first == last:
            result = node_hash(sibling, result)
            while first and not first & 1:
                first >>= 1
                last >>= 1
        else:
            result = node_hash(result, sibling)
        first >>= 1
        last >>= 1
    if last:
        raise LogInconsistent(f"the proof has {len(proof)} hashes, too few to reach the root.", where=where)
    _check_root(result, root, where)


def verify_consistency(old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """RFC 9162 §2.1.4.2: that the old tree is a prefix of the new one, or LogInconsistent.

    Sizes 0 and equal sizes take an empty proof: the roots alone decide.
    """
    where = f"consistency of {old_size} with {new_size}"
    if not 0 <= old_size <= new_size:
        raise LogInconsistent(f"the log shrank from {old_size} to {new_size} leaves.", where=where)
    _check_lengths([old_root, new_root, *proof], where)
    if not old_size or old_size == new_size:
        _check_root(old_root, new_root if old_size else EMPTY_ROOT, where)
        if not new_size:
            _check_root(new_root, EMPTY_ROOT, where)
        if proof:
            raise LogInconsistent(f"the proof has {len(proof)} hashes; between these sizes it is empty.", where=where)
        return
    old_found, new_found = _run_consistency(old_size, new_size, old_root, proof, where)
    _check_root(old_found, old_root, where)
    _check_root(new_found, new_root, where)


def _run_consistency(old: int, new: int, old_root: bytes, proof: Sequence[bytes], where: str) -> tuple[bytes, bytes]:
    """The old and the new root that a proof leads to, for 0 < old < new."""
    # RFC 9162 §2.1.4.2 step 2: the root of a full old tree is known, so the proof leaves it out.
    path = [old_root, *proof] if not old & (old - 1) else list(proof)
    first, last = old - 1, new - 1
    while first & 1:
        first >>= 1
        last >>= 1
    if not path:
        raise LogInconsistent("the proof is empty.", where=where)
    old_found = new_found = path[0]
    for sibling in path[1:]:
        if not last:
            raise LogInconsistent(f"the proof has {len(proof)} hashes, more than the tree has levels.", where=where)
        if first & 1 or first == last:
            old_found = node_hash(sibling, old_found)
            new_found = node_hash(sibling, new_found)
            while first and not first & 1:
                first >>= 1
                last >>= 1
        else:
            new_found = node_hash(new_found, sibling)
        first >>= 1
        last >>= 1
    if last:
        raise LogInconsistent(f"the proof has {len(proof)} hashes, too few to reach the root.", where=where)
    return old_found, new_found


def _split(width: int) -> int:
    """RFC 6962 §2.1: the largest power of two smaller than the width, for a width of 2 or more."""
    return 1 << ((width - 1).bit_length() - 1)


def _cover(start: int, end: int, reader: HashReader) -> list[bytes]:
    """Roots of the complete subtrees that make up leaves [start, end), widest first."""
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append(reader.subtree(level, start >> level))
        start += 1 << level
    return nodes


def _fold(nodes: Sequence[bytes]) -> bytes:
    """The root over complete subtrees of falling width."""
    if not nodes:
        return EMPTY_ROOT
    root = nodes[-1]
    for node in reversed(nodes[:-1]):
        root = node_hash(node, root)
    return root


def _check_lengths(hashes: Iterable[bytes], where: str) -> None:
    for value in hashes:
        if len(value) != HASH_SIZE:
            raise LogInconsistent(f"a hash of {len(value)} bytes; SHA-256 has {HASH_SIZE}.", where=where)


def _check_root(found: bytes, expected: bytes, where: str) -> None:
    if found != expected:
        raise LogInconsistent(f"leads to root {found.hex()}, not to {expected.hex()}.", where=where)
