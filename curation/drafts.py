"""Drafts: what somebody began to write, kept until they go on.

Rules that always hold:
- nothing is kept unless its author asked for it, and what they write on is kept only while the draft is there;
- a draft is sealed under its author's own key, in a row that names neither account nor form, and the day on which it
  goes, never the time at which it came;
- there is one draft for a form; it goes with the proposal, when its author says so, or after KEPT_DAYS;
- who forgets an account's key makes its drafts unreadable too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import get_args

from sqlalchemy import delete, insert, select

from curation.clock import DAY
from curation.errors import InvalidInput
from curation.people.accounts import Actor
from curation.people.vault import Vault
from curation.tables import drafts
from curation.writing import LoadedExamples, Platform, Writing
from curation_schemas.example import Kind

KEPT_DAYS = 30
MAX_BYTES = 400_000
Fields = list[tuple[str, str]]
"""Names and texts of a form, in their order."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed, and the midnight (UTC, seconds since 1970) at which it goes."""

    fields: Fields
    ends_at: int


def forms_of(topics: Iterable[str], own: Iterable[str]) -> list[str]:
    """The names of the forms that somebody can have drafts of: the addresses of their pages.

    Args:
        topics: the topics in force.
        own: the examples that they proposed.
    """
    named = [f"/propose/{topic}/{kind}" for topic in topics for kind in get_args(Kind)]
    return ["/propose-topic", *named, *(f"/examples/{example}/revise" for example in own)]


def find_draft(loaded: LoadedExamples, platform: Platform, actor: Actor, form: str) -> Draft | None:
    """The draft for a form, named by its address."""
    vault = Vault(loaded.connection, platform.home.vault_key, platform.token_bytes)
    name = _name(form)
    query = select(drafts).where(drafts.c.tag == vault.tag(actor.account, name))
    row = loaded.connection.execute(query.where(drafts.c.ends_at > platform.clock.now())).first()
    if row is None:
        return None
    fields = json.loads(vault.take_out(actor.account, name, row.sealed))
    return Draft([(str(field), str(text)) for field, text in fields], row.ends_at)


def forms_with_drafts(loaded: LoadedExamples, platform: Platform, actor: Actor, forms: Iterable[str]) -> list[str]:
    """Those of some forms for which there is a draft, in one query."""
    vault = Vault(loaded.connection, platform.home.vault_key, platform.token_bytes)
    tags = {vault.tag(actor.account, _name(form)): form for form in forms}
    query = select(drafts.c.tag).where(drafts.c.tag.in_(tags), drafts.c.ends_at > platform.clock.now())
    return sorted(tags[tag] for tag in loaded.connection.execute(query).scalars())


def keep_draft(writing: Writing, actor: Actor, form: str, fields: Fields, *, anew: bool) -> bool:
    """Keep what was typed. Drafts whose days are over go.

    Args:
        writing: the transaction.
        actor: whose draft it is.
        form: the form's address.
        fields: what was typed.
        anew: whether to begin a draft where there is none; else nothing is kept then.

    Returns:
        Whether it is kept.

    Raises:
        InvalidInput: it is longer than MAX_BYTES.
    """
    plain = json.dumps(fields, ensure_ascii=False).encode()
    if len(plain) > MAX_BYTES:
        raise InvalidInput(f"a draft has {MAX_BYTES} bytes at most", where="draft", hint="Propose it, or shorten it.")
    writing.admit(actor)
    name = _name(form)
    tag = writing.vault.tag(actor.account, name)
    writing.connection.execute(delete(drafts).where(drafts.c.ends_at <= writing.now))
    gone = writing.connection.execute(delete(drafts).where(drafts.c.tag == tag)).rowcount
    if not (anew or gone):
        return False
    row = {
        "tag": tag,
        "sealed": writing.vault.lock_away(actor.account, name, plain),
        "ends_at": writing.today + (KEPT_DAYS + 1) * DAY,
    }
    writing.connection.execute(insert(drafts), row)
    return True


def drop_draft(writing: Writing, actor: Actor, form: str) -> None:
    """Delete the draft for a form, if there is one."""
    tag = writing.vault.tag(actor.account, _name(form))
    if writing.connection.execute(delete(drafts).where(drafts.c.tag == tag)).rowcount:
        writing.leaves_traces = True


def _name(form: str) -> str:
    return f"draft:{form}"
