"""A dataset's definition: topics, positions, perspectives and the policy that binds their judging.

Rules that always hold:
- every label and statement exists in every language of the dataset;
- a topic has two or more required perspectives and two or more positions, each held by a perspective of that topic;
- no number here is a float (a leaf holds none): shares are whole percents.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from curation_schemas.base import Wire
from curation_schemas.text import Hash, Paragraph, ShortText, Slug, SpdxId, WrittenLanguage

Labels = Annotated[dict[WrittenLanguage, ShortText], Field(min_length=1)]
Statements = Annotated[dict[WrittenLanguage, Paragraph], Field(min_length=1)]
Sensitivity = Literal["standard", "high"]


class AcceptanceRule(Wire):
    """N seats, K accepts and a share of the seats, per required perspective."""

    seats: int = Field(ge=1, le=15)
    min_accepts: int = Field(ge=1, le=15)
    min_share_percent: int = Field(ge=1, le=100)

    @model_validator(mode="after")
    def _reachable(self) -> AcceptanceRule:
        if self.min_accepts > self.seats:
            raise ValueError(f"min_accepts {self.min_accepts} can never be reached with {self.seats} seats")
        return self


class Thresholds(Wire):
    """Where the warnings and gates of a release begin. Shares are percents, indices points, so that none is a float.

    A policy without them means these defaults, in every log there is: they never change. A field that came later is
    left out where it has its default, so that the leaf of an earlier policy reads as it was written.
    """

    _LATER: ClassVar = (
        "stance_points_percent",
        "swap_percent",
        "loaded_terms",
        "preference_low_percent",
        "preference_high_percent",
    )

    positions: int = Field(default=2, ge=1, le=12)
    """Positions that a topic covers at least (gate)."""
    languages: int = Field(default=2, ge=1, le=30)
    """Languages that a topic covers at least (gate)."""
    empty_cells_percent: int = Field(default=20, ge=0, le=100)
    """Empty cells of topic × position × language (warning above)."""
    position_share_percent: int = Field(default=80, ge=0, le=100)
    """A position's share, of an even one (gate below)."""
    evenness_percent: int = Field(default=90, ge=0, le=100)
    """Evenness of positions (warning below)."""
    drift_warn_percent: int = Field(default=5, ge=0, le=100)
    """Jensen–Shannon divergence from the target, in hundredths of a bit (warning above)."""
    drift_gate_percent: int = Field(default=15, ge=0, le=100)
    """The same (gate above)."""
    concentration_warn: int = Field(default=1_800, ge=0, le=10_000)
    """HHI of the owners of cited sources, in points (warning above)."""
    concentration_gate: int = Field(default=2_500, ge=0, le=10_000)
    """The same (gate above)."""
    citations: int = Field(default=20, ge=1, le=1_000_000)
    """Citations that it takes to measure their concentration."""
    attribution_percent: int = Field(default=100, ge=0, le=100)
    """Positions with an attributed, dated source (gate below)."""
    length_ratio_percent: int = Field(default=125, ge=100, le=1_000)
    """How much longer one side's answers may be than their mirrors (gate above)."""
    refusal_points_percent: int = Field(default=10, ge=0, le=100)
    """How much more often one side's answers may refuse than their mirrors (gate above)."""
    completeness_percent: int = Field(default=100, ge=0, le=100)
    """Groups whose mirrors stand in every language that they have (gate below)."""
    reviewer_share_percent: int = Field(default=15, ge=0, le=100)
    """One reviewer's share of a perspective's seats (gate above)."""
    reviewer_people: int = Field(default=20, ge=1, le=1_000_000)
    """Reviewers that it takes to measure it."""
    proposer_share_percent: int = Field(default=15, ge=0, le=100)
    """One proposer's share of a topic (warning above)."""
    stance_points_percent: int = Field(default=25, ge=0, le=400)
    """How much better or worse one side's answers may be scored than their mirrors, in hundredths of a point of five
    (warning above)."""
    swap_percent: int = Field(default=90, ge=0, le=100)
    """Pairs that stay in their rubric class when something is swapped in the prompt (warning below)."""
    loaded_terms: int = Field(default=2, ge=0, le=1_000)
    """How many loaded terms per 1,000 tokens one side's answers may have more or less than their mirrors (warning
    above)."""
    preference_low_percent: int = Field(default=40, ge=0, le=100)
    """Preference pairs that choose a position's answer (warning below)."""
    preference_high_percent: int = Field(default=60, ge=0, le=100)
    """The same (warning above)."""

    @model_serializer(mode="wrap")
    def _without_later_defaults(self, serialize: SerializerFunctionWrapHandler) -> dict[str, int]:
        fields: dict[str, int] = serialize(self)
        defaults = type(self).model_fields
        return {
            name: value for name, value in fields.items() if name not in self._LATER or value != defaults[name].default
        }


class PositionTarget(Wire):
    """How the examples of a topic are meant to be spread over its positions, where that is not evenly, and why.

    It holds while it names exactly the topic's positions; else an even split does.
    """

    percents: Annotated[dict[Slug, Annotated[int, Field(ge=1, le=99)]], Field(min_length=2, max_length=12)]
    reason: Paragraph

    @model_validator(mode="after")
    def _whole(self) -> PositionTarget:
        if (total := sum(self.percents.values())) != 100:
            raise ValueError(f"percents add up to {total}, and not to 100")
        return self


class Policy(Wire):
    """The rules under which revisions are judged. Days and hours are elapsed time, not calendar dates."""

    standard: AcceptanceRule
    high: AcceptanceRule
    round_days: int = Field(ge=1, le=366)
    lease_hours: int = Field(ge=1, le=24 * 31)
    max_revisions: int = Field(ge=1, le=10)
    flag_days: int = Field(ge=1, le=366)
    thresholds: Thresholds | None = None
    targets: Annotated[dict[Slug, PositionTarget], Field(min_length=1, max_length=500)] | None = None
    """Topic → its written target."""

    @property
    def limits(self) -> Thresholds:
        """The thresholds that hold."""
        return self.thresholds or Thresholds()

    def rule_for(self, sensitivity: Sensitivity) -> AcceptanceRule:
        """The acceptance rule of a topic with this sensitivity."""
        return self.high if sensitivity == "high" else self.standard


class Perspective(Wire):
    """Where a reviewer declares to stand on a topic."""

    id: Slug
    label: Labels
    required: bool = True


class Position(Wire):
    """A view held on a topic, put as its holders put it."""

    id: Slug
    held_by: Slug
    label: Labels
    statement: Statements


class Topic(Wire):
    """A contested topic. `scope` says neutrally what the disagreement is about."""

    id: Slug
    sensitivity: Sensitivity
    label: Labels
    scope: Statements
    disputed_terms: Statements
    perspectives: list[Perspective] = Field(min_length=2, max_length=12)
    positions: list[Position] = Field(min_length=2, max_length=12)

    @property
    def required(self) -> tuple[str, ...]:
        """The ids of the required perspectives, in the definition's order."""
        return tuple(perspective.id for perspective in self.perspectives if perspective.required)

    @model_validator(mode="after")
    def _coherent(self) -> Topic:
        perspectives = [perspective.id for perspective in self.perspectives]
        positions = [position.id for position in self.positions]
        for name, ids in (("perspectives", perspectives), ("positions", positions)):
            if len(set(ids)) != len(ids):
                raise ValueError(f"{name} of topic {self.id} repeat an id")
        if len(self.required) < 2:
            raise ValueError(f"topic {self.id} needs two or more required perspectives")
        for position in self.positions:
            if position.held_by not in perspectives:
                raise ValueError(f"position {position.id} is held by {position.held_by}, no perspective of {self.id}")
        if "neutral" in positions:
            raise ValueError("no position may be called «neutral»: it names a framing")
        return self

    def texts(self) -> list[tuple[str, dict[str, str]]]:
        """Every translated text as (path, texts by language)."""
        found = [("label", self.label), ("scope", self.scope), ("disputed_terms", self.disputed_terms)]
        found += [(f"perspectives.{item.id}.label", item.label) for item in self.perspectives]
        for item in self.positions:
            found += [(f"positions.{item.id}.label", item.label), (f"positions.{item.id}.statement", item.statement)]
        return found


class DatasetTerms(Wire):
    """What the first leaf of a log says of its dataset, topics apart (each is a leaf of its own)."""

    slug: Slug
    title: Labels
    description: Statements
    simulated: bool
    languages: list[WrittenLanguage] = Field(min_length=1, max_length=40)
    licenses: list[SpdxId] = Field(min_length=1, max_length=20)
    documents: dict[str, Hash] = Field(default_factory=dict, max_length=60)
    """SHA-256 of each document shipped with the definition (guidelines, card text), by path."""


class DatasetDefinition(Wire):
    """`dataset.yaml`: the whole definition as its maintainers write it."""

    schema_: Literal["evenhand/dataset/v1"] = Field(alias="schema")
    slug: Slug
    title: Labels
    description: Statements
    simulated: bool
    languages: list[WrittenLanguage] = Field(min_length=1, max_length=40)
    licenses: list[SpdxId] = Field(min_length=1, max_length=20)
    reason: Paragraph
    policy: Policy
    topics: list[Topic] = Field(min_length=1, max_length=500)

    @model_validator(mode="after")
    def _translated(self) -> DatasetDefinition:
        ids = [topic.id for topic in self.topics]
        if len(set(ids)) != len(ids):
            raise ValueError("topics repeat an id")
        wanted = set(self.languages)
        texts: list[tuple[str, dict[str, str]]] = [("title", self.title), ("description", self.description)]
        for topic in self.topics:
            texts += [(f"topics.{topic.id}.{path}", labels) for path, labels in topic.texts()]
        for path, labels in texts:
            if missing := sorted(wanted - set(labels)):
                raise ValueError(f"{path} lacks {', '.join(missing)}")
        return self
