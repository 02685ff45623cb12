"""One example's life, folded from its events: revisions, rounds, flags, withdrawal.

Rules that always hold (pure; used alike by commands, projection and verification):
- `check` raises Refused and changes nothing; `apply` takes in what `check` let pass;
- the state is the same for every order in which each event stands after what it refers to;
- an accepted revision stands until its successor is accepted or the example is withdrawn;
- a flag holds publication of its revision from the moment it is raised until it lapses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from curation.errors import Refused
from curation.rulebook import commons
from curation.rulebook.checks import Check, check_checked
from curation.rulebook.controls import check_opened
from curation.rulebook.declarations import Declaration
from curation.rulebook.definitions import Definitions
from curation.rulebook.kept_review import KeptReview, keep_review
from curation.rulebook.rounds import Round
from curation_schemas.definition import Sensitivity
from curation_schemas.events import (
    ControlOpened,
    ExampleProposed,
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
_PROPOSED = (ExampleProposed, TopicProposed)
_REVISED = (ExampleRevised, TopicRevised)
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

    # --- check and apply ------------------------------------------------------------------------------------------

    def check(self, event: ExampleEvent, epoch: int, around: Surroundings) -> None:
        """Raise Refused when the event may not stand here, in this epoch. Changes nothing."""
        if not self.revisions and type(event) not in _PROPOSED:
            raise Refused("review/revision-known", f"example {self.example} does not exist")
        _CHECKS[type(event)](self, event, epoch, around)

    def check_now(self, event: ExampleEvent) -> None:
        """Raise Refused for what is wrong at the moment of acting, though a shuffled epoch could not show it."""
        if not isinstance(event, (OpeningErased, RoundClosed, ExampleWithdrawn, ControlOpened)):
            _check_not_withdrawn(self)
        if isinstance(event, RoundAppealed):
            judged = {item.leaf for item in (self.latest, self.standing) if item is not None}
            if event.revision not in judged:
                message = "a later revision has replaced this one"
                raise Refused("appeal/ended", message, hint="Appeal the latest one's round.")
        if isinstance(event, _REVISED) and any(
            item.round.stage == 2 and item.round.closed is None for item in self.revisions
        ):
            message = "an appeal of this example is open"
            raise Refused("revise/appeal-open", message, hint="Revise it once the appeal has ended.")

    def apply(self, event: ExampleEvent, leaf: str, epoch: int, around: Surroundings) -> None:
        """Take the event in. Call `check` first."""
        _APPLY[type(event)](self, event, leaf, epoch, around)


def _check_proposed(history: History, event: Brought, epoch: int, around: Surroundings) -> None:
    if history.revisions:
        raise Refused("propose/new-id", f"example {event.example} exists already")
    _check_brought(event, epoch, around.definitions)


def _check_brought(event: Brought, epoch: int, definitions: Definitions) -> None:
    if event.policy != definitions.policy_at(epoch).leaf:
        raise Refused("propose/policy-in-force", "the revision names a policy that is not in force")
    if isinstance(event, (TopicProposed, TopicRevised)):
        commons.check_outlined(event, epoch, definitions)
    else:
        _check_frame(event, epoch, definitions)
    terms = definitions.terms
    if terms is not None and event.language not in terms.languages:
        raise Refused(
            "propose/language",
            f"the dataset has no examples in {event.language}",
            hint=f"Its languages: {', '.join(terms.languages)}.",
        )
    if terms is not None and event.license not in terms.licenses:
        raise Refused(
            "propose/licence",
            f"the dataset does not admit the licence {event.license}",
            hint=f"It admits: {', '.join(terms.licenses)}.",
        )


def _check_frame(event: ExampleProposed | ExampleRevised, epoch: int, definitions: Definitions) -> None:
    frame = definitions.frame(event.topic, event.definition, epoch)
    if frame is None:
        known = ", ".join(item.content.id for item in definitions.topics_at(epoch))
        raise Refused("propose/topic-in-force", f"there is no topic {event.topic} in force", hint=f"In force: {known}.")
    if event.definition != frame.leaf:
        raise Refused("propose/policy-in-force", "the revision names a topic definition that is not in force")
    unknown = sorted(({*event.positions, event.framing} - {"neutral"}) - set(frame.positions))
    if unknown:
        raise Refused(
            "propose/positions-known",
            f"topic {event.topic} has no position {', '.join(unknown)}",
            hint=f"It has: {', '.join(frame.positions)}.",
        )


def _check_revised(history: History, event: ExampleRevised | TopicRevised, epoch: int, around: Surroundings) -> None:
    first, latest = history.first, history.latest
    if event.pseudonym != first.pseudonym:
        raise Refused("revise/only-proposer", "only the proposer revises an example")
    _check_not_withdrawn(history)
    if event.previous != latest.leaf:
        raise Refused("revise/of-latest", f"revision {latest.number} is the latest; this one replaces another")
    same = ("topic", "group", "kind", "language", "use")
    changed = [name for name in same if getattr(event, name) != getattr(first, name)]
    if changed:
        raise Refused(
            "revise/same-example", f"a revision cannot change {', '.join(changed)}", hint="Propose a new one."
        )
    limit = around.definitions.policy_at(epoch).content.max_revisions
    if latest.number >= limit:
        raise Refused("revise/limit", f"the example has had its {limit} revisions", hint="Propose a new example.")
    _check_brought(event, epoch, around.definitions)


def _apply_brought(history: History, event: Brought, leaf: str, epoch: int, around: Surroundings) -> None:
    definitions = around.definitions
    if isinstance(event, (TopicProposed, TopicRevised)):
        base = definitions.topic_by_leaf.get(event.definition)
        required = commons.judges(base.content if base else None, event.outline)
        both = {event.outline.sensitivity, base.content.sensitivity if base else "standard"}
        sensitivity: Sensitivity = "high" if "high" in both else "standard"
    else:
        frame = definitions.frame_of(event.definition)
        required, sensitivity = frame.required, frame.sensitivity
    rule = definitions.policy_by_leaf[event.policy].content.rule_for(sensitivity)
    number = len(history.revisions) + 1
    stage = Round(leaf, number, 1, required, rule, epoch)
    history.revisions.append(Revision(leaf, number, event, epoch, [stage]))
    history.held[leaf] = frozenset(event.commitments())


def _check_not_withdrawn(history: History) -> None:
    if history.withdrawn is not None:
        raise Refused("withdraw/once", f"example {history.example} is withdrawn")


def _check_withdrawn(history: History, event: ExampleWithdrawn, epoch: int, around: Surroundings) -> None:
    if event.pseudonym != history.first.pseudonym:
        raise Refused("withdraw/only-proposer", "only the proposer withdraws an example")
    _check_not_withdrawn(history)
    if event.revision != history.latest.leaf:
        raise Refused("revise/of-latest", "the withdrawal does not name the latest revision")


def _apply_withdrawn(history: History, event: ExampleWithdrawn, leaf: str, epoch: int, around: Surroundings) -> None:
    history.withdrawn, history.withdrawal, history.withdrawn_in = leaf, event, epoch


def _stage(revision: Revision, number: int) -> Round:
    if number > len(revision.stages):
        raise Refused("review/seat-exists", "there is no appeal of this round")
    return revision.stages[number - 1]


def _check_declared(event: ReviewSubmitted | SeatPassed | FlagUpheld, epoch: int, around: Surroundings) -> None:
    declaration = around.declaration(event.declaration)
    if (
        declaration is None
        or declaration.pseudonym != event.pseudonym
        or declaration.perspective != event.perspective
        or declaration.topic != event.topic
        or not declaration.holds_for(epoch)
    ):
        raise Refused(
            "review/declared",
            f"this person has not declared the perspective {event.perspective} on {event.topic} before the round",
        )


def _check_review(history: History, event: ReviewSubmitted, epoch: int, around: Surroundings) -> None:
    revision = history.revision_of(event.revision, "review/revision-known")
    stage = _stage(revision, event.stage)
    _check_sitting(history, stage, event, around)
    stage.check_review(event, history.first.kind)


def _check_sitting(history: History, stage: Round, event: ReviewSubmitted | SeatPassed, around: Surroundings) -> None:
    if event.topic != history.first.topic:
        raise Refused("review/declared", f"example {history.example} belongs to topic {history.first.topic}")
    if event.pseudonym == history.first.pseudonym:
        raise Refused("review/not-own", "nobody reviews their own example")
    for flag in history.flags.values():
        if flag.event.revision == stage.revision and any(event.pseudonym == who for who, _ in flag.upheld.values()):
            raise Refused("flag/uninvolved", "this person upheld a flag of this revision and cannot judge it")
    _check_declared(event, stage.epoch, around)


def _apply_review(history: History, event: ReviewSubmitted, leaf: str, epoch: int, around: Surroundings) -> None:
    revision = history.revision_of(event.revision, "review/revision-known")
    _stage(revision, event.stage).apply_review(event, leaf, history.first.kind)
    history.reviews[leaf] = keep_review(event, revision.leaf)
    if commitments := event.commitments():
        history.held[leaf] = frozenset(commitments)


def _check_passed(history: History, event: SeatPassed, epoch: int, around: Surroundings) -> None:
    revision = history.revision_of(event.revision, "review/revision-known")
    stage = _stage(revision, event.stage)
    _check_sitting(history, stage, event, around)
    stage.check_pass(event)


def _apply_passed(history: History, event: SeatPassed, leaf: str, epoch: int, around: Surroundings) -> None:
    stage = _stage(history.revision_of(event.revision, "review/revision-known"), event.stage)
    stage.passed[leaf] = event.pseudonym


def _check_closed(history: History, event: RoundClosed, epoch: int, around: Surroundings) -> None:
    revision = history.revision_of(event.revision, "round/end")
    if event.how == "revised":
        replaced = any(
            item.leaf == event.by and isinstance(item.event, _REVISED) and item.event.previous == revision.leaf
            for item in history.revisions
        )
        if not replaced:
            raise Refused("round/end", "the round ended as «revised» without a revision that replaced it")
    elif event.how == "withdrawn":
        if event.by is None or event.by != history.withdrawn:
            raise Refused("round/end", "the round ended as «withdrawn» without a withdrawal")
    elif event.by is not None:
        raise Refused("round/end", f"a round that ended as «{event.how}» names no act that ended it")
    _stage(revision, event.stage).check_closing(event)


def _apply_closed(history: History, event: RoundClosed, leaf: str, epoch: int, around: Surroundings) -> None:
    _stage(history.revision_of(event.revision, "round/end"), event.stage).apply_closing(event, leaf, epoch)


def _check_appealed(history: History, event: RoundAppealed, epoch: int, around: Surroundings) -> None:
    revision = history.revision_of(event.revision, "appeal/ended")
    first = revision.stages[0]
    if len(revision.stages) > 1:
        raise Refused("appeal/once", "this round has been appealed already")
    if first.closed is None or first.outcome is None or event.closing != first.closed or event.round != first.number:
        raise Refused("appeal/ended", "the round has not ended with an outcome")
    if revision.leaf in around.definitions.adopted:
        message = "what was accepted here is in force, or will be"
        raise Refused("appeal/adopted", message, hint="Propose an amendment of the topic.")
    if history.control is not None:
        raise Refused("control/opened", "this was a planted control; its round stands as it ended")
    if first.outcome == "unresolved":
        raise Refused(
            "appeal/ended",
            "the round ended with empty seats: there is no judgement to appeal",
            hint="A new revision opens a new round.",
        )
    if event.pseudonym not in first.people() | {history.first.pseudonym}:
        raise Refused("appeal/by-party", "only the proposer or a reviewer of the round appeals")


def _apply_appealed(history: History, event: RoundAppealed, leaf: str, epoch: int, around: Surroundings) -> None:
    revision = history.revision_of(event.revision, "appeal/ended")
    first = revision.stages[0]
    revision.stages.append(
        Round(revision.leaf, revision.number, 2, first.required, first.rule, epoch, first=first, appeal=leaf)
    )
    history.appeals[leaf] = event
    history.held[leaf] = frozenset({event.rationale})


def _check_flagged(history: History, event: FlagRaised, epoch: int, around: Surroundings) -> None:
    revision = history.revision_of(event.revision, "flag/revision-known")
    review = history.reviews.get(event.review or "")
    seated = review is not None and (review.revision, review.pseudonym) == (revision.leaf, event.pseudonym)
    if event.review is not None and not seated:
        raise Refused("flag/seat-holder", "the flag names a review that is not the flagger's own of this revision")
    if event.review is None and event.ground not in ("personal_data", "law"):
        raise Refused("flag/seat-holder", f"the ground {event.ground} needs a filled seat for this revision")
    if event.pseudonym == history.first.pseudonym:
        raise Refused("flag/not-own", "nobody flags their own example", hint="Withdraw it, or bring a revision.")
    same = history.flags_on(revision.leaf, event.ground)
    if any(not flag.lapsed or flag.event.pseudonym == event.pseudonym for flag in same):
        raise Refused("flag/once", f"the ground {event.ground} has been flagged for this revision")
    if same and event.after != same[-1].lapse:
        raise Refused("flag/once", "the flag does not name the lapse of the one before it")


def _apply_flagged(history: History, event: FlagRaised, leaf: str, epoch: int, around: Surroundings) -> None:
    raised_in = epoch
    for stage in history.revision_of(event.revision, "flag/revision-known").stages:
        if event.review is not None and stage.holds(event.review) and stage.closed_in in (None, epoch):
            raised_in = stage.epoch
    history.flags[leaf] = Flag(leaf, event, raised_in)
    history.held[leaf] = frozenset({event.evidence})


def _check_upheld(history: History, event: FlagUpheld, epoch: int, around: Surroundings) -> None:
    flag = history.flags.get(event.flag)
    if flag is None or flag.lapsed:
        raise Refused("flag/open", "there is no open flag of this id")
    revision = history.revision_of(flag.event.revision, "flag/revision-known")
    involved = {history.first.pseudonym, flag.event.pseudonym}
    involved |= {pseudonym for pseudonym, _ in flag.upheld.values()}
    for stage in revision.stages:
        involved |= stage.people()
    if event.pseudonym in involved:
        raise Refused("flag/uninvolved", "this person proposed, reviewed, raised or upheld it already")
    _check_declared(event, flag.epoch, around)


def _apply_upheld(history: History, event: FlagUpheld, leaf: str, epoch: int, around: Surroundings) -> None:
    history.flags[event.flag].upheld[leaf] = (event.pseudonym, event.perspective)


def _check_lapsed(history: History, event: FlagLapsed, epoch: int, around: Surroundings) -> None:
    flag = history.flags.get(event.flag)
    if flag is None or flag.lapsed:
        raise Refused("flag/open", "there is no open flag of this id")
    if flag.stands or event.upheld != sorted(flag.upheld):
        raise Refused("flag/lapse", "the flag does not lapse: two people of different perspectives upheld it")


def _apply_lapsed(history: History, event: FlagLapsed, leaf: str, epoch: int, around: Surroundings) -> None:
    history.flags[event.flag].lapse = leaf


def _check_erased(history: History, event: OpeningErased, epoch: int, around: Surroundings) -> None:
    unknown = set(event.commitments) - history.held.get(event.act, frozenset())
    if unknown:
        raise Refused("erase/known", f"{len(unknown)} of the commitments do not belong to the act {event.act[:12]}…")
    for revision in history.revisions:
        if revision.leaf in around.definitions.adopted and set(event.commitments) & set(
            revision.event.content["proposal"]
        ):
            message = "what was adopted stands in the log for ever, word for word"
            raise Refused("erase/adopted", message, hint="Name the commitments of the other texts; amend the topic.")


def _apply_erased(history: History, event: OpeningErased, leaf: str, epoch: int, around: Surroundings) -> None:
    history.erased.update(dict.fromkeys(event.commitments, leaf))


def _check_control(history: History, event: ControlOpened, epoch: int, around: Surroundings) -> None:
    stages = history.latest.stages
    opened = history.control is not None
    check_opened(event, opened, history.revisions[0].epoch, stages, epoch, around.definitions)


def _apply_control(history: History, event: ControlOpened, leaf: str, epoch: int, around: Surroundings) -> None:
    history.control = event
    around.definitions.opened.add(event.planted)


def _check_checked(history: History, event: SourceChecked, epoch: int, around: Surroundings) -> None:
    if history.withdrawn_in is not None and history.withdrawn_in < epoch:
        _check_not_withdrawn(history)
    check_checked(event, history.first.topic, history.cited_in(event.act), history.checks.get(event.source, []))


def _apply_checked(history: History, event: SourceChecked, leaf: str, epoch: int, around: Surroundings) -> None:
    history.checks.setdefault(event.source, []).append(Check(leaf, event))
    if event.page is not None:
        history.held[leaf] = frozenset({event.page})


_CHECKS: dict[type, Callable[..., None]] = {
    ExampleProposed: _check_proposed,
    ExampleRevised: _check_revised,
    TopicProposed: _check_proposed,
    TopicRevised: _check_revised,
    ExampleWithdrawn: _check_withdrawn,
    ReviewSubmitted: _check_review,
    SeatPassed: _check_passed,
    RoundClosed: _check_closed,
    RoundAppealed: _check_appealed,
    FlagRaised: _check_flagged,
    FlagUpheld: _check_upheld,
    FlagLapsed: _check_lapsed,
    OpeningErased: _check_erased,
    ControlOpened: _check_control,
    SourceChecked: _check_checked,
}
_APPLY: dict[type, Callable[..., None]] = {
    ExampleProposed: _apply_brought,
    ExampleRevised: _apply_brought,
    TopicProposed: _apply_brought,
    TopicRevised: _apply_brought,
    ExampleWithdrawn: _apply_withdrawn,
    ReviewSubmitted: _apply_review,
    SeatPassed: _apply_passed,
    RoundClosed: _apply_closed,
    RoundAppealed: _apply_appealed,
    FlagRaised: _apply_flagged,
    FlagUpheld: _apply_upheld,
    FlagLapsed: _apply_lapsed,
    OpeningErased: _apply_erased,
    ControlOpened: _apply_control,
    SourceChecked: _apply_checked,
}
