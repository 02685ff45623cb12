"""Receipts for acts that are pending: made when their author asks for one, and kept nowhere.

Rules that always hold:
- only the author of an act gets its receipt, as long as the act is pending; afterwards it stands in the log;
- nothing is written: neither the receipt nor that somebody asked for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from curation.errors import NotFound
from curation.people.accounts import Actor
from curation.people.vault import Vault, topic_scope
from curation.tables import pending_leaves
from curation.writing import LoadedExamples, Platform, Receipt, Writing
from curation_schemas.events import EVENT, Act


@dataclass(frozen=True, slots=True)
class PendingAct:
    """An own act that is not sealed yet."""

    leaf: str
    type: str
    topic: str


def own_pending_acts(loaded: LoadedExamples, platform: Platform, actor: Actor) -> list[PendingAct]:
    """The actor's own pending acts on topics, by topic and then by leaf: not in the order in which they came."""
    vault = Vault(loaded.connection, platform.home.vault_key, platform.token_bytes)
    scopes = [(actor.account, topic_scope(topic)) for topic in loaded.definitions.topics]
    mine = [f'"pseudonym":"{name}"'.encode() for name in vault.load(scopes)]
    rows = loaded.connection.execute(select(pending_leaves.c.hash, pending_leaves.c.type, pending_leaves.c.leaf))
    events = [(row.hash, row.type, EVENT.validate_json(row.leaf)) for row in rows if any(it in row.leaf for it in mine)]
    found = [PendingAct(leaf, kind, event.topic) for leaf, kind, event in events if isinstance(event, Act)]
    return sorted(found, key=lambda act: (act.topic, act.leaf))


def own_receipt(writing: Writing, actor: Actor, leaf: str) -> Receipt:
    """The receipt of an own pending act. Raises NotFound."""
    content = writing.connection.execute(select(pending_leaves.c.leaf).where(pending_leaves.c.hash == leaf)).scalar()
    event = EVENT.validate_json(content) if content is not None else None
    if isinstance(event, Act):
        pseudonym = writing.vault.pseudonym(actor.account, topic_scope(event.topic))
        if pseudonym == event.pseudonym:
            return writing.receipt_of(event, leaf)
    raise NotFound("you have no such act that is pending", hint="What is sealed stands in the log.")
