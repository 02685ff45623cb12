"""What is told to whom: messages are written in the transaction that makes public what they tell.

Rules that always hold:
- a message tells what a sealed leaf says to everybody, and nothing else: no act of an open round, nobody's pseudonym,
  no text;
- its time is the day on which the epoch was closed;
- an epoch's end and its messages are kept together, or neither is.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import insert, select

from curation.log.epochs import SealedEpoch
from curation.tables import log_leaves, webhook_messages, webhooks
from curation.writing import Writing
from curation_schemas.events import (
    EVENT,
    ExampleProposed,
    ExampleWithdrawn,
    ReleaseCut,
    RoundClosed,
    TopicDefined,
)

MOST = 2_000
"""Messages of one epoch to one receiver, besides that of its end, which says how many there would be."""
_TOLD = ("example:proposed", "example:withdrawn", "round:closed", "release:cut", "topic:defined")
TYPES = {
    "epoch.closed": "An epoch was closed: its number, the log's size and root, how many acts it sealed.",
    "example.proposed": "An example became public, and its first round is open or was.",
    "example.judged": "A round ended: the example, its revision, the stage and the outcome.",
    "example.withdrawn": "Its author took an example back: whoever trains on it learns what to drop.",
    "release.cut": "A release stands in the log: its version and the SHA-256 of its manifest.",
    "topic.defined": "A topic came into force, or another wording of it.",
}
"""Every type of message, and what it says."""


def queue_messages(writing: Writing, sealed: SealedEpoch) -> int:
    """Write the messages of an epoch that was just sealed, for every receiver. Returns how many."""
    receivers = writing.connection.execute(select(webhooks.c.id).where(webhooks.c.active)).scalars().all()
    if not receivers:
        return 0
    query = select(log_leaves.c.leaf).where(log_leaves.c.epoch == sealed.epoch, log_leaves.c.type.in_(_TOLD))
    told = list(_told(row.leaf for row in writing.connection.execute(query.order_by(log_leaves.c.idx))))
    ended = {"epoch": sealed.epoch, "size": sealed.size, "acts": sealed.acts, "messages": len(told)}
    bodies = [_body(sealed.date, "epoch.closed", ended)]
    bodies += [_body(sealed.date, name, {**data, "epoch": sealed.epoch}) for name, data in told[:MOST]]
    rows = [
        {
            "id": new_message_id(writing),
            "webhook": receiver,
            "body": body,
            "attempts": 0,
            "next_at": writing.now,
            "state": "waiting",
        }
        for receiver in receivers
        for body in bodies
    ]
    writing.connection.execute(insert(webhook_messages), rows)
    return len(rows)


def new_message_id(writing: Writing) -> str:
    """`msg_` and 26 characters."""
    return "msg_" + base64.b32encode(writing.token_bytes(16)).decode().rstrip("=").lower()


def _body(day: str, name: str, data: dict[str, Any]) -> str:
    plain = {"type": name, "timestamp": f"{day}T00:00:00Z", "data": data}
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))


def _told(leaves: Iterator[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(type, data) of what a leaf tells."""
    for leaf in leaves:
        event = EVENT.validate_json(leaf)
        if isinstance(event, ExampleProposed):
            about = {"example": event.example, "topic": event.topic, "kind": event.kind, "language": event.language}
            yield "example.proposed", about
        elif isinstance(event, RoundClosed):
            round_of = {"example": event.example, "revision": event.revision, "stage": event.stage}
            yield "example.judged", {**round_of, "how": event.how, "outcome": event.outcome}
        elif isinstance(event, ExampleWithdrawn):
            yield "example.withdrawn", {"example": event.example, "reason": event.reason}
        elif isinstance(event, ReleaseCut):
            yield "release.cut", {"version": event.version, "size": event.size, "manifest": event.manifest}
        elif isinstance(event, TopicDefined):
            yield "topic.defined", {"topic": event.topic.id}
