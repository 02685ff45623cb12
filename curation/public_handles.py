"""Public handles: the name that somebody chose to show beside their pseudonym on a topic.

Rules that always hold:
- without a choice for that very topic nothing is shown, and what was chosen is taken back at any time;
- the log and the releases never hold it: a page shows it where it shows the pseudonym, and nowhere else;
- a name shown is the account's own handle: nobody takes somebody else's;
- it goes with the account.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, select

from curation.db import add_if_new
from curation.people.accounts import Actor
from curation.people.vault import topic_scope
from curation.tables import public_handles
from curation.writing import Writing


def show_handle(writing: Writing, actor: Actor, topic: str) -> None:
    """Show the actor's handle beside their pseudonym on a topic, from now on. Raises NotFound."""
    writing.admit(actor)
    writing.topic_in_force(topic)
    row = {"pseudonym": writing.pseudonym(actor, topic), "handle": actor.handle}
    add_if_new(writing.connection, public_handles, row)


def hide_handle(writing: Writing, actor: Actor, topic: str) -> None:
    """Show the pseudonym alone again."""
    writing.admit(actor)
    pseudonym = writing.vault.pseudonym(actor.account, topic_scope(topic))
    if pseudonym is not None:
        writing.connection.execute(delete(public_handles).where(public_handles.c.pseudonym == pseudonym))
        writing.leaves_traces = True


def handles_of(connection: Connection, pseudonyms: Iterable[str | None]) -> dict[str, str]:
    """Pseudonym → handle, of those that chose to show it."""
    wanted = {name for name in pseudonyms if name}
    rows = connection.execute(select(public_handles).where(public_handles.c.pseudonym.in_(wanted)))
    return {row.pseudonym: row.handle for row in rows}
