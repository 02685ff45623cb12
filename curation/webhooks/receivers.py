"""Receivers of webhooks: add, list, replace the secret, remove.

Rules that always hold:
- a secret is shown once, when it is made; it is kept sealed under the vault key;
- a secret that was replaced signs beside the new one for a day, so that the receiver can change over;
- an address is https and of the public internet, unless the operator allows others.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select, update

from curation.clock import DAY
from curation.errors import Conflict, InvalidInput, NotFound
from curation.evidence.addresses import read_page_address
from curation.people.accounts import Actor
from curation.tables import webhook_attempts, webhook_messages, webhooks
from curation.webhooks.deliver import reach_of
from curation.webhooks.signing import SECRET_BYTES, written_secret
from curation.writing import Writing

MOST_RECEIVERS = 20


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A receiver's id and its new secret, shown this once."""

    id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiver, and how its messages stand."""

    id: str
    url: str
    active: bool
    waiting: int
    delivered: int
    given_up: int


def check_url(url: str, *, private: bool) -> None:
    """Raise InvalidInput unless messages may be sent to this address."""
    if not url.startswith("https://") and not (private and url.startswith("http://")):
        raise InvalidInput("a receiver's address begins with https://", where="url")
    try:
        read_page_address(url, reach_of(private=private).ports)
    except InvalidInput as error:
        raise InvalidInput(f"no message is sent to this address: {error.message}", where="url") from None


def add_receiver(writing: Writing, actor: Actor, url: str, *, private: bool = False) -> NewSecret:
    """Send messages to an address from the next epoch's end on. Raises InvalidInput, Conflict, NotAllowed."""
    writing.admit(actor, "maintainer")
    check_url(url, private=private)
    known = writing.connection.execute(select(webhooks.c.url)).scalars().all()
    if url in known:
        raise Conflict("this address is registered already", where="url")
    if len(known) >= MOST_RECEIVERS:
        raise Conflict(f"there are {MOST_RECEIVERS} receivers already", hint="Remove one first.")
    made = "wh_" + base64.b32encode(writing.token_bytes(10)).decode().rstrip("=").lower()
    secret = writing.token_bytes(SECRET_BYTES)
    row = {"id": made, "url": url, "secret": writing.vault.lock_for_home(made, secret), "active": True}
    writing.connection.execute(insert(webhooks), row)
    return NewSecret(made, written_secret(secret))


def replace_secret(writing: Writing, actor: Actor, receiver: str) -> NewSecret:
    """Make a receiver another secret; the one before signs beside it for a day. Raises NotFound, NotAllowed."""
    writing.admit(actor, "maintainer")
    row = writing.connection.execute(select(webhooks).where(webhooks.c.id == receiver)).first()
    if row is None:
        raise NotFound(f"there is no receiver {receiver!r}", hint="List them with `evenhand webhooks list`.")
    secret = writing.token_bytes(SECRET_BYTES)
    changed = {
        "secret": writing.vault.lock_for_home(receiver, secret),
        "earlier": row.secret,
        "earlier_until": writing.now + DAY,
        "active": True,
    }
    writing.connection.execute(update(webhooks).where(webhooks.c.id == receiver).values(changed))
    return NewSecret(receiver, written_secret(secret))


def remove_receiver(writing: Writing, actor: Actor, receiver: str) -> None:
    """Send nothing more to a receiver, and forget what was sent. Raises NotFound, NotAllowed."""
    writing.admit(actor, "maintainer")
    for table in (webhook_attempts, webhook_messages):
        writing.connection.execute(delete(table).where(table.c.webhook == receiver))
    if writing.connection.execute(delete(webhooks).where(webhooks.c.id == receiver)).rowcount != 1:
        raise NotFound(f"there is no receiver {receiver!r}", hint="List them with `evenhand webhooks list`.")


def list_receivers(connection: Connection) -> list[Receiver]:
    """Every receiver, by address."""
    query = select(webhook_messages.c.webhook, webhook_messages.c.state, func.count().label("number"))
    grouped = query.group_by(webhook_messages.c.webhook, webhook_messages.c.state)
    counts = {(row.webhook, row.state): row.number for row in connection.execute(grouped)}
    return [
        Receiver(
            row.id,
            row.url,
            row.active,
            *(counts.get((row.id, state), 0) for state in ("waiting", "delivered", "given_up")),
        )
        for row in connection.execute(select(webhooks).order_by(webhooks.c.url))
    ]
