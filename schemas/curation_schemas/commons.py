"""A proposal about a topic: a new one, or an amendment of what is in force, judged in rounds like an example.

Rules that always hold:
- the proposal holds the whole topic as it would be; what it changes is computed, never claimed;
- its texts are erasable until they are adopted; its outline (ids, holders, what changes) stands in the leaf, because
  the outline decides who judges it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, TypeAdapter, model_validator

from curation_schemas.base import Wire
from curation_schemas.definition import Sensitivity, Topic
from curation_schemas.example import (
    Origin,
    Source,
    Written,
)
from curation_schemas.text import GroupId, MessageText, Slug, SpdxId, WrittenLanguage

Change = Annotated[
    str,
    StringConstraints(
        pattern=r"^(label|scope|disputed_terms|sensitivity|(perspectives|positions)\.[a-z0-9-]+(\.(label|statement))?)$",
        max_length=96,
    ),
]
"""A path in a topic: a text (`positions.<id>.statement`), or a thing that came, went or changed (`positions.<id>`)."""


MAX_TOPIC_BYTES = 64_000
"""As much of a topic as fits into the leaf that adopts it: 65,535 bytes, less its other fields."""
MAX_TOPIC_LANGUAGES = 40


class OutlinedPerspective(Wire):
    """A perspective without its label."""

    id: Slug
    required: bool


class OutlinedPosition(Wire):
    """A position without its texts."""

    id: Slug
    held_by: Slug


class TopicOutline(Wire):
    """What a leaf says of a proposed topic. `changes` is empty for a new topic; `languages` are those of every text."""

    sensitivity: Sensitivity
    perspectives: Annotated[list[OutlinedPerspective], Field(min_length=2, max_length=12)]
    positions: Annotated[list[OutlinedPosition], Field(min_length=2, max_length=12)]
    languages: list[WrittenLanguage] = Field(default_factory=list, max_length=MAX_TOPIC_LANGUAGES)
    changes: list[Change] = Field(default_factory=list, max_length=200)

    @property
    def required(self) -> tuple[str, ...]:
        """The ids of the required perspectives, in the outline's order."""
        return tuple(perspective.id for perspective in self.perspectives if perspective.required)

    @model_validator(mode="after")
    def _coherent(self) -> TopicOutline:
        perspectives = [perspective.id for perspective in self.perspectives]
        positions = [position.id for position in self.positions]
        if len(set(perspectives)) != len(perspectives) or len(set(positions)) != len(positions):
            raise ValueError("perspectives or positions repeat an id")
        if len(self.required) < 2:
            raise ValueError("a topic needs two or more required perspectives")
        if not {position.held_by for position in self.positions} <= set(perspectives):
            raise ValueError("a position is held by no perspective of the topic")
        return self


def changes_between(base: Topic | None, topic: Topic) -> list[str]:
    """The sorted paths in which a topic differs from the one in force; none for a new topic.

    A thing that came or went is one change, its texts are not counted apart. The order of perspectives or positions
    is no change.
    """
    if base is None:
        return []
    found = ["sensitivity"] if topic.sensitivity != base.sensitivity else []
    old = {f"perspectives.{item.id}": item.required for item in base.perspectives} | {
        f"positions.{item.id}": item.held_by for item in base.positions
    }
    new = {f"perspectives.{item.id}": item.required for item in topic.perspectives} | {
        f"positions.{item.id}": item.held_by for item in topic.positions
    }
    found += [path for path in {**old, **new} if old.get(path) != new.get(path)]
    before, after = dict(base.texts()), dict(topic.texts())
    found += [path for path in before.keys() & after.keys() if before[path] != after[path]]
    return sorted(found)


def outline_of(base: Topic | None, topic: Topic) -> TopicOutline:
    """The outline of a proposed topic against the one in force."""
    languages = set(topic.label).intersection(*(set(texts) for _, texts in topic.texts()))
    return TopicOutline(
        sensitivity=topic.sensitivity,
        perspectives=[OutlinedPerspective(id=item.id, required=item.required) for item in topic.perspectives],
        positions=[OutlinedPosition(id=item.id, held_by=item.held_by) for item in topic.positions],
        languages=sorted(languages),
        changes=changes_between(base, topic),
    )


class TopicProposal(Wire):
    """A topic as it would be, and why. An amendment holds the whole topic, not only what changes."""

    kind: Literal["topic"]
    topic: Slug
    language: WrittenLanguage
    """The language in which it is judged: reviewers have to read it."""
    group: GroupId | None = None
    license: SpdxId
    origin: Origin
    sources: list[Source] = Field(default_factory=list, max_length=20)
    proposal: Topic
    reason: MessageText

    @model_validator(mode="after")
    def _same_topic(self) -> TopicProposal:
        if self.proposal.id != self.topic:
            raise ValueError(f"proposal.id says {self.proposal.id}, topic says {self.topic}")
        if self.language not in self.proposal.label:
            raise ValueError(f"the topic has no label in {self.language}, the language in which it is to be judged")
        return self

    @model_validator(mode="after")
    def _fits_a_leaf(self) -> TopicProposal:
        if len(self.proposal.label) > MAX_TOPIC_LANGUAGES:
            raise ValueError(f"the topic has a label in more than {MAX_TOPIC_LANGUAGES} languages")
        size = len(self.proposal.model_dump_json(by_alias=True, exclude_none=True).encode())
        if size > MAX_TOPIC_BYTES:
            raise ValueError(f"the topic has {size} bytes, and could not be adopted: at most {MAX_TOPIC_BYTES} fit")
        return self


AnyProposal = Written | TopicProposal
PROPOSAL: TypeAdapter[AnyProposal] = TypeAdapter(Annotated[AnyProposal, Field(discriminator="kind")])
