"""Topics that are proposed and not in force yet: people declare where they stand on them, and write examples for them.

Rules that always hold:
- who may know of a draft, and read its words, says proposed.py; who may not read them is shown its names.
"""

from __future__ import annotations

from dataclasses import dataclass

from curation.errors import NotFound
from curation.writing import LoadedExamples
from curation_api.pages.visit import Visit
from curation_api.proposed import Proposed, proposed_topic, proposed_topics
from curation_schemas.commons import TopicOutline
from curation_schemas.definition import Topic

_NO_LANGUAGE = "und"
"""The tag of a name, which is in no language (BCP 47, RFC 5646 §4.1)."""


@dataclass(frozen=True, slots=True)
class Named:
    """A perspective or a position of which only the name is known."""

    id: str
    label: dict[str, str]
    required: bool = False
    statement: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class NamedTopic:
    """A topic whose words wait for the end of its round. Pages read it as they read a topic."""

    id: str
    label: dict[str, str]
    perspectives: list[Named]
    positions: list[Named]
    scope: dict[str, str] | None = None
    disputed_terms: dict[str, str] | None = None


ShownTopic = Topic | NamedTopic


@dataclass(frozen=True, slots=True)
class DraftedTopic:
    """A topic that is not in force, and the example that proposes it."""

    proposal: str
    topic: ShownTopic
    status: str


def drafted_topic(visit: Visit, loaded: LoadedExamples, topic: str) -> DraftedTopic | None:
    """The draft of a topic that is not in force, as the visitor may know it; None where there is none for them."""
    found = proposed_topic(loaded, visit.platform, visit.actor, topic)
    return _drafted(found) if found is not None else None


def drafted_topics(visit: Visit, loaded: LoadedExamples) -> list[DraftedTopic]:
    """Every draft of which the visitor may know, by topic."""
    return [_drafted(found) for found in proposed_topics(loaded, visit.platform, visit.actor)]


def _drafted(found: Proposed) -> DraftedTopic:
    return DraftedTopic(found.proposal, found.topic or _named(found.id, found.outline), found.status)


def topic_here(visit: Visit, loaded: LoadedExamples, topic: str) -> ShownTopic:
    """The topic in force, or its draft as the visitor may know it. Raises NotFound."""
    if (draft := drafted_topic(visit, loaded, topic)) is not None:
        return draft.topic
    return loaded.topic_in_force(topic).content


def topic_if_any(visit: Visit, loaded: LoadedExamples, topic: str) -> ShownTopic | None:
    """The same; None where there is neither, as after the proposal of a topic was rejected."""
    try:
        return topic_here(visit, loaded, topic)
    except NotFound:
        return None


def _named(topic: str, outline: TopicOutline) -> NamedTopic:
    perspectives = [Named(item.id, _label(item.id), item.required) for item in outline.perspectives]
    return NamedTopic(
        topic, _label(topic), perspectives, [Named(item.id, _label(item.id)) for item in outline.positions]
    )


def _label(name: str) -> dict[str, str]:
    return {_NO_LANGUAGE: name}
