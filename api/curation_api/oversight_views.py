"""What the API answers maintainers and auditors with.

Rules that always hold:
- the same as the pages show them: as of the last closed epoch, and no vote of an open round.
"""

from __future__ import annotations

from typing import Any, Literal

from curation_api.views import Stage, TextView
from curation_schemas.base import Wire
from curation_schemas.definition import Policy
from curation_schemas.example import Kind
from curation_schemas.review import FlagGround, SuspensionGround
from curation_schemas.text import ExampleId, Hash, Pseudonym, Slug, WrittenLanguage


class EmptySeats(Wire):
    """Seats that nobody has filled."""

    topic: Slug
    perspective: Slug
    language: WrittenLanguage
    empty: int


class OpenRoundView(Wire):
    """A stage of a round that is open."""

    example: ExampleId
    topic: Slug
    kind: Kind
    language: WrittenLanguage
    stage: Stage
    epoch: int
    """The epoch in which it opened."""
    date: str
    """The day on which that epoch was closed."""


class AgreementView(Wire):
    """Krippendorff's alpha of accept against not, nominal: null where it was not measured, or is undefined."""

    votes: int
    revisions: int
    """Revisions with two votes or more; under twenty of them, nothing is measured."""
    alpha: float | None
    low: float | None
    high: float | None
    """A bootstrap interval of 95 %."""


class OutcomesView(Wire):
    """How many rounds ended so in one epoch."""

    epoch: int
    accepted: int
    contested: int
    rejected: int
    unresolved: int


class TopicOversight(Wire):
    """One topic in figures."""

    topic: Slug
    needs_reviews: int
    contested: int
    unresolved: int
    flags: int
    """Open flags."""
    agreement: AgreementView
    within: dict[Slug, AgreementView]
    """Perspective → agreement among those who sat for it."""
    outcomes: list[OutcomesView]


class ControlsView(Wire):
    """Planted controls; `low` and `high` are Wilson's interval of 95 % of the share that was accepted."""

    planted: int
    opened: int
    judged: int
    accepted: int
    low: float | None
    high: float | None


class OversightView(Wire):
    """The dataset in figures, as of the last closed epoch. Empty seats are counted once a day."""

    epoch: int
    """The epoch that is open."""
    topics: list[TopicOversight]
    seats: list[EmptySeats]
    oldest: list[OpenRoundView]
    controls: ControlsView


class OddView(Wire):
    """Reviewers whose votes somebody should look at: a reason to look, and no verdict."""

    kind: Literal["misplaced", "together", "burst"]
    rule: str
    """The rule's id; docs/validation.md has its sentence."""
    version: int
    """That of the check."""
    reviewers: list[Pseudonym]
    message: str
    hint: str
    """What to do."""


class OddList(Wire):
    """What looks odd on a topic."""

    topic: Slug
    odd: list[OddView]


class OpenFlagView(Wire):
    """A flag that has not lapsed. `evidence` is null once it was erased."""

    id: Hash
    example: ExampleId
    topic: Slug
    language: WrittenLanguage
    revision: Hash
    ground: FlagGround
    status: Literal["raised", "upheld"]
    upheld_from: list[Slug]
    """The perspectives from which it is upheld."""
    epoch: int
    """The epoch in which it was raised, at the latest."""
    evidence: str | None


class OpenFlagList(Wire):
    """Open flags, by topic and id."""

    flags: list[OpenFlagView]


class SeenFlagView(Wire):
    """A flag, what its reader can do about it, and the flagged text where the reader may see it."""

    flag: OpenFlagView
    part: Literal["may_uphold", "upheld", "involved", "undeclared", "no_contributor"]
    text: TextView | None


class PolicyView(Wire):
    """A policy, and the epoch from which it binds."""

    leaf: Hash
    binds_from: int
    in_force: bool
    policy: Policy


class PolicyDraftView(Wire):
    """A draft that waits for a second maintainer."""

    id: str
    policy: Policy
    reason: str
    supersedes: Hash
    """The leaf of the policy that it replaces."""
    own: bool
    current: bool
    """Whether it can still be agreed to: no other policy came after the one that it replaces."""


class PolicyList(Wire):
    """Every policy, the latest last, and the drafts."""

    policies: list[PolicyView]
    drafts: list[PolicyDraftView]


class JobView(Wire):
    """The last long work on a release: what it was, how it stands, and what came of it."""

    job: Literal["plan", "overrule", "cut"] | None
    state: Literal["idle", "running", "done", "failed", "interrupted"]
    version: str | None = None
    """The release that was cut."""
    leaf: Hash | None = None
    """The act by which a gate was overruled."""
    error: str | None = None
    message: str | None = None
    hint: str | None = None
    rule: str | None = None


class NextRelease(Wire):
    """The next release: the log's size, the release that holds it already, the last job, and the plan."""

    size: int | None
    cut: str | None
    job: JobView
    plan: dict[str, Any] | None
    """As `evenhand release plan --json`, with the examples that it leaves out counted; null until one is made."""


class ReleaseDiff(Wire):
    """What a release added, changed and removed since another."""

    version: str
    since: str | None
    """Null where there is no release before it."""
    added: list[ExampleId]
    changed: list[ExampleId]
    removed: list[ExampleId]


class SuspensionView(Wire):
    """Somebody who is suspended on a topic; `leaf` is the act by which they are."""

    leaf: Hash
    topic: Slug
    pseudonym: Pseudonym
    ground: SuspensionGround
    epoch: int


class SuspensionList(Wire):
    """Who is suspended now."""

    suspensions: list[SuspensionView]


class ReceiverView(Wire):
    """A receiver of webhooks, and how its messages stand. One that is not active said that it is gone."""

    id: str
    url: str
    active: bool
    waiting: int
    delivered: int
    given_up: int


class ReceiverList(Wire):
    """Every receiver, by address."""

    receivers: list[ReceiverView]


class SecretView(Wire):
    """A receiver and its secret, told this once."""

    id: str
    secret: str
