"""Which definition is in force when.

Rules that always hold (pure; used alike by commands, projection and verification):
- a dataset's first definition, with the topics of the same epoch, binds at once;
- a later topic, amendment or policy binds from two epochs after its leaf, never backwards;
- a definition that replaces another names it and is agreed by two different maintainers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from curation.errors import Refused
from curation_schemas.definition import DatasetTerms, Policy, Topic
from curation_schemas.events import DatasetDefined, PolicyChanged, TopicDefined

EPOCHS_UNTIL_BINDING = 2

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


@dataclass(slots=True)
class Definitions:
    """Every definition of one log so far, and lookups by epoch and by leaf."""

    terms: DatasetTerms | None = None
    founded: int = 0
    policies: list[Definition[Policy]] = field(default_factory=list)
    topics: dict[str, list[Definition[Topic]]] = field(default_factory=dict)
    policy_by_leaf: dict[str, Definition[Policy]] = field(default_factory=dict)
    topic_by_leaf: dict[str, Definition[Topic]] = field(default_factory=dict)

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

    def check(self, event: DatasetDefined | TopicDefined | PolicyChanged) -> None:
        """Raise Refused when the event may not stand here."""
        if isinstance(event, DatasetDefined):
            if self.terms is not None:
                raise Refused("define/first", "the dataset is defined already")
            return
        if self.terms is None:
            raise Refused("define/first", f"{event.type} stands before the dataset's definition")
        if isinstance(event, PolicyChanged):
            latest: str | None = self.policies[-1].leaf
        else:
            history = self.topics.get(event.topic.id)
            latest = history[-1].leaf if history else None
        if event.supersedes != latest:
            raise Refused("define/supersedes-latest", f"{event.type} must replace {latest or 'nothing'}, and say so")
        if latest is not None and len(set(event.maintainers)) < 2:
            raise Refused(
                "define/two-maintainers",
                f"{event.type} has {len(set(event.maintainers))} maintainer",
                hint="A second maintainer must agree.",
            )

    def apply(self, event: DatasetDefined | TopicDefined | PolicyChanged, leaf: str, epoch: int) -> None:
        """Take the event in. Call `check` first."""
        if isinstance(event, DatasetDefined):
            self.terms, self.founded = event.terms, epoch
            self._add_policy(Definition(leaf, event.policy, epoch, epoch))
        elif isinstance(event, PolicyChanged):
            self._add_policy(Definition(leaf, event.policy, epoch, epoch + EPOCHS_UNTIL_BINDING))
        else:
            founding = epoch == self.founded and event.supersedes is None
            binds_from = epoch if founding else epoch + EPOCHS_UNTIL_BINDING
            definition = Definition(leaf, event.topic, epoch, binds_from)
            self.topics.setdefault(event.topic.id, []).append(definition)
            self.topic_by_leaf[leaf] = definition

    def _add_policy(self, definition: Definition[Policy]) -> None:
        self.policies.append(definition)
        self.policy_by_leaf[definition.leaf] = definition
