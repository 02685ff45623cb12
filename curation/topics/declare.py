"""Declare where one stands on a topic.

Rules that always hold:
- a first declaration counts at once, a changed one from the next epoch's rounds on;
- when a declaration changes, the seats that the person holds and has not filled lapse.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete

from curation.errors import Conflict
from curation.log.attestation import Signer
from curation.people.accounts import Actor
from curation.people.vault import topic_scope
from curation.tables import leases
from curation.writing import Recorded, Writing
from curation_schemas.events import PerspectiveDeclared


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclarePerspective:
    """The perspective from which one will judge a topic; None takes the declaration back."""

    topic: str
    perspective: str | None


def declare_perspective(
    writing: Writing, actor: Actor, command: DeclarePerspective, signer: Signer | None = None
) -> Recorded:
    """Take in a declaration. Raises NotFound or Refused."""
    writing.admit(actor, "contributor")
    frame = writing.frame_now(command.topic)
    pseudonym = writing.vault.pseudonym_for_act(actor.account, topic_scope(command.topic))
    latest = writing.latest_declaration(pseudonym)
    if (latest.perspective if latest else None) == command.perspective:
        raise Conflict("this is what you declared already", where="perspective")
    mine = leases.c.holder == writing.vault.holder(actor.account, command.topic)
    writing.connection.execute(delete(leases).where(mine))
    return writing.record(
        PerspectiveDeclared,
        topic=command.topic,
        pseudonym=pseudonym,
        definition=frame.leaf,
        perspective=command.perspective,
        supersedes=latest.leaf if latest else None,
        signer=signer,
    )
