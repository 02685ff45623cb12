"""One example's life, folded from its events: revisions, rounds, flags, withdrawal.

Rules that always hold (pure; used alike by commands, projection and verification):
- the state is the same for every order in which each event stands after what it refers to;
- an accepted revision stands until its successor is accepted or the example is withdrawn;
- a flag holds publication of its revision from the moment it is raised until it lapses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from curation.errors import Refused
from curation.rulebook.checks import Check
from curation.rulebook.declarations import Declaration
from curation.rulebook.definitions import Definitions
from curation.rulebook.kept_review import KeptReview
from curation.rulebook.rounds import Round
from curation_schemas.events import (
    ControlOpened,
    ExampleProposed,
    ExampleRetracted,
    ExampleRevised,
    ExampleWithdrawn,
    FlagLapsed,
    FlagRaised,
    FlagUpheld,
    OpeningErased,
    ReviewSubmitted,
    RoundAppealed,
    RoundClosed,
    SeatPassed,
    SourceChecked,
    TopicProposed,
    TopicRevised,
)

Brought = ExampleProposed | ExampleRevised | TopicProposed | TopicRevised
REVISED = (ExampleRevised, TopicRevised)
ExampleEvent = (
    ExampleProposed
    | ExampleRevised
    | TopicProposed
    | TopicRevised
    | ExampleWithdrawn
    | ReviewSubmitted
    | SeatPassed
    | RoundClosed
    | RoundAppealed
    | FlagRaised
    | FlagUpheld
    | FlagLapsed
    | OpeningErased
    | ControlOpened
    | SourceChecked
    | ExampleRetracted
)


class Surroundings(Protocol):
    """What an example's rules need to know of the rest of the log."""

    @property
    def definitions(self) -> Definitions:
        """Every definition so far."""

    def declaration(self, leaf: str) -> Declaration | None:
        """The declaration that this leaf brought."""


@dataclass(slots=True)
class Revision:
    """One revision, the epoch of its leaf, and its round: stage 1 and, after an appeal, stage 2."""

    leaf: str
    number: int
    event: Brought
    epoch: int
    stages: list[Round]

    @property
    def round(self) -> Round:
        """The stage that is open or ended last."""
        return self.stages[-1]


@dataclass(slots=True)
class Flag:
    """A flag and who upheld it: leaf → (pseudonym, perspective).

    `epoch` is when it was raised, at the latest: the epoch of its leaf; or, where it may have waited unsealed with its
    review, the epoch in which that review's stage opened. Nothing here may depend on when a leaf that waits is sealed.
    """

    leaf: str
    event: FlagRaised
    epoch: int
    upheld: dict[str, tuple[str, str]] = field(default_factory=dict)
    lapse: str | None = None
    """The leaf by which it lapsed."""

    @property
    def lapsed(self) -> bool:
        """Whether its time ended without two people of different perspectives upholding it."""
        return self.lapse is not None

    @property
    def stands(self) -> bool:
        """Whether two people of different perspectives upheld it."""
        return len({perspective for _, perspective in self.upheld.values()}) >= 2


@dataclass(slots=True)
class History:
    """An example's state after the events applied so far."""

    example: str
    revisions: list[Revision] = field(default_factory=list)
    flags: dict[str, Flag] = field(default_factory=dict)
    withdrawn: str | None = None
    withdrawal: ExampleWithdrawn | None = None
    withdrawn_in: int | None = None
    """The epoch of the withdrawal's leaf."""
    reviews: dict[str, KeptReview] = field(default_factory=dict)
    erased: dict[str, str] = field(default_factory=dict)
    """Commitment → the leaf that erased its opening."""
    appeals: dict[str, RoundAppealed] = field(default_factory=dict)
    retracted: str | None = None
    retraction: ExampleRetracted | None = None
    control: ControlOpened | None = None
    """Where it was a planted control: how it was opened."""
    checks: dict[str, list[Check]] = field(default_factory=dict)
    """Source's commitment → its checks, in order."""
    held: dict[str, frozenset[str]] = field(default_factory=dict)
    """Leaf of an act → the commitments in it."""

    # --- what it is now -------------------------------------------------------------------------------------------

    @property
    def first(self) -> Brought:
        """The proposal's event."""
        return self.revisions[0].event

    @property
    def latest(self) -> Revision:
        """The latest revision."""
        return self.revisions[-1]

    @property
    def standing(self) -> Revision | None:
        """The accepted revision that stands, or None."""
        if self.withdrawn is not None:
            return None
        for revision in reversed(self.revisions):
            if self.outcome_of(revision) == "accepted":
                return revision
        return None

    @staticmethod
    def outcome_of(revision: Revision) -> str | None:
        """The outcome in force for a revision: an open appeal leaves the first outcome standing."""
        for stage in reversed(revision.stages):
            if stage.outcome is not None:
                return stage.outcome
        return None

    @property
    def status(self) -> str:
        """`withdrawn`, the latest revision's outcome, or `needs_reviews` while its first round is open."""
        if self.withdrawn is not None:
            return "withdrawn"
        return self.outcome_of(self.latest) or "needs_reviews"

    def cited_in(self, act: str) -> list[str]:
        """The commitments of the sources that a revision or a review cites."""
        for revision in self.revisions:
            if revision.leaf == act:
                return revision.event.sources
        review = self.reviews.get(act)
        return [review.counter_source] if review is not None and review.counter_source is not None else []

    def latest_check(self, source: str) -> Check | None:
        """The check of a source that counts."""
        return self.checks[source][-1] if source in self.checks else None

    def waits(self, reference: str) -> bool:
        """Whether an act stays unsealed until a round ends: a review of an open stage, or what refers to one."""
        flag = self.flags.get(reference)
        if flag is not None:
            return flag.event.review is not None and self.waits(flag.event.review)
        for revision in self.revisions:
            for stage in revision.stages:
                if reference in stage.passed or reference in stage.superseded or stage.holds(reference):
                    return stage.closed is None
        return False

    def flags_on(self, revision: str, ground: str) -> list[Flag]:
        """The flags of this ground on this revision, in the order in which they were raised."""
        return [flag for flag in self.flags.values() if (flag.event.revision, flag.event.ground) == (revision, ground)]

    def holding(self, revision: str) -> Flag | None:
        """A flag that holds publication of this revision, or None."""
        for flag in self.flags.values():
            if flag.event.revision == revision and not flag.lapsed:
                return flag
        return None

    def revision_of(self, leaf: str, rule: str) -> Revision:
        """The revision with this id. Raises Refused under `rule`."""
        for revision in self.revisions:
            if revision.leaf == leaf:
                return revision
        raise Refused(rule, f"{leaf[:12]}… is no revision of example {self.example}")

    def check_not_withdrawn(self) -> None:
        """Raise Refused when it is withdrawn."""
        if self.withdrawn is not None:
            raise Refused("withdraw/once", f"example {self.example} is withdrawn")


Checking = Callable[[History, Any, int, Surroundings], None]
"""Raises Refused when an event may not stand in a history, in an epoch. Changes nothing."""
Applying = Callable[[History, Any, str, int, Surroundings], None]
"""Takes an event in, with its leaf and epoch."""
