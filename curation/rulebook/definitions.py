"""Which definition is in force when.

Rules that always hold (pure; used alike by commands, projection and verification):
- a dataset's first definition, with the topics of the same epoch, binds at once;
- a later topic, amendment or policy binds from two epochs after its leaf, never backwards;
- a policy that replaces another names it and is agreed by two different maintainers;
- the founders define topics in the first epoch; after that a topic comes into force by adoption only (commons.py);
- a new topic that is still being judged is a draft: people can declare where they stand on it and write about it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from curation.errors import Refused
from curation.rulebook.standing import StandingEvent, Standings
from curation_schemas.commons import TopicOutline
from curation_schemas.definition import DatasetTerms, Policy, Sensitivity, Topic
from curation_schemas.events import (
    ControlPlanted,
    DatasetDefined,
    GateOverruled,
    PolicyChanged,
    TopicDefined,
    TopicProposed,
    TopicRevised,
)

EPOCHS_UNTIL_BINDING = 2
Defining = DatasetDefined | TopicDefined | PolicyChanged | ControlPlanted | GateOverruled | StandingEvent
AnyDefining = Defining | TopicProposed | TopicRevised

Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class Definition(Generic[Content]):
    """One definition: the leaf that brought it, that leaf's epoch, and the first epoch in which it binds."""

    leaf: str
    content: Content
    epoch: int
    binds_from: int


def _in_force(history: list[Definition[Content]], epoch: int) -> Definition[Content] | None:
    for definition in reversed(history):
        if definition.binds_from <= epoch:
            return definition
    return None


@dataclass(frozen=True, slots=True)
class Draft:
    """One revision of a proposed new topic."""

    leaf: str
    topic: str
    example: str
    outline: TopicOutline


@dataclass(frozen=True, slots=True)
class Planted:
    """What a control's leaf commits to, and that leaf's epoch."""

    commitment: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Frame:
    """What a topic's definition, or a draft of it, lays down for those who write about it and judge."""

    leaf: str
    perspectives: tuple[str, ...]
    required: tuple[str, ...]
    positions: tuple[str, ...]
    sensitivity: Sensitivity


def _asks_no_less(draft: TopicOutline, topic: Topic) -> bool:
    """Whether a draft had seats for all whom the topic requires, no fewer of them, and only positions of the topic."""
    positions = {(item.id, item.held_by) for item in topic.positions}
    return (
        set(topic.required) <= set(draft.required)
        and {(item.id, item.held_by) for item in draft.positions} <= positions
        and (draft.sensitivity == "high" or topic.sensitivity == "standard")
    )


@dataclass(slots=True)
class Definitions:
    """Every definition of one log so far, and lookups by epoch and by leaf."""

    terms: DatasetTerms | None = None
    founded: int = 0
    founding: str = ""
    """The leaf of the dataset's definition."""
    policies: list[Definition[Policy]] = field(default_factory=list)
    topics: dict[str, list[Definition[Topic]]] = field(default_factory=dict)
    policy_by_leaf: dict[str, Definition[Policy]] = field(default_factory=dict)
    topic_by_leaf: dict[str, Definition[Topic]] = field(default_factory=dict)
    drafts: dict[str, Draft] = field(default_factory=dict)
    """Revisions of proposed new topics, by leaf."""
    planted: dict[str, Planted] = field(default_factory=dict)
    """Planted controls, by leaf."""
    opened: set[str] = field(default_factory=set)
    """The leaves of the planted controls that were opened."""
    adopted: set[str] = field(default_factory=set)
    """The revisions that were adopted."""
    overruled: dict[str, GateOverruled] = field(default_factory=dict)
    """What maintainers said of gates, by leaf."""
    standings: Standings = field(default_factory=Standings)
    """Changes of roles, and suspensions."""

    def copy(self) -> Definitions:
        """The same, to take in more: nothing that is applied to the one is seen in the other."""
        return replace(
            self,
            policies=list(self.policies),
            topics={topic: list(history) for topic, history in self.topics.items()},
            policy_by_leaf=dict(self.policy_by_leaf),
            topic_by_leaf=dict(self.topic_by_leaf),
            drafts=dict(self.drafts),
            planted=dict(self.planted),
            opened=set(self.opened),
            adopted=set(self.adopted),
            overruled=dict(self.overruled),
            standings=self.standings.copy(),
        )

    def policy_at(self, epoch: int) -> Definition[Policy]:
        """The policy in force in an epoch. Raises Refused when nothing is defined yet."""
        found = _in_force(self.policies, epoch)
        if found is None:
            raise Refused("define/first", "no dataset is defined in this log yet", hint="Run `evenhand init` first.")
        return found

    def topic_at(self, topic: str, epoch: int) -> Definition[Topic] | None:
        """The topic's definition in force in an epoch, or None."""
        return _in_force(self.topics.get(topic, []), epoch)

    def topics_at(self, epoch: int) -> list[Definition[Topic]]:
        """Every topic in force in an epoch, by id."""
        found = [_in_force(self.topics[topic], epoch) for topic in sorted(self.topics)]
        return [definition for definition in found if definition is not None]

    def latest_topic(self, topic: str, before: int | None = None) -> str | None:
        """The leaf of a topic's latest definition, in force or not yet; with `before`, as of that epoch's begin."""
        history = [item for item in self.topics.get(topic, ()) if before is None or item.epoch < before]
        return history[-1].leaf if history else None

    def released_at(self, epoch: int) -> frozenset[str]:
        """The definitions under which what was accepted can be released, by leaf.

        Those of the topics in force; and drafts of them that asked no less than what came into force, so that nobody
        has a text accepted under a draft of their own making.
        """
        found: set[str] = set()
        for topic in self.topics_at(epoch):
            found.update(item.leaf for item in self.topics[topic.content.id])
        for draft in self.drafts.values():
            if self.topic_at(draft.topic, epoch) and _asks_no_less(draft.outline, self.topics[draft.topic][0].content):
                found.add(draft.leaf)
        return frozenset(found)

    def frame(self, topic: str, leaf: str, epoch: int) -> Frame | None:
        """What holds for a topic by its definition in force, or, before there is one, by the draft `leaf`."""
        found = self.topic_at(topic, epoch)
        if found is not None:
            return self.frame_of(found.leaf)
        draft = self.drafts.get(leaf)
        return self.frame_of(leaf) if draft is not None and draft.topic == topic else None

    def frame_of(self, leaf: str) -> Frame:
        """What a definition or a draft lays down. Raises KeyError for another leaf."""
        if leaf in self.drafts:
            content: Topic | TopicOutline = self.drafts[leaf].outline
        else:
            content = self.topic_by_leaf[leaf].content
        return Frame(
            leaf,
            tuple(item.id for item in content.perspectives),
            content.required,
            tuple(item.id for item in content.positions),
            content.sensitivity,
        )

    def check(self, event: Defining, epoch: int) -> None:
        """Raise Refused when the event may not stand here."""
        if isinstance(event, DatasetDefined):
            if self.terms is not None:
                raise Refused("define/first", "the dataset is defined already")
            return
        if self.terms is None:
            raise Refused("define/first", f"{event.type} stands before the dataset's definition")
        if isinstance(event, StandingEvent):
            self.standings.check(event)
        elif isinstance(event, GateOverruled):
            held = self.topic_at(event.topic, epoch)
            if held is None or held.leaf != event.definition:
                message = f"there is no topic {event.topic} in force under the definition that is named"
                raise Refused("gate/topic-in-force", message)
        elif not isinstance(event, ControlPlanted):
            self._check_replaces(event, epoch)

    def _check_replaces(self, event: TopicDefined | PolicyChanged, epoch: int) -> None:
        if isinstance(event, PolicyChanged):
            latest: str | None = self.policies[-1].leaf
        else:
            latest = self.latest_topic(event.topic.id)
        if isinstance(event, TopicDefined) and event.founding != self.founding:
            raise Refused("define/first", f"the definition of {event.topic.id} names another founding")
        if event.supersedes != latest:
            raise Refused("define/supersedes-latest", f"{event.type} must replace {latest or 'nothing'}, and say so")
        if isinstance(event, TopicDefined):
            if event.adopts is None and (epoch != self.founded or latest is not None):
                message = f"topic {event.topic.id} is defined by maintainers, after the founding"
                raise Refused("define/adopted", message, hint="Propose it; it comes into force by being accepted.")
        elif len(set(event.maintainers)) < 2:
            raise Refused(
                "define/two-maintainers",
                f"{event.type} has {len(set(event.maintainers))} maintainer",
                hint="A second maintainer must agree.",
            )

    def apply(self, event: AnyDefining, leaf: str, epoch: int) -> None:
        """Take the event in. Call `check` first."""
        if isinstance(event, DatasetDefined):
            self.terms, self.founded, self.founding = event.terms, epoch, leaf
            self._add_policy(Definition(leaf, event.policy, epoch, epoch))
        elif isinstance(event, PolicyChanged):
            self._add_policy(Definition(leaf, event.policy, epoch, epoch + EPOCHS_UNTIL_BINDING))
        elif isinstance(event, ControlPlanted):
            self.planted[leaf] = Planted(event.commitment, epoch)
        elif isinstance(event, StandingEvent):
            self.standings.apply(event, leaf, epoch)
        elif isinstance(event, GateOverruled):
            self.overruled[leaf] = event
        elif isinstance(event, (TopicProposed, TopicRevised)):
            if event.definition == self.founding:
                self.drafts[leaf] = Draft(leaf, event.topic, event.example, event.outline)
        else:
            if event.adopts is not None:
                self.adopted.add(event.adopts)
            founding = epoch == self.founded and event.adopts is None
            binds_from = epoch if founding else epoch + EPOCHS_UNTIL_BINDING
            definition = Definition(leaf, event.topic, epoch, binds_from)
            self.topics.setdefault(event.topic.id, []).append(definition)
            self.topic_by_leaf[leaf] = definition

    def _add_policy(self, definition: Definition[Policy]) -> None:
        self.policies.append(definition)
        self.policy_by_leaf[definition.leaf] = definition
