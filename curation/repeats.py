"""Answers to acts, kept for a day or two: a request that is sent again is answered again, and does nothing twice.

Rules that always hold:
- an act and its answer are kept in one transaction, so there is never the one without the other;
- whoever sends a request again while the first is under way waits for it, and gets its answer;
- a row tells neither whose it is nor what was done: its tag and the answer in it are under the account's own key, and
  it names the day on which it goes, not the time at which it came;
- what was refused did nothing and is not kept: it may be sent again under the same key.
"""

from __future__ import annotations

import json

from sqlalchemy import delete, insert, select

from curation.clock import DAY
from curation.db import lock
from curation.errors import Conflict
from curation.people.accounts import Actor
from curation.tables import repeats
from curation.writing import Writing

KEPT_DAYS = 2
"""An answer is kept until the second midnight (UTC) after its act: for 24 hours at least."""


def find_answer(writing: Writing, actor: Actor, key: str, request: str) -> str | None:
    """The answer that this request was given before; None when it comes for the first time.

    Args:
        writing: the transaction in which the request is carried out, and in which nothing else was done yet.
        actor: whose request it is. Everybody has keys of their own.
        key: what the caller named the request by, or what came with the form.
        request: a digest of what the request asks for; "" where only the key counts.

    Raises:
        Conflict: the key came before with another request.
    """
    name = _name(key)
    tag = writing.vault.tag(actor.account, name)
    lock(writing.connection, [f"repeat {tag}"])
    query = select(repeats.c.sealed).where(repeats.c.tag == tag, repeats.c.ends_at > writing.now)
    sealed = writing.connection.execute(query).scalar()
    if sealed is None:
        return None
    kept = json.loads(writing.vault.take_out(actor.account, name, sealed))
    if kept["request"] != request:
        raise Conflict(
            "this key came before, with another request",
            where="Idempotency-Key",
            hint="Send each new request with a new key.",
        )
    return str(kept["answer"])


def keep_answer(writing: Writing, actor: Actor, key: str, request: str, answer: str) -> None:
    """Keep the answer, in the transaction of the act. Call `find_answer` first. Answers whose days are over go."""
    name = _name(key)
    tag = writing.vault.tag(actor.account, name)
    gone = (repeats.c.ends_at <= writing.now) | (repeats.c.tag == tag)
    writing.connection.execute(delete(repeats).where(gone))
    sealed = writing.vault.lock_away(
        actor.account, name, json.dumps({"request": request, "answer": answer}, ensure_ascii=False).encode()
    )
    row = {"tag": tag, "sealed": sealed, "ends_at": writing.today + KEPT_DAYS * DAY}
    writing.connection.execute(insert(repeats), row)


def _name(key: str) -> str:
    return f"repeat:{key}"
