"""Where the visitor stands on each topic."""

from __future__ import annotations

from dataclasses import dataclass

from curation.people.vault import Vault, topic_scope
from curation.writing import LoadedExamples
from curation_api.pages.figures import topics_in_force
from curation_api.pages.visit import Visit
from curation_schemas.definition import Topic


@dataclass(frozen=True, slots=True)
class Standpoint:
    """A topic, the visitor's pseudonym there, and the perspective declared there."""

    topic: Topic
    pseudonym: str | None
    perspective: str | None


def standpoints(visit: Visit, loaded: LoadedExamples) -> list[Standpoint]:
    """Every topic in force, with where the visitor stands there."""
    actor = visit.must_act()
    vault = Vault(loaded.connection, visit.platform.home.vault_key, visit.platform.token_bytes)
    topics = topics_in_force(loaded)
    loaded.load_declarations(vault.load((actor.account, topic_scope(topic.id)) for topic in topics))
    found = []
    for topic in topics:
        pseudonym = vault.pseudonym(actor.account, topic_scope(topic.id))
        latest = loaded.latest_declaration(pseudonym) if pseudonym else None
        found.append(Standpoint(topic, pseudonym, latest.perspective if latest else None))
    return found


def standpoint_on(visit: Visit, loaded: LoadedExamples, topic: str) -> Standpoint | None:
    """The same for one topic; None where it is not in force."""
    return next((item for item in standpoints(visit, loaded) if item.topic.id == topic), None)
