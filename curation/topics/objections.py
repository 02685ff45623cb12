"""Objections to the wording of a topic, by anybody, without an account.

Rules that always hold:
- an objection is a note to those who can propose an amendment, and no act: it has no pseudonym, stands in no log,
  counts in no round, and changes nothing by itself;
- nothing is kept of who wrote it, and of when no more than the day on which it goes;
- the same words about the same wording are kept once; its id is a keyed hash of them and tells nothing of when it came;
- what holds personal data, a secret or invisible characters is refused; a maintainer can take one away;
- a topic has so many at most, so that nobody can bury it.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field
from sqlalchemy import delete, func, select

from curation.clock import DAY
from curation.db import add_if_new
from curation.errors import InvalidInput, NotFound
from curation.examples.intake import examine_note
from curation.people.accounts import Actor
from curation.tables import objections
from curation.writing import LoadedExamples, Writing
from curation_schemas.base import Wire
from curation_schemas.text import Paragraph, Slug, WrittenLanguage

KEPT_DAYS = 60
MOST = 200
"""Of a topic."""


class Object(Wire):
    """An objection to one text of a topic, named by its path as `Topic.texts` has it."""

    topic: Slug
    path: str = Field(max_length=120)
    language: WrittenLanguage
    text: Paragraph


@dataclass(frozen=True, slots=True)
class Objection:
    """What somebody objects to, and why."""

    id: str
    path: str
    language: str
    text: str


def object_to_wording(writing: Writing, command: Object) -> str:
    """Keep an objection. Those whose days are over go. Returns its id. Raises NotFound, InvalidInput."""
    topic = writing.topic_in_force(command.topic).content
    if command.path not in dict(topic.texts()):
        raise InvalidInput("the topic has no such text", where="path")
    found = examine_note(writing, writing.home.path, command.text).findings
    if found:
        said = "; ".join(f"{item.where}: {item.message} ({item.rule})" for item in found)
        raise InvalidInput(said, where="text", hint="Leave that out.")
    writing.lock_topic(topic.id)
    writing.connection.execute(delete(objections).where(objections.c.ends_at <= writing.now))
    of_topic = select(func.count()).select_from(objections).where(objections.c.topic == topic.id)
    if (writing.connection.execute(of_topic).scalar() or 0) >= MOST:
        raise InvalidInput(
            f"topic {topic.id} has {MOST} objections already", where="topic", hint="Try again in some days."
        )
    own = writing.vault.blind("objection", topic.id, command.path, command.text)[:32]
    row = {"id": own, "topic": topic.id, "path": command.path, "language": command.language, "text": command.text}
    add_if_new(writing.connection, objections, row | {"ends_at": writing.today + (KEPT_DAYS + 1) * DAY})
    return own


def list_objections(loaded: LoadedExamples, topic: str, now: int) -> list[Objection]:
    """The objections to a topic's wording, by what they object to; not in the order in which they came."""
    query = select(objections).where(objections.c.topic == topic, objections.c.ends_at > now)
    rows = loaded.connection.execute(query.order_by(objections.c.path, objections.c.id))
    return [Objection(row.id, row.path, row.language, row.text) for row in rows]


def count_objections(loaded: LoadedExamples, topic: str, now: int) -> int:
    """How many there are."""
    query = select(func.count()).select_from(objections)
    return loaded.connection.execute(query.where(objections.c.topic == topic, objections.c.ends_at > now)).scalar() or 0


def take_objection_away(writing: Writing, actor: Actor, topic: str, objection: str) -> None:
    """Delete one. Raises NotAllowed, NotFound."""
    writing.admit(actor, "maintainer")
    mine = (objections.c.topic == topic, objections.c.id == objection)
    if not writing.connection.execute(delete(objections).where(*mine)).rowcount:
        raise NotFound("there is no such objection")
    writing.leaves_traces = True
