"""Sealing an epoch: pending leaves enter the log in an order that tells nothing of when they arrived.

Rules that always hold:
- everything pending is sealed, but for reviews and passes of rounds that are still open and what refers to them;
- the order is that of `order.canonical_order`; the epoch's last leaf is `epoch:closed` with its day;
- the order of arrival was never stored, and the pending rows are overwritten (secure delete).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from curation.log.leaf import encode_leaf, fresh_nonce
from curation.log.merkle import CompactRange, leaf_hash
from curation.log.notes import Checkpoint, SigningKey, sign_checkpoint
from curation.log.order import canonical_order
from curation.tables import log_epochs, log_leaves, pending_leaves, stages
from curation_schemas.events import (
    EVENT,
    AnyEvent,
    EpochClosed,
    ReviewSubmitted,
    SeatPassed,
    leaf_fields,
    references_of,
)


@dataclass(frozen=True, slots=True)
class SealedEpoch:
    """A sealed epoch: its number and day, how many acts entered the log, how many still wait, and the log's size."""

    epoch: int
    date: str
    acts: int
    waiting: int
    size: int


def seal_epoch(
    connection: Connection,
    dataset: str,
    log_key: SigningKey,
    date: str,
    token_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> SealedEpoch:
    """Seal the open epoch in the transaction of `connection`, which writes alone; `date` is the day, YYYY-MM-DD."""
    last = connection.execute(select(func.max(log_epochs.c.epoch))).scalar()
    epoch = 0 if last is None else last + 1
    old_size = connection.execute(select(func.count()).select_from(log_leaves)).scalar() or 0
    pending = {row.hash: row.leaf for row in connection.execute(select(pending_leaves.c.hash, pending_leaves.c.leaf))}
    events = {leaf: EVENT.validate_json(content) for leaf, content in pending.items()}
    waiting = _waiting(connection, events)
    references = {leaf: references_of(event) for leaf, event in events.items() if leaf not in waiting}
    closing = EpochClosed(dataset=dataset, nonce=fresh_nonce(token_bytes), epoch=epoch, date=date)
    closing_leaf = encode_leaf(leaf_fields(closing))
    rows = [
        _row(old_size + place, epoch, leaf, pending[leaf], events[leaf])
        for place, leaf in enumerate(canonical_order(references))
    ]
    rows.append(_row(old_size + len(rows), epoch, leaf_hash(closing_leaf).hex(), closing_leaf, closing))
    connection.execute(insert(log_leaves), rows)
    connection.execute(delete(pending_leaves).where(pending_leaves.c.hash.in_(select(log_leaves.c.hash))))
    size = old_size + len(rows)
    root = _root(connection)
    checkpoint = sign_checkpoint(Checkpoint(log_key.name, size, root), log_key).decode()
    row = {"epoch": epoch, "size": size, "root": root.hex(), "date": date, "checkpoint": checkpoint}
    connection.execute(insert(log_epochs), row)
    return SealedEpoch(epoch, date, len(rows) - 1, len(waiting), size)


def _row(idx: int, epoch: int, leaf: str, content: bytes, event: AnyEvent) -> dict[str, object]:
    return {
        "idx": idx,
        "epoch": epoch,
        "hash": leaf,
        "type": event.type,
        "example": getattr(event, "example", None),
        "leaf": content,
    }


def _waiting(connection: Connection, events: dict[str, AnyEvent]) -> set[str]:
    """The pending leaves that stay: those of open rounds, and all that refers to them, however indirectly."""
    query = select(stages.c.revision, stages.c.stage).where(stages.c.open)
    open_stages = {(row.revision, row.stage) for row in connection.execute(query)}
    followers: dict[str, list[str]] = {}
    found = []
    for leaf, event in events.items():
        for reference in references_of(event):
            followers.setdefault(reference, []).append(leaf)
        if isinstance(event, (ReviewSubmitted, SeatPassed)) and (event.revision, event.stage) in open_stages:
            found.append(leaf)
    waiting: set[str] = set()
    while found:
        leaf = found.pop()
        if leaf not in waiting:
            waiting.add(leaf)
            found.extend(followers.get(leaf, ()))
    return waiting


def _root(connection: Connection) -> bytes:
    edge = CompactRange()
    for leaf in connection.execute(select(log_leaves.c.hash).order_by(log_leaves.c.idx)).scalars():
        edge.append(bytes.fromhex(leaf))
    return edge.root()
