"""Topics that are proposed and not in force yet, as one reader may know them.

Rules that always hold:
- a proposal is shown to everybody once it is sealed, before that to its proposer alone, and its words to whom the page
  of the example that proposes it shows them (public.py); to everybody else it has the names that its leaf gives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from curation.errors import NotFound
from curation.people.accounts import Actor
from curation.rulebook.adoption import is_under_way, outlined
from curation.writing import LoadedExamples, Platform
from curation_api.public import Shown, shown_example
from curation_api.rendering import example_view
from curation_api.views import Status
from curation_schemas.commons import TopicOutline
from curation_schemas.definition import Topic


@dataclass(frozen=True, slots=True)
class Proposed:
    """A topic that is not in force, and the example that proposes it."""

    id: str
    proposal: str
    status: Status
    outline: TopicOutline
    topic: Topic | None
    """Its words, where the reader may see them."""


def proposed_topic(loaded: LoadedExamples, platform: Platform, reader: Actor | None, topic: str) -> Proposed | None:
    """The proposal of a topic that is not in force; None where there is none for this reader."""
    definitions = loaded.definitions
    if definitions.topic_at(topic, loaded.epoch) is not None:
        return None
    examples = sorted({draft.example for draft in definitions.drafts.values() if draft.topic == topic})
    seen = [shown for example in examples if (shown := _shown(loaded, platform, reader, example)) is not None]
    under_way = [shown for shown in seen if is_under_way(shown.history, definitions)]
    for shown in under_way or [shown for shown in seen if shown.history.status == "accepted"]:
        if (event := outlined(shown.history.latest)) is not None:
            view = example_view(loaded.connection, shown)
            text = view.revisions[-1].text
            told = text.content.proposal if text else None
            return Proposed(topic, view.id, view.status, event.outline, told)
    return None


def proposed_topics(
    loaded: LoadedExamples, platform: Platform, reader: Actor | None, after: str = ""
) -> Iterator[Proposed]:
    """Those of which the reader may know, in the order of their ids: each is looked up when it is asked for."""
    for topic in sorted({draft.topic for draft in loaded.definitions.drafts.values() if draft.topic > after}):
        if (found := proposed_topic(loaded, platform, reader, topic)) is not None:
            yield found


def _shown(loaded: LoadedExamples, platform: Platform, reader: Actor | None, example: str) -> Shown | None:
    try:
        return shown_example(loaded, platform, reader, example)
    except NotFound:
        return None
