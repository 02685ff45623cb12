"""Topics that are proposed and not in force yet: people declare where they stand on them, and write examples for them.

Rules that always hold:
- a draft is shown to everybody once its proposal is sealed, and before that to its proposer alone;
- its words are shown to whom its proposal's page shows them; to everybody else it has the names that its leaf gives.
"""

from __future__ import annotations

from dataclasses import dataclass

from curation.errors import NotFound
from curation.rulebook.adoption import is_under_way, outlined
from curation.writing import LoadedExamples
from curation_api.pages.visit import Visit
from curation_api.public import Shown, shown_example
from curation_api.rendering import example_view
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
    definitions = loaded.definitions
    if definitions.topic_at(topic, loaded.epoch) is not None:
        return None
    examples = sorted({draft.example for draft in definitions.drafts.values() if draft.topic == topic})
    seen = [shown for example in examples if (shown := _shown(visit, loaded, example)) is not None]
    under_way = [shown for shown in seen if is_under_way(shown.history, definitions)]
    for shown in under_way or [shown for shown in seen if shown.history.status == "accepted"]:
        if (event := outlined(shown.history.latest)) is not None:
            view = example_view(loaded.connection, shown)
            text = view.revisions[-1].text
            told = text.content.proposal if text else None
            return DraftedTopic(view.id, told or _named(topic, event.outline), view.status)
    return None


def _shown(visit: Visit, loaded: LoadedExamples, example: str) -> Shown | None:
    try:
        return shown_example(loaded, visit.platform, visit.actor, example)
    except NotFound:
        return None


def drafted_topics(visit: Visit, loaded: LoadedExamples) -> list[DraftedTopic]:
    """Every draft of which the visitor may know, by topic."""
    topics = sorted({draft.topic for draft in loaded.definitions.drafts.values()})
    return [found for topic in topics if (found := drafted_topic(visit, loaded, topic)) is not None]


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
