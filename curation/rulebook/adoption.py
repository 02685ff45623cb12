"""How an accepted proposal about a topic comes into force.

Rules that always hold (pure; used alike by commands and verification):
- it is adopted at the end of the epoch, word for word, by nobody's choice; it binds two epochs later;
- not as long as its round is appealed or a flag holds it, and not while it lacks a language of the dataset;
- never once another definition has overtaken the one that it amends, or its text was erased;
- of two that amend the same definition and are due together, the one of the earlier epoch is adopted; of two of one
  epoch, the one with the smaller hash.
"""

from __future__ import annotations

from collections.abc import Iterable

from curation.errors import LogInconsistent, Refused
from curation.log.leaf import canonical_json, commitment
from curation.rulebook.definitions import Definitions
from curation.rulebook.history import History, Revision
from curation_schemas.commons import outline_of
from curation_schemas.definition import DatasetTerms, Topic
from curation_schemas.events import TopicDefined, TopicProposed, TopicRevised

Outlined = TopicProposed | TopicRevised


def topic_body(topic: Topic) -> bytes:
    """The bytes of a topic as they stand behind a commitment."""
    return canonical_json(topic.model_dump(mode="python", by_alias=True, exclude_none=True))


def outlined(revision: Revision) -> Outlined | None:
    """The revision's event where it is one of a proposal about a topic."""
    return revision.event if isinstance(revision.event, (TopicProposed, TopicRevised)) else None


def closing_of(revision: Revision) -> str | None:
    """The leaf that ended the stage whose outcome is in force."""
    ended = [stage.closed for stage in revision.stages if stage.outcome is not None]
    return ended[-1] if ended else None


def due_adoptions(histories: Iterable[History], definitions: Definitions, epoch: int) -> dict[str, Revision]:
    """Topic → the revision that has to be adopted at the end of this epoch.

    Args:
        histories: the proposals about topics, as they stand at the epoch's end.
        definitions: may hold this epoch's adoptions already; they are not looked at.
        epoch: the epoch that ends.
    """
    due: dict[str, Revision] = {}
    for history in histories:
        revision = _due(history, definitions, epoch)
        if revision is not None:
            topic = revision.event.topic
            due[topic] = min(due.get(topic, revision), revision, key=lambda item: (item.epoch, item.leaf))
    return due


def _due(history: History, definitions: Definitions, epoch: int) -> Revision | None:
    standing = history.standing
    event = outlined(standing) if standing is not None else None
    if standing is None or event is None or definitions.terms is None:
        return None
    if standing.round.closed is None or history.holding(standing.leaf) is not None:
        return None
    if event.definition != (definitions.latest_topic(event.topic, before=epoch) or definitions.founding):
        return None
    return standing if _is_whole(history, event, definitions.terms) else None


def _is_whole(history: History, event: Outlined, terms: DatasetTerms) -> bool:
    erased = any(item in history.erased for item in event.content["proposal"])
    return not erased and set(terms.languages) <= set(event.outline.languages)


def adopted_revision(history: History, definitions: Definitions) -> Revision | None:
    """The revision of a proposal that was adopted last, or None."""
    return next((item for item in reversed(history.revisions) if item.leaf in definitions.adopted), None)


def is_under_way(history: History, definitions: Definitions) -> bool:
    """Whether a draft was adopted, is being judged, or was accepted and can come into force: nobody proposes another.

    One that was accepted and lacks a language, was erased, or is held by a flag for good keeps no other from its place.
    """
    if adopted_revision(history, definitions) is not None:
        return True
    if history.withdrawn is not None or definitions.terms is None:
        return False
    if any(item.round.closed is None for item in history.revisions):
        return True
    standing = history.standing
    event = outlined(standing) if standing is not None else None
    if standing is None or event is None or not _is_whole(history, event, definitions.terms):
        return False
    return not any(flag.stands for flag in history.flags.values() if flag.event.revision == standing.leaf)


def check_words(event: TopicDefined, history: History | None, definitions: Definitions) -> None:
    """Raise Refused unless an adoption says, word for word, what was judged. Whether it was due shows at the end."""
    found = [item for item in history.revisions if item.leaf == event.adopts] if history else []
    brought = outlined(found[0]) if found else None
    if brought is None:
        raise Refused("define/adopted", f"the definition of {event.topic.id} adopts no proposal about a topic")
    (committed,) = brought.content["proposal"]
    if not _opens(event, committed):
        raise Refused("define/adopted", f"the definition of {event.topic.id} is not word for word what was judged")
    base = definitions.topic_by_leaf.get(brought.definition)
    if outline_of(base.content if base else None, event.topic) != brought.outline or event.topic.id != brought.topic:
        message = f"the outline of the proposal about {brought.topic} was not that of its text: others had to judge it"
        raise Refused("define/adopted", message)


def check_due(events: Iterable[TopicDefined], due: dict[str, Revision]) -> None:
    """Raise Refused unless the adoptions of an epoch are those that were due, and all of them."""
    adoptions = [(event.topic.id, event.adopts, event.closing) for event in events]
    made = set(adoptions)
    wanted = {(topic, revision.leaf, closing_of(revision)) for topic, revision in due.items()}
    for topic, _, _ in sorted(wanted - made, key=str):
        raise Refused("define/adopted", f"what was accepted about topic {topic} was not adopted at the epoch's end")
    for topic, _, _ in sorted(made - wanted, key=str):
        raise Refused("define/adopted", f"topic {topic} was defined anew, and no accepted proposal was due")
    if len(made) < len(adoptions):
        raise Refused("define/adopted", "a proposal was adopted twice at the epoch's end")


def _opens(event: TopicDefined, committed: str) -> bool:
    try:
        return commitment("topic", bytes.fromhex(event.salt or ""), topic_body(event.topic)) == committed
    except LogInconsistent:
        return False
