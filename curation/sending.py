"""Forms that were sent: the same one sent twice is one act.

Rules that always hold:
- a form is remembered in the transaction of its act, or not at all;
- its key is a keyed hash of account and form, so that without the vault key nobody can tell whose it was;
- what was sent in an earlier epoch is forgotten.
"""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from curation.people.accounts import Actor
from curation.tables import sent_forms
from curation.writing import Writing


def went_to(writing: Writing, actor: Actor, form: str) -> str | None:
    """Where this form led when it was sent before, or None. Call `writing.admit` first, so that two wait in line."""
    writing.connection.execute(delete(sent_forms).where(sent_forms.c.epoch < writing.epoch))
    key = writing.vault.blind("form", actor.account, form)
    return writing.connection.execute(select(sent_forms.c.went_to).where(sent_forms.c.key == key)).scalar()


def remember_sent(writing: Writing, actor: Actor, form: str, place: str) -> None:
    """Remember where a form led."""
    row = {"key": writing.vault.blind("form", actor.account, form), "went_to": place, "epoch": writing.epoch}
    writing.connection.execute(insert(sent_forms), row)
