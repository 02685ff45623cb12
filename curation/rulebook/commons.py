"""Topics as a commons: what a proposal about a topic has to fit, and who judges it.

Rules that always hold (pure; used alike by commands and verification):
- what a position's holders say of it (label and statement) is judged by reviewers of the perspective that holds it,
  and by nobody else;
- everything else about a topic in force is judged by every required perspective, and by those who hold, or are said to
  hold, a position that it touches;
- an amendment keeps the order of perspectives and positions: no side moves its own to the front;
- a new topic is judged by the perspectives that it requires itself;
- what they accepted comes into force by adoption (adoption.py).
"""

from __future__ import annotations

import re

from curation.errors import Refused
from curation.rulebook.definitions import Definitions
from curation_schemas.commons import TopicOutline
from curation_schemas.definition import Topic
from curation_schemas.events import TopicProposed, TopicRevised

Outlined = TopicProposed | TopicRevised
_STATEMENT = re.compile(r"positions\.([a-z0-9-]+)\.(?:label|statement)")
_POSITION = re.compile(r"positions\.([a-z0-9-]+)(?:\.(?:label|statement))?")


def touched_positions(base: Topic | None, outline: TopicOutline) -> tuple[str, ...]:
    """The positions that a proposal is about: those that change; where only other parts do, or all is new, all."""
    known = [item.id for item in base.positions] if base else []
    known += [item.id for item in outline.positions if item.id not in known]
    changed = {found.group(1) for path in outline.changes if (found := _POSITION.fullmatch(path))}
    return tuple(item for item in known if item in changed) or tuple(known)


def judges(base: Topic | None, outline: TopicOutline) -> tuple[str, ...]:
    """The perspectives that judge a proposal, in the topic's order."""
    if base is None:
        return outline.required
    holders = {item.id: item.held_by for item in base.positions}
    touched = {found.group(1) for path in outline.changes if (found := _POSITION.fullmatch(path))}
    proposed = {item.id: item.held_by for item in outline.positions}
    wanted = {held[item] for held in (holders, proposed) for item in touched if item in held}
    if not all((found := _STATEMENT.fullmatch(path)) and found.group(1) in holders for path in outline.changes):
        wanted |= set(base.required)
    return tuple(item.id for item in base.perspectives if item.id in wanted)


def _keeps_order(base: Topic, outline: TopicOutline) -> bool:
    for known, proposed in ((base.perspectives, outline.perspectives), (base.positions, outline.positions)):
        before, after = [item.id for item in known], [item.id for item in proposed]
        if [item for item in before if item in after] != [item for item in after if item in before]:
            return False
    return True


def check_outlined(event: Outlined, epoch: int, definitions: Definitions) -> None:
    """Raise Refused unless a proposal about a topic fits what is in force."""
    base = definitions.topic_at(event.topic, epoch)
    if event.definition != (base.leaf if base else definitions.founding):
        raise Refused("propose/policy-in-force", "the proposal does not amend the topic's definition in force")
    if base is not None and not event.outline.changes:
        raise Refused("propose/topic-changes", f"the proposal changes nothing of topic {event.topic}")
    content = base.content if base else None
    if content is not None and not _keeps_order(content, event.outline):
        raise Refused("propose/topic-changes", "the proposal changes the order of perspectives or positions")
    if base is None and event.outline.changes:
        raise Refused("propose/topic-changes", f"topic {event.topic} is new; the proposal changes nothing")
    if tuple(event.positions) != touched_positions(content, event.outline) or event.framing != "neutral":
        raise Refused("propose/topic-changes", "the proposal names other positions than those that it touches")
