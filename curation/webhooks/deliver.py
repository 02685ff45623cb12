"""Send what waits in the outbox.

Rules that always hold:
- no transaction is open while a receiver is waited for; a message is claimed before it is sent, so that two processes
  do not send it both (one whose process dies is sent again: receivers know a message by its id);
- what fails is tried again, later each time, some days long; then it is given up. A receiver that says «410 Gone» gets
  nothing more;
- connections go to the public internet only (curation/evidence/reach.py), no redirect is followed, and of the answer
  nothing is kept but its status.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpcore
from sqlalchemy import Connection, insert, select, update

import curation
from curation.clock import DAY
from curation.errors import InvalidInput
from curation.evidence.addresses import read_page_address
from curation.evidence.reach import Checked, Private, Reach
from curation.people.vault import Vault
from curation.tables import webhook_attempts, webhook_messages, webhooks
from curation.webhooks.signing import headers_of
from curation.writing import Platform

BACKOFF_S = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""After which failure the next try waits how long: the schedule that Standard Webhooks recommends."""
_SECONDS = 15.0
_CLAIM_S = 120
_KEPT_DAYS = 30
GONE = 410


@dataclass
class Delivered:
    """What a run came to."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0


@dataclass(frozen=True, slots=True)
class _Due:
    id: str
    webhook: str
    url: str
    body: str
    attempts: int
    secrets: list[bytes] = field(repr=False)


def reach_of(*, private: bool) -> Reach:
    """What receivers may be connected to."""
    return Reach(permits=lambda _address, _port: True, ports=None) if private else Reach()


def deliver_due(platform: Platform, reach: Reach | None = None, most: int = 1_000) -> Delivered:
    """Send every message that is due, one after the other, at most `most` of them."""
    came, silent = Delivered(), set[str]()
    for _ in range(most):
        due = _claim(platform, silent)
        if due is None:
            break
        status = _send(due, platform.clock.now(), reach or Reach())
        _note(platform, due, status, came)
        if status is None or not 200 <= status < 300:
            silent.add(due.webhook)  # Its other messages wait for the next run, so that it holds up nobody else's.
    _forget_old(platform)
    return came


def _claim(platform: Platform, silent: Collection[str]) -> _Due | None:
    """The message that has been due for longest, but for silent receivers; kept from others for two minutes."""
    with platform.write() as writing:
        query = (
            select(webhook_messages, webhooks.c.url, webhooks.c.secret, webhooks.c.earlier, webhooks.c.earlier_until)
            .join(webhooks, webhooks.c.id == webhook_messages.c.webhook)
            .where(webhook_messages.c.state == "waiting", webhook_messages.c.next_at <= writing.now, webhooks.c.active)
            .where(webhook_messages.c.webhook.not_in(silent))
            .order_by(webhook_messages.c.next_at, webhook_messages.c.id)
            .limit(1)
        )
        row = writing.connection.execute(query).first()
        if row is None:
            return None
        claimed = update(webhook_messages).where(
            webhook_messages.c.id == row.id, webhook_messages.c.next_at == row.next_at
        )
        if writing.connection.execute(claimed.values(next_at=writing.now + _CLAIM_S)).rowcount != 1:
            return None
        secrets = [_opened(writing.vault, row.webhook, row.secret)]
        if row.earlier is not None and row.earlier_until > writing.now:
            secrets.append(_opened(writing.vault, row.webhook, row.earlier))
        return _Due(row.id, row.webhook, row.url, row.body, row.attempts, secrets)


def _opened(vault: Vault, webhook: str, sealed: bytes) -> bytes:
    return vault.open_for_home(webhook, sealed)


def _send(due: _Due, now: int, reach: Reach) -> int | None:
    """The status of the receiver's answer, or None where there was none."""
    body = due.body.encode()
    ends = time.monotonic() + _SECONDS
    try:
        address = read_page_address(due.url, reach.ports)
        headers: list[tuple[str, str]] = [
            ("Host", address.origin.partition("://")[2]),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("User-Agent", f"evenhand/{curation.__version__}"),
            ("Connection", "close"),
            *headers_of(due.secrets, due.id, now, body).items(),
        ]
        url = httpcore.URL(
            scheme=address.scheme.encode(),
            host=address.host.encode(),
            port=address.port,
            target=address.target.encode(),
        )
        origin = httpcore.Origin(address.scheme.encode(), address.host.encode(), address.port)
        with (
            httpcore.HTTPConnection(origin, ssl_context=reach.tls, network_backend=Checked(reach, ends)) as connection,
            connection.stream("POST", url, headers=headers, content=body) as response,
        ):
            status: int = response.status
            return status
    except (InvalidInput, Private, httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
        return None
    except (ssl.SSLError, OSError, ValueError):
        return None


def _note(platform: Platform, due: _Due, status: int | None, came: Delivered) -> None:
    attempts = due.attempts + 1
    with platform.write() as writing:
        row = {"message": due.id, "attempt": attempts, "webhook": due.webhook, "status": status, "at": writing.now}
        writing.connection.execute(insert(webhook_attempts), row)
        changed: dict[str, Any] = {"attempts": attempts}
        if status is not None and 200 <= status < 300:
            changed["state"] = "delivered"
            came.sent += 1
        elif status == GONE or attempts > len(BACKOFF_S):
            changed["state"] = "given_up"
            came.given_up += 1
        else:
            changed["next_at"] = writing.now + BACKOFF_S[attempts - 1]
            came.failed += 1
        writing.connection.execute(update(webhook_messages).where(webhook_messages.c.id == due.id).values(changed))
        if status == GONE:
            writing.connection.execute(update(webhooks).where(webhooks.c.id == due.webhook).values(active=False))


def attempts_of(connection: Connection, receiver: str) -> list[dict[str, Any]]:
    """Every attempt that is known to send something to a receiver, the newest first; `status` None: no answer."""
    query = select(webhook_attempts).where(webhook_attempts.c.webhook == receiver)
    rows = connection.execute(query.order_by(webhook_attempts.c.at.desc(), webhook_attempts.c.message)).all()
    return [
        {
            "message": row.message,
            "attempt": row.attempt,
            "status": row.status or "no answer",
            "at": f"{datetime.fromtimestamp(row.at, UTC):%Y-%m-%d %H:%M:%S}",
        }
        for row in rows
    ]


def _forget_old(platform: Platform) -> None:
    """Messages that were delivered or given up go after a month, and so do their attempts."""
    with platform.write() as writing:
        old = writing.now - _KEPT_DAYS * DAY
        over = select(webhook_messages.c.id).where(
            webhook_messages.c.state != "waiting", webhook_messages.c.next_at < old
        )
        writing.connection.execute(webhook_attempts.delete().where(webhook_attempts.c.message.in_(over)))
        writing.connection.execute(webhook_messages.delete().where(webhook_messages.c.id.in_(over)))
