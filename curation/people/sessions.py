"""Browser sessions of people who are signed in.

Rules that always hold:
- a session's token is shown to the browser only; its SHA-256 is kept, and what is found by it is compared in constant
  time;
- a session says when it ends, to the day, and nothing else: no address, no device, no time of use;
- whoever changes the passphrase, leaves or is forgotten is signed out everywhere.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from sqlalchemy import Connection, delete, insert, select

from curation.clock import DAY
from curation.identifiers import TokenBytes
from curation.people.accounts import Actor, actor_by_id
from curation.tables import sessions

SESSION_DAYS = 14
SESSION_SECONDS = SESSION_DAYS * DAY


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def open_session(connection: Connection, account: str, now: int, token_bytes: TokenBytes) -> str:
    """Sign an account in. Returns the token for the browser's cookie; sessions that are over are cleared away."""
    connection.execute(delete(sessions).where(sessions.c.ends_at <= now))
    token = base64.urlsafe_b64encode(token_bytes(32)).decode().rstrip("=")
    ends_at = -(-(now + SESSION_SECONDS) // DAY) * DAY
    connection.execute(insert(sessions), {"digest": _digest(token), "account": account, "ends_at": ends_at})
    return token


def actor_by_session(connection: Connection, token: str, now: int) -> Actor | None:
    """Who is signed in with this token, or None."""
    digest = _digest(token)
    row = connection.execute(select(sessions).where(sessions.c.digest == digest)).first()
    if row is None or not hmac.compare_digest(row.digest, digest) or row.ends_at <= now:
        return None
    return actor_by_id(connection, row.account)


def close_session(connection: Connection, token: str) -> None:
    """Sign one browser out."""
    connection.execute(delete(sessions).where(sessions.c.digest == _digest(token)))


def close_sessions(connection: Connection, account: str) -> None:
    """Sign an account out everywhere."""
    connection.execute(delete(sessions).where(sessions.c.account == account))
