"""Whether the bytes that nothing else can make again are those that were written: leaves, openings, documents.

Rules that always hold:
- every leaf hashes to what its row says, and every epoch's root is that of its leaves;
- every opening fits its commitment, belongs to an act, and is there exactly as long as no erasure names it;
- every document is the one whose digest the dataset's definition names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select

from curation.log.leaf import commitment
from curation.log.merkle import CompactRange, leaf_hash
from curation.rulebook.replay import Replay
from curation.tables import documents, log_epochs, log_leaves, openings, pending_leaves

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Unsound:
    """Something that is not as it was written: where, and what is wrong with it."""

    where: str
    message: str


def unsound_leaves(connection: Connection) -> Iterator[Unsound]:
    """Every leaf and every epoch's root that does not hold."""
    ends = {row.size: row for row in connection.execute(select(log_epochs))}
    edge = CompactRange()
    query = select(log_leaves.c.idx, log_leaves.c.hash, log_leaves.c.leaf).order_by(log_leaves.c.idx)
    with connection.execute(query.execution_options(yield_per=_AT_ONCE)) as result:
        for size, row in enumerate(result, 1):
            hashed = leaf_hash(row.leaf)
            if row.idx != size - 1 or hashed.hex() != row.hash:
                yield Unsound(f"leaf {size - 1}", "does not hash to what its row says, or is out of order")
            edge.append(hashed)
            end = ends.pop(size, None)
            if end is not None and edge.root().hex() != end.root:
                yield Unsound(f"epoch {end.epoch}", "its root is not that of its leaves")
    for end in sorted(ends.values(), key=lambda row: row.epoch):
        yield Unsound(f"epoch {end.epoch}", "leaves are missing")
    for pending in connection.execute(select(pending_leaves.c.hash, pending_leaves.c.leaf)):
        if leaf_hash(pending.leaf).hex() != pending.hash:
            yield Unsound(f"pending leaf {pending.hash[:12]}", "does not hash to what its row says")


def unsound_openings(connection: Connection) -> Iterator[Unsound]:
    """Every opening that does not fit its commitment."""
    with connection.execute(select(openings).execution_options(yield_per=_AT_ONCE)) as result:
        for row in result:
            if commitment(row.unit, row.salt, row.body) != row.commitment:
                yield Unsound(f"opening {row.commitment[:12]}", "does not fit its commitment")


def missing_texts(connection: Connection, state: Replay) -> Iterator[Unsound]:
    """Openings that went without an erasure or stayed in spite of one, and documents that are not the defined ones."""
    kept = set(connection.execute(select(openings.c.commitment)).scalars())
    wanted = set()
    for history in state.histories.values():
        held = set().union(*history.held.values())
        wanted |= held - history.erased.keys()
    wanted |= {planted.commitment for planted in state.definitions.planted.values()}
    for lost in sorted(wanted - kept):
        yield Unsound(f"opening {lost[:12]}", "is gone, and no erasure names it")
    for left in sorted(kept - wanted):
        yield Unsound(f"opening {left[:12]}", "belongs to no act, or was erased and is still here")
    found = {row.sha256: row.content for row in connection.execute(select(documents))}
    terms = state.definitions.terms
    for path, digest in sorted(terms.documents.items() if terms else ()):
        if hashlib.sha256(found.get(digest, b"")).hexdigest() != digest:
            yield Unsound(f"document {path}", "is gone, or is not the one that was defined")
