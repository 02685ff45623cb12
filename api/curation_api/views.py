"""What the API answers with.

Rules that always hold:
- a view is made of public fields only; whatever can link a person to an act is left out while a round is open;
- no time of day but the end of the reader's own lease.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from curation.shown import Withheld
from curation_schemas.base import Wire
from curation_schemas.commons import TopicOutline
from curation_schemas.definition import Topic
from curation_schemas.example import ClaimType, Kind, Message, Origin, OriginKind, Source, Use
from curation_schemas.review import (
    Comparison,
    FlagGround,
    OrderShown,
    Outcome,
    PositionsSeen,
    ReasonCode,
    Scores,
    Verdict,
    Via,
    WithdrawalReason,
)
from curation_schemas.text import ExampleId, GroupId, Hash, Pseudonym, SemVer, Slug, SpdxId, WrittenLanguage

Stage = Annotated[int, Field(ge=1, le=2)]
Status = Literal["needs_reviews", "accepted", "contested", "rejected", "unresolved", "withdrawn"]
ObjectionId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
How = Literal["full", "time", "revised", "withdrawn"]


# --- problems ---------------------------------------------------------------------------------------------------------


class RuleView(Wire):
    """The rule that forbids the act."""

    id: str
    sentence: str


class FieldProblem(Wire):
    """What is wrong with one field; an empty field stands for the whole body."""

    field: str
    message: str


class Problem(Wire):
    """A problem as RFC 9457 has it. `type` tells its kind; `rule` comes with refusals, `errors` with invalid input."""

    type: str
    title: str
    status: int
    detail: str | None = None
    hint: str | None = None
    rule: RuleView | None = None
    errors: list[FieldProblem] | None = None


# --- acts -------------------------------------------------------------------------------------------------------------


class ReceiptView(Wire):
    """Proof that an act was taken in. Whoever keeps it can be linked to the act."""

    leaf: Hash
    sealed_by: int | None
    """None: the act is sealed in the epoch in which its round ends."""
    """The epoch by whose end the leaf must stand in the log."""
    note: str
    """The same as a C2SP signed note, by the log's key."""


class ActView(Wire):
    """An act that was taken in. Its leaf's hash is its id."""

    leaf: Hash
    receipt: ReceiptView


class FindingView(Wire):
    """What a check says of an example: the rule, where, and what to do."""

    rule: str
    severity: Literal["block", "warn"]
    version: int
    where: str
    message: str
    hint: str


class RevisionActView(ActView):
    """A proposal or revision; `leaf` is the revision's id."""

    id: ExampleId
    group: GroupId
    findings: list[FindingView]
    """What the checks say of the text, and what forbids nothing; its reviewers are shown the same."""
    not_measured: list[str]
    """Checks that could not be made."""


class ReviewActView(ActView):
    """A review. Where it filled the last seat, the round has ended with `outcome`."""

    round_ended: bool
    outcome: Outcome | None


class SeatView(Wire):
    """A seat held under a lease. Read the revision at `/v1/examples/{example}` with the same token."""

    example: ExampleId
    revision: Hash
    topic: Slug
    perspective: Slug
    stage: Stage
    order_shown: OrderShown | None
    """Which answer of a preference pair to show first, as recorded with the review."""
    ends_at: int
    """The end of the lease, in whole seconds since 1970 (UTC)."""
    findings: list[FindingView]
    """What the checks say of the text; reviewers judge it themselves."""
    not_measured: list[str]
    """Checks that could not be made."""


# --- examples ---------------------------------------------------------------------------------------------------------


class ExampleLine(Wire):
    """An example in a list, as of the last closed epoch."""

    id: ExampleId
    group: GroupId
    topic: Slug
    kind: Kind
    language: WrittenLanguage
    status: Status


class ExamplePage(Wire):
    """Examples in the order of their ids, which are random. A page may hold fewer than `limit`; `next` leads on."""

    examples: list[ExampleLine]
    next: ExampleId | None


class AnswerView(Wire):
    """One position's answer."""

    position: Slug
    content: str


class ContentView(Wire):
    """The text of a revision: the fields of its kind. A null inside stands for text that was erased."""

    prompt: list[Message | None] | None = None
    messages: list[Message | None] | None = None
    chosen: list[Message | None] | None = None
    rejected: list[Message | None] | None = None
    answers: list[AnswerView | None] | None = None
    synthesis: str | None = None
    proposal: Topic | None = None
    """The topic as it would be."""
    reason: str | None = None


class TextView(Wire):
    """What of a revision stands behind commitments."""

    content: ContentView
    sources: list[Source | None]
    origin: Origin | None


class RoundView(Wire):
    """One stage of a round: 1, or the appeal as 2. An open one tells nothing."""

    stage: Stage
    open: bool
    how: How | None
    outcome: Outcome | None


class RevisionView(Wire):
    """One revision; `text` is null where `withheld` says why."""

    id: Hash
    number: int
    positions: list[Slug]
    framing: Slug
    claims: list[ClaimType]
    license: SpdxId
    origin_kind: OriginKind
    mirrors: list[ExampleId]
    translation_of: ExampleId | None
    use: Use | None
    rounds: list[RoundView]
    withheld: Withheld | None
    text: TextView | None


class FlagView(Wire):
    """A flag of a revision, without who raised it."""

    id: Hash
    revision: Hash
    ground: FlagGround
    status: Literal["raised", "upheld", "lapsed"]


class ExampleView(Wire):
    """An example as of the last closed epoch; for its proposer and for who holds a seat in it, as of now."""

    id: ExampleId
    group: GroupId
    topic: Slug
    kind: Kind
    language: WrittenLanguage
    status: Status
    standing: Hash | None
    """The accepted revision that stands."""
    proposer: Pseudonym | None
    """Null while a round is open."""
    revisions: list[RevisionView]
    flags: list[FlagView]


# --- trace ------------------------------------------------------------------------------------------------------------


class TallyLine(Wire):
    """Votes of one perspective, the first stage's included."""

    perspective: Slug
    seats: int
    accepts: int


class ReviewView(Wire):
    """One review of an ended round. `counted` is false for one that was superseded."""

    leaf: Hash
    perspective: Slug
    seat: int
    reviewer: Pseudonym
    verdict: Verdict
    scores: Scores
    reasons: list[ReasonCode]
    rationale: str | None
    rationale_withheld: bool
    """Whether there is a rationale that was erased, or that a flag or a withdrawal holds back."""
    counter_source: Source | None
    comparison: Comparison | None
    order_shown: OrderShown | None
    positions_seen: PositionsSeen | None
    via: Via
    auth: Literal["self", "server"]
    counted: bool


class EndedRound(Wire):
    """A stage that has ended, with every review it got."""

    stage: Stage
    closing: Hash
    how: How
    outcome: Outcome | None
    tally: list[TallyLine]
    passed: int
    reviews: list[ReviewView]
    appeal_rationale: str | None


class TracedRevision(Wire):
    """A revision of which a round has ended."""

    id: Hash
    number: int
    epoch: int
    rounds: list[EndedRound]


class WithdrawalView(Wire):
    """The author took the example back."""

    leaf: Hash
    revision: Hash
    reason: WithdrawalReason


class RetractionView(Wire):
    """Two maintainers took the example out of every later release."""

    leaf: Hash
    reason: str


class TraceView(Wire):
    """An example's public story as of the last closed epoch: ended rounds only."""

    id: ExampleId
    topic: Slug
    status: Status
    proposer: Pseudonym | None
    revisions: list[TracedRevision]
    flags: list[FlagView]
    withdrawal: WithdrawalView | None
    retraction: RetractionView | None


# --- the rest ---------------------------------------------------------------------------------------------------------


class TopicList(Wire):
    """Topics in force, in the order of their ids; `next` leads on."""

    topics: list[Topic]
    next: Slug | None


class ProposedTopicView(Wire):
    """A topic that is proposed and not in force. `outline` is what its leaf says of it: names, never words."""

    id: Slug
    proposal: ExampleId
    """The example that proposes it."""
    status: Status
    outline: TopicOutline
    topic: Topic | None
    """Its words. Null until its round has ended, but for its proposer and who holds a seat in it."""


class ProposedTopicList(Wire):
    """Proposed topics, in the order of their ids; `next` leads on."""

    topics: list[ProposedTopicView]
    next: Slug | None


class ObjectionView(Wire):
    """What somebody objects to in a topic's words, and why. Its id tells neither who wrote it nor when."""

    id: ObjectionId
    path: str
    """The text of the topic that it is about, as `positions.ID.statement`."""
    language: WrittenLanguage
    text: str


class ObjectionList(Wire):
    """Objections to a topic's words, in the order of their ids, which is no order of time; `next` leads on."""

    objections: list[ObjectionView]
    next: ObjectionId | None


class Found(Wire):
    """What has the words that were asked for: topics in force and examples, by id."""

    topics: list[Slug]
    examples: list[ExampleLine]


class OpeningView(Wire):
    """What stands behind a commitment: SHA-256 over a domain label, the salt and the body."""

    unit: str
    commitment: Hash
    salt: str
    """Hexadecimal."""
    body: str
    """JSON, byte for byte as it is hashed."""


class LeafView(Wire):
    """A sealed leaf. `openings` are those that a release gives; `proof` is a C2SP tlog-proof."""

    hash: Hash
    index: int
    epoch: int
    date: str
    leaf: str
    """JSON, byte for byte as it is hashed."""
    openings: list[OpeningView]
    proof: str


class ReleaseView(Wire):
    """A release: the log prefix that it is a function of, and the SHA-256 of its manifest."""

    version: SemVer
    size: int
    root: Hash
    manifest: Hash
    leaf: Hash
    simulated: bool
    """Whether its people are made up, for a demonstration."""
    yanked: str | None = None
    """Why two maintainers warn of it, where they do."""


class ReleaseList(Wire):
    """Releases, the newest first; `next` leads on."""

    releases: list[ReleaseView]
    next: SemVer | None


class FileView(Wire):
    """A file of a release; no digest where its manifest cannot have one, because it is made after it."""

    path: str
    bytes: int
    sha256: Hash | None


class ReleaseDocument(Wire):
    """A release, and what of its bundle is on this server."""

    release: ReleaseView
    previous: SemVer | None
    rows: dict[str, dict[str, int]]
    """Config → split → rows."""
    files: list[FileView]


class MeView(Wire):
    """The reader's own account. Nothing of it is published."""

    handle: str
    roles: list[str]
    languages: list[str]
    simulated: bool
    declared: dict[Slug, Slug] = Field(default_factory=dict)
    """Topic → the perspective declared there."""


class HintView(Wire):
    """That a hint was noted."""

    status: Literal["noted"]


class HealthView(Wire):
    """The platform answers."""

    status: Literal["ok"]
