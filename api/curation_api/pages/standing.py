"""Where the visitor stands on each topic."""

from __future__ import annotations

from dataclasses import dataclass

from curation.people.vault import Vault, topic_scope
from curation.writing import LoadedExamples
from curation_api.pages.drafted import ShownTopic, drafted_topics
from curation_api.pages.figures import topics_in_force
from curation_api.pages.visit import Visit


@dataclass(frozen=True, slots=True)
class Standpoint:
    """A topic, the visitor's pseudonym there, and the perspective declared there."""

    topic: ShownTopic
    pseudonym: str | None
    perspective: str | None
    proposal: str | None = None
    """For a topic that is not in force yet, the example that proposes it."""


def standpoints(visit: Visit, loaded: LoadedExamples) -> list[Standpoint]:
    """Every topic in force, and every draft of one, with where the visitor stands there."""
    actor = visit.must_act()
    vault = Vault(loaded.connection, visit.platform.home.vault_key, visit.platform.token_bytes)
    topics: list[tuple[ShownTopic, str | None]] = [(topic, None) for topic in topics_in_force(loaded)]
    topics += [(draft.topic, draft.proposal) for draft in drafted_topics(visit, loaded)]
    loaded.load_declarations(vault.load((actor.account, topic_scope(topic.id)) for topic, _ in topics))
    return [_standpoint(visit, loaded, vault, topic, proposal) for topic, proposal in topics]


def _standpoint(
    visit: Visit, loaded: LoadedExamples, vault: Vault, topic: ShownTopic, proposal: str | None
) -> Standpoint:
    pseudonym = vault.pseudonym(visit.must_act().account, topic_scope(topic.id))
    latest = loaded.latest_declaration(pseudonym) if pseudonym else None
    return Standpoint(topic, pseudonym, latest.perspective if latest else None, proposal)


def standpoint_on(visit: Visit, loaded: LoadedExamples, topic: str) -> Standpoint | None:
    """The same for one topic; None where there is none."""
    return next((item for item in standpoints(visit, loaded) if item.topic.id == topic), None)
