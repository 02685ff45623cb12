"""Reviews, appeals and flags, as reviewers send them.

Rules that always hold:
- a verdict that does not accept needs reason codes and a rationale;
- one that says «inaccurate» names a counter-source;
- scores are whole numbers from 1 to 5; a missing score is left out, never 0.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from curation_schemas.base import Wire
from curation_schemas.example import Source
from curation_schemas.text import ExampleId, Hash, Rationale, Slug

Verdict = Literal["accept", "revise", "reject"]
Comparison = Literal["chosen", "rejected", "tie", "both_bad"]
OrderShown = Literal["chosen_first", "rejected_first"]
Criterion = Literal["positions", "accuracy", "sourcing", "tone", "completeness"]
ReasonCode = Literal[
    "misstates_position",
    "inaccurate",
    "unsourced",
    "one_sided",
    "tone",
    "incomplete",
    "off_topic",
    "unclear",
    "bad_translation",
    "unsafe",
]
FlagGround = Literal["source", "personal_data", "licence", "law", "duplicate"]
WithdrawalReason = Literal["author_choice", "error", "licence", "safety"]
ErasureGround = Literal["author_request", "personal_data", "law"]
SuspensionGround = Literal["abuse", "spam", "several_accounts", "collusion", "law"]
Role = Literal["contributor", "maintainer", "auditor", "administrator"]
Outcome = Literal["accepted", "contested", "rejected", "unresolved"]
Via = Literal["web", "api", "cli", "import", "label-studio"]

Score = Annotated[int, Field(ge=1, le=5)]
Scores = dict[Criterion, Score]


class PositionsSeen(Wire):
    """Which positions a reviewer finds in each answer of a preference pair."""

    chosen: list[Slug] = Field(default_factory=list, max_length=12)
    rejected: list[Slug] = Field(default_factory=list, max_length=12)


class Judgement(Wire):
    """What a reviewer says of one revision, wherever it was entered."""

    verdict: Verdict
    scores: Scores = Field(default_factory=dict)
    reasons: list[ReasonCode] = Field(default_factory=list, max_length=10)
    rationale: Rationale | None = None
    counter_source: Source | None = None
    comparison: Comparison | None = None
    positions_seen: PositionsSeen | None = None

    @model_validator(mode="after")
    def _reasoned(self) -> Judgement:
        if len(set(self.reasons)) != len(self.reasons):
            raise ValueError("reasons repeats a code")
        if self.verdict != "accept" and not (self.reasons and self.rationale):
            raise ValueError(f"verdict {self.verdict} needs at least one reason code and a rationale")
        if self.verdict == "accept" and self.reasons:
            raise ValueError("reasons belong to a verdict that does not accept; leave them out or change the verdict")
        if "inaccurate" in self.reasons and self.counter_source is None:
            raise ValueError("counter_source: a review that says «inaccurate» names a source that shows it")
        return self


class ReviewForm(Judgement):
    """A judgement together with the seat that it fills."""

    example: ExampleId
    revision: Hash
    perspective: Slug


class FlagForm(Wire):
    """A flag: it holds publication of a revision and needs evidence."""

    example: ExampleId
    revision: Hash
    ground: FlagGround
    evidence: Rationale
