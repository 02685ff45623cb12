"""Every event that the log can hold, as it stands in a leaf for ever.

Rules that always hold:
- nothing here identifies anyone and nothing here is ever erased: erasable text stands behind a commitment;
- no floats, no times of day, no addresses; every hash is lower-case hex;
- absent fields are left out of the leaf, so that a later version can add fields without changing old leaves' meaning;
- a reference to another act is that act's leaf hash, so that it names exactly those bytes.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, TypeAdapter, model_validator

from curation_schemas.base import Wire
from curation_schemas.commons import TopicOutline
from curation_schemas.definition import DatasetTerms, Policy, Topic
from curation_schemas.example import CONTENT_FIELDS, ClaimType, Kind, OriginKind, QuoteStatus, Use
from curation_schemas.review import (
    Comparison,
    ErasureGround,
    FlagGround,
    OrderShown,
    Outcome,
    PositionsSeen,
    ReasonCode,
    Role,
    Scores,
    SuspensionGround,
    Verdict,
    Via,
    WithdrawalReason,
)
from curation_schemas.text import (
    Base64,
    Day,
    ExampleId,
    GroupId,
    Hash,
    Nonce,
    Paragraph,
    Pseudonym,
    RuleId,
    SemVer,
    Slug,
    SpdxId,
    ToolName,
    WrittenLanguage,
)

Stage = Literal[1, 2]
RoundNumber = Annotated[int, Field(ge=1, le=10)]
SeatNumber = Annotated[int, Field(ge=1, le=30)]
Maintainers = Annotated[list[Pseudonym], Field(min_length=1, max_length=5)]


class Event(Wire):
    """What every leaf has. `nonce` keeps a leaf hash from confirming a guess of its content."""

    references: ClassVar[tuple[str, ...]] = ()
    """The fields that hold leaf hashes of earlier acts."""

    v: Literal[1] = 1
    dataset: Slug
    nonce: Nonce


class Act(Event):
    """An act of one person under the topic's pseudonym.

    `auth` is `self` where the leaf carries the contributor's own Ed25519 signature (`key`, `sig`), else `server`.
    """

    topic: Slug
    pseudonym: Pseudonym
    auth: Literal["self", "server"]
    key: Base64 | None = None
    sig: Base64 | None = None

    @model_validator(mode="after")
    def _signed_or_not(self) -> Act:
        signed = self.key is not None and self.sig is not None
        if signed != (self.auth == "self") or (self.key is None) != (self.sig is None):
            raise ValueError("auth «self» comes with key and sig, auth «server» with neither")
        return self


class DatasetDefined(Event):
    """The log's first event: the dataset's terms and its first policy."""

    type: Literal["dataset:defined"] = "dataset:defined"
    terms: DatasetTerms
    policy: Policy
    reason: Paragraph
    maintainers: Maintainers


class TopicDefined(Event):
    """A topic, with positions and perspectives in full. `supersedes` names the definition that it replaces.

    The founders define topics with a reason. Later ones are adopted: `adopts` is the accepted revision of the proposal,
    `closing` the end of the round that accepted it, `salt` what opens the commitment that the reviewers judged.
    """

    references: ClassVar = ("founding", "supersedes", "adopts", "closing")
    type: Literal["topic:defined"] = "topic:defined"
    founding: Hash
    """The leaf of the dataset's definition."""
    topic: Topic
    reason: Paragraph | None = None
    maintainers: list[Pseudonym] = Field(default_factory=list, max_length=5)
    supersedes: Hash | None = None
    proposal: ExampleId | None = None
    adopts: Hash | None = None
    closing: Hash | None = None
    salt: Hash | None = None
    """32 bytes as lower-case hex."""

    @model_validator(mode="after")
    def _founded_or_adopted(self) -> TopicDefined:
        adoption = (self.proposal, self.adopts, self.closing, self.salt)
        if any(item is None for item in adoption) and any(item is not None for item in adoption):
            raise ValueError("an adoption names proposal, adopts, closing and salt, all of them")
        if (self.adopts is None) != bool(self.maintainers and self.reason):
            raise ValueError("a definition has a reason and maintainers, or the proposal that it adopts")
        return self


class PolicyChanged(Event):
    """A policy that replaces the one in the leaf `supersedes`, agreed by two maintainers or more."""

    references: ClassVar = ("supersedes",)
    type: Literal["policy:changed"] = "policy:changed"
    policy: Policy
    reason: Paragraph
    maintainers: Annotated[list[Pseudonym], Field(min_length=2, max_length=5)]
    supersedes: Hash


class PerspectiveDeclared(Act):
    """Where a person stands on a topic; no perspective takes the declaration back."""

    references: ClassVar = ("definition", "supersedes")
    type: Literal["perspective:declared"] = "perspective:declared"
    definition: Hash
    """The leaf of the topic's definition in force."""
    perspective: Slug | None = None
    supersedes: Hash | None = None


class RevisionBrought(Act):
    """What proposing and revising share. The leaf's hash is the revision's id."""

    example: ExampleId
    group: GroupId
    kind: Kind
    language: WrittenLanguage
    positions: Annotated[list[Slug], Field(min_length=1, max_length=12)]
    framing: Slug
    claims: Annotated[list[ClaimType], Field(min_length=1, max_length=3)]
    license: SpdxId
    origin_kind: OriginKind
    origin: Hash | None = None
    mirrors: list[ExampleId] = Field(default_factory=list, max_length=20)
    translation_of: ExampleId | None = None
    use: Use | None = None
    content: dict[str, Annotated[list[Hash], Field(min_length=1, max_length=40)]]
    sources: list[Hash] = Field(default_factory=list, max_length=20)
    policy: Hash
    definition: Hash

    @model_validator(mode="after")
    def _content_fits_kind(self) -> RevisionBrought:
        if (self.kind == "topic") != isinstance(self, (TopicProposed, TopicRevised)):
            raise ValueError("a proposal about a topic is brought by topic:proposed or topic:revised, and nothing else")
        if set(self.content) != set(CONTENT_FIELDS[self.kind]):
            raise ValueError(f"content of a {self.kind} has the fields {', '.join(CONTENT_FIELDS[self.kind])}")
        if (self.use is not None) != (self.kind == "prompt"):
            raise ValueError("use belongs to prompts, and every prompt has it")
        if (self.origin is None) != (self.origin_kind == "human"):
            raise ValueError("origin commits to the model of a text that is not wholly human")
        return self

    def commitments(self) -> list[str]:
        """Every commitment of this revision, content first, then sources, then origin."""
        found = [item for field in CONTENT_FIELDS[self.kind] for item in self.content[field]]
        return found + self.sources + ([self.origin] if self.origin else [])


class ExampleProposed(RevisionBrought):
    """An example and its first revision."""

    references: ClassVar = ("policy", "definition")
    type: Literal["example:proposed"] = "example:proposed"
    annotation: Hash | None = None
    """The commitment to the annotation as Label Studio had it, for an example that was written there; published by
    nobody."""


class ExampleRevised(RevisionBrought):
    """A new revision; it opens a new round."""

    references: ClassVar = ("policy", "definition", "previous")
    type: Literal["example:revised"] = "example:revised"
    previous: Hash


class TopicProposed(RevisionBrought):
    """A proposal about a topic. `definition` is the topic's in force, which it amends; a new topic's is the dataset's.

    `positions` are those that it touches: for a new topic all of them.
    """

    references: ClassVar = ("policy", "definition")
    type: Literal["topic:proposed"] = "topic:proposed"
    outline: TopicOutline


class TopicRevised(RevisionBrought):
    """A new revision of a proposal about a topic."""

    references: ClassVar = ("policy", "definition", "previous")
    type: Literal["topic:revised"] = "topic:revised"
    previous: Hash
    outline: TopicOutline


class ExampleWithdrawn(Act):
    """The author takes the example back."""

    references: ClassVar = ("revision",)
    type: Literal["example:withdrawn"] = "example:withdrawn"
    example: ExampleId
    revision: Hash
    reason: WithdrawalReason


class SeatAct(Act):
    """An act in one seat of one round."""

    example: ExampleId
    revision: Hash
    round: RoundNumber
    stage: Stage
    perspective: Slug
    seat: SeatNumber
    declaration: Hash
    appeal: Hash | None = None
    """The appeal that opened stage 2."""


class ReviewSubmitted(SeatAct):
    """One reviewer's verdict. `supersedes` names the own earlier review in the same seat."""

    references: ClassVar = ("revision", "declaration", "appeal", "supersedes")
    type: Literal["review:submitted"] = "review:submitted"
    verdict: Verdict
    scores: Scores = Field(default_factory=dict)
    reasons: list[ReasonCode] = Field(default_factory=list, max_length=10)
    rationale: Hash | None = None
    counter_source: Hash | None = None
    comparison: Comparison | None = None
    order_shown: OrderShown | None = None
    positions_seen: PositionsSeen | None = None
    supersedes: Hash | None = None
    via: Via
    annotation: Hash | None = None
    """The commitment to the annotation as Label Studio had it, for a review that came from there. It is published by
    nobody: an annotation says when it was made and by which account there."""

    def commitments(self) -> list[str]:
        """The commitments to the rationale and the counter-source, where there are any."""
        return [item for item in (self.rationale, self.counter_source) if item is not None]


class SeatPassed(SeatAct):
    """«Cannot judge»: the seat goes to somebody else."""

    references: ClassVar = ("revision", "declaration", "appeal")
    type: Literal["seat:passed"] = "seat:passed"


class RoundClosed(Event):
    """The end of a round's stage: `counted` lists the leaves of its votes, `passed` those of the seats handed on.

    `missing` names the perspectives with empty seats. A round that ends because its revision was replaced or withdrawn
    (by the act `by`) has no outcome. An appeal that runs out of time leaves the first outcome standing.
    """

    references: ClassVar = ("revision", "appeal", "counted", "passed", "by")
    type: Literal["round:closed"] = "round:closed"
    topic: Slug
    example: ExampleId
    revision: Hash
    round: RoundNumber
    stage: Stage
    how: Literal["full", "time", "revised", "withdrawn"]
    outcome: Outcome | None = None
    missing: list[Slug] = Field(default_factory=list, max_length=12)
    counted: list[Hash] = Field(default_factory=list, max_length=400)
    passed: list[Hash] = Field(default_factory=list, max_length=400)
    appeal: Hash | None = None
    by: Hash | None = None


class RoundAppealed(Act):
    """The one appeal of a round: as many seats again, for people who were not in the first."""

    references: ClassVar = ("revision", "closing")
    type: Literal["round:appealed"] = "round:appealed"
    example: ExampleId
    revision: Hash
    round: RoundNumber
    closing: Hash
    """The leaf that ended the round."""
    rationale: Hash


class FlagRaised(Act):
    """A flag holds publication of one revision, never its acceptance."""

    references: ClassVar = ("revision", "review", "after")
    type: Literal["flag:raised"] = "flag:raised"
    example: ExampleId
    revision: Hash
    ground: FlagGround
    evidence: Hash
    review: Hash | None = None
    """The flagger's own review of this revision; only personal data and law can be flagged without one."""
    after: Hash | None = None
    """The lapse of an earlier flag on the same ground."""
    annotation: Hash | None = None
    """The commitment to the annotation as Label Studio had it, for a flag that was raised there; published by
    nobody."""


class FlagUpheld(Act):
    """One uninvolved person upholds a flag; two of different perspectives make it stand."""

    references: ClassVar = ("flag", "declaration")
    type: Literal["flag:upheld"] = "flag:upheld"
    example: ExampleId
    flag: Hash
    perspective: Slug
    declaration: Hash


class FlagLapsed(Event):
    """A flag's time is over and two people of different perspectives did not uphold it."""

    references: ClassVar = ("flag", "upheld")
    type: Literal["flag:lapsed"] = "flag:lapsed"
    topic: Slug
    example: ExampleId
    flag: Hash
    upheld: list[Hash] = Field(default_factory=list, max_length=1_000)
    """The leaves of those who upheld it."""


class OpeningErased(Event):
    """Openings were destroyed. The leaf stays; the text behind the commitments is gone."""

    references: ClassVar = ("act",)
    type: Literal["opening:erased"] = "opening:erased"
    example: ExampleId
    act: Hash
    """The leaf that holds the commitments."""
    commitments: Annotated[list[Hash], Field(min_length=1, max_length=200)]
    ground: ErasureGround


class ControlPlanted(Event):
    """A control was planted: an example slanted on purpose, to measure reviewing. The commitment hides which one."""

    type: Literal["control:planted"] = "control:planted"
    commitment: Hash
    maintainers: Maintainers


class ControlOpened(Event):
    """A planted control's round ended (`closing`): which example it was, and the position that it was slanted to."""

    references: ClassVar = ("planted", "closing")
    type: Literal["control:opened"] = "control:opened"
    topic: Slug
    example: ExampleId
    planted: Hash
    closing: Hash
    direction: Slug
    salt: Hash
    """32 bytes as lower-case hex."""


class GateOverruled(Event):
    """A maintainer keeps a topic in the next release though it fails these gates, and says why.

    It holds for the first release that is cut after it, and for no other.
    """

    references: ClassVar = ("definition",)
    type: Literal["gate:overruled"] = "gate:overruled"
    topic: Slug
    definition: Hash
    """The leaf of the topic's definition in force."""
    gates: list[RuleId] = Field(min_length=1, max_length=50)
    reason: Paragraph
    maintainers: Maintainers


class RolesChanged(Event):
    """The roles that a person has from now on, under their pseudonym in the dataset; `administrator` is who says so.

    Roles that somebody had from the beginning stand in no event.
    """

    references: ClassVar = ("supersedes",)
    type: Literal["roles:changed"] = "roles:changed"
    pseudonym: Pseudonym
    roles: list[Role] = Field(default_factory=list, max_length=4)
    administrator: Pseudonym
    supersedes: Hash | None = None
    """The person's change of roles before this one."""


class PersonSuspended(Event):
    """A person may do nothing more on a topic but withdraw, under their pseudonym there."""

    references: ClassVar = ("after",)
    type: Literal["person:suspended"] = "person:suspended"
    topic: Slug
    pseudonym: Pseudonym
    ground: SuspensionGround
    administrator: Pseudonym
    after: Hash | None = None
    """The end of an earlier suspension."""


class PersonRestored(Event):
    """A suspension ends."""

    references: ClassVar = ("suspension",)
    type: Literal["person:restored"] = "person:restored"
    topic: Slug
    pseudonym: Pseudonym
    suspension: Hash
    administrator: Pseudonym


class SourceChecked(Event):
    """The server looked for a cited page and for the source's quote in it; the last check of a source counts.

    `act` is the leaf that holds the source's commitment, `page` commits to the digests of the copy that is kept.
    """

    references: ClassVar = ("act", "supersedes")
    type: Literal["source:checked"] = "source:checked"
    topic: Slug
    example: ExampleId
    act: Hash
    source: Hash
    """The source's commitment."""
    status: QuoteStatus
    extractor: ToolName | None = None
    anchorer: ToolName | None = None
    page: Hash | None = None
    supersedes: Hash | None = None

    @model_validator(mode="after")
    def _says_how(self) -> SourceChecked:
        if (self.page is None) != (self.status == "not_archived"):
            raise ValueError("page commits to the copy that is kept; only a page that is not archived has none")
        looked = self.status in ("exact", "fuzzy", "missing")
        if (self.extractor is not None) != looked or (self.anchorer is not None) != looked:
            raise ValueError("a quote that was looked for comes with extractor and anchorer, any other with neither")
        return self


class EpochClosed(Event):
    """The last leaf of an epoch. All leaves since the previous one belong to it; `date` is its last day (UTC)."""

    type: Literal["epoch:closed"] = "epoch:closed"
    epoch: Annotated[int, Field(ge=0, le=1_000_000)]
    date: Day


class ReleaseCut(Event):
    """A release: the log prefix `size` with Merkle root `root`, and the SHA-256 of its manifest.

    `gated` names the topics that left it because they fail a gate.
    """

    type: Literal["release:cut"] = "release:cut"
    version: SemVer
    size: Annotated[int, Field(ge=1, le=2**53 - 1)]
    root: Hash
    manifest: Hash
    maintainers: Maintainers
    gated: list[Slug] = Field(default_factory=list, max_length=500)


class ExampleRetracted(Event):
    """Two maintainers take an example out of every later release, with a public reason. Its votes stay."""

    references: ClassVar = ("revision",)
    type: Literal["example:retracted"] = "example:retracted"
    topic: Slug
    example: ExampleId
    revision: Hash
    """The revision that was in force."""
    reason: Paragraph
    maintainers: Annotated[list[Pseudonym], Field(min_length=2, max_length=5)]


class ReleaseYanked(Event):
    """Two maintainers warn of a release, with a public reason. It stays as it is, and everybody is told."""

    references: ClassVar = ("release",)
    type: Literal["release:yanked"] = "release:yanked"
    version: SemVer
    release: Hash
    """The leaf of its cut."""
    reason: Paragraph
    maintainers: Annotated[list[Pseudonym], Field(min_length=2, max_length=5)]


AnyEvent = (
    DatasetDefined
    | TopicDefined
    | PolicyChanged
    | PerspectiveDeclared
    | ExampleProposed
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
    | ControlPlanted
    | ControlOpened
    | GateOverruled
    | RolesChanged
    | PersonSuspended
    | PersonRestored
    | SourceChecked
    | EpochClosed
    | ReleaseCut
    | ExampleRetracted
    | ReleaseYanked
)
EVENT: TypeAdapter[AnyEvent] = TypeAdapter(Annotated[AnyEvent, Field(discriminator="type")])


def references_of(event: AnyEvent) -> list[str]:
    """The leaf hashes that this event refers to: it can only stand after them."""
    found: list[str] = []
    fields = event.__dict__  # A model's attributes, at a third of the cost of asking it for each.
    for name in event.references:
        value = fields[name]
        if isinstance(value, str):
            found.append(value)
        elif value is not None:
            found.extend(value)
    return found


def leaf_fields(event: AnyEvent) -> dict[str, object]:
    """The event as the plain object whose canonical JSON is its leaf; absent and empty fields are left out."""
    fields = event.model_dump(mode="python", by_alias=True, exclude_none=True)
    return {name: value for name, value in fields.items() if value not in ([], {})}
