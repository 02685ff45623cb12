"""Reports of the probes «refusals» and «over-correction». docs/probes.md explains each figure.

Rules that always hold:
- what is no answer in the language asked (nothing, another language, a filter's work) is in no class and no share;
- a share of nothing is absent, never 0.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from curation_schemas.base import Wire
from curation_schemas.probe import Binding, Estimate, Level, ReportOutcome

GroupName = Literal["contested", "controls", "prompts"]
AnswerClassName = Literal["literal", "goal", "partial", "helpful", "unhelpful"]
Found = Literal["literal", "goal", "partial", "helpful", "unhelpful", "empty", "other language", "withheld"]
"""An answer's class, or what kept it from having one."""


class Share(Wire):
    """`count` of `of`, with Wilson's 95 % interval; without a value where `of` is 0."""

    count: int
    of: int
    value: float | None
    low: float | None
    high: float | None


class PairedChange(Wire):
    """Two shares of the same pairs, and the second less the first."""

    pairs: int
    first: Share
    second: Share
    gained: int
    """Pairs of which only the second has the property."""
    lost: int
    """Pairs of which only the first has it."""
    difference: float | None
    low: float | None
    """Newcombe's 95 % interval."""
    high: float | None
    p: float | None
    """McNemar's exact test."""


class BoundRules(Wire):
    """The rules that gave the classes."""

    name: str
    version: int
    sha256: str


class ClassQuality(Wire):
    """How well one class, or all refusals together, are told."""

    name: str
    precision: Share
    """Of the answers that the rules give this class."""
    recall: Share
    """Of the answers that are labelled so."""


class DetectorQuality(Wire):
    """The rules on labelled answers; `part` «fresh» was never used to mend them."""

    part: str
    language: str
    answers: int
    right: Share
    classes: list[ClassQuality]
    refused: ClassQuality


class GroupRates(Wire):
    """What one model made of one group of questions in one language."""

    group: GroupName
    items: int
    answered: int
    """With a class. Every share is of these."""
    classes: dict[AnswerClassName, int]
    refused: Share
    """Helpful and unhelpful non-compliance."""
    hedged: Share
    """Goal and partial compliance."""
    canned: Share
    empty: int
    other_language: int
    other_language_refused: int | None
    """Of those in another language that has rules, how many refuse; None where none has."""
    withheld: int
    """By the service's filter, which is not the model."""
    cut_off: int
    """Of all of these, how many ran out of tokens; an empty one among them got no further than its thoughts."""
    not_measured: dict[str, int]


class SideContrast(Wire):
    """How often questions about one side are refused, and their mirrors about others."""

    side: str
    label: str
    topics: int
    """Pairs of topics of which both sides were answered in at least one language: the clusters."""
    refused: PairedChange
    """First the mirrors, then the side's own: a positive difference is more refusal for this side."""
    p: float | None
    """Turning the sign of whole pairs of topics; with one language it is McNemar's."""
    p_family: float | None
    """The same for the largest difference of all sides."""
    outcome: ReportOutcome
    finding: bool


class RefusalResult(Wire):
    """One model in one language, with or without its chat template."""

    model: str
    level: Level
    language: str
    outcome: ReportOutcome
    items: int
    groups: list[GroupRates]
    one_sided: Share | None
    """Of pairs with both sides answered, those in which exactly one is refused."""
    sides: list[SideContrast]
    found: dict[str, Found]
    """Item → its class: what comparisons are computed from."""
    canned: list[str]


class LevelContrast(Wire):
    """The sides over all languages at one level."""

    level: Level
    languages: list[str]
    sides: list[SideContrast]


class JudgeAgreement(Wire):
    """Another model's classes beside those of the rules. Rates are the rules'."""

    model: str
    level: Level
    language: str
    answers: int
    """With a class from both."""
    not_judged: dict[str, int]
    agree: Share
    agree_on_refusal: Share
    kappa: float | None
    """Cohen's, over the five classes."""
    table: dict[AnswerClassName, dict[AnswerClassName, int]]
    """The rules' class → the judge's → answers."""


class RefusalReport(Wire):
    """What the probe «refusals» found."""

    schema_: Literal["evenhand/probe/refusals/v1"] = Field(alias="schema")
    binding: Binding
    rules: BoundRules
    detector: list[DetectorQuality]
    complete: bool
    results: list[RefusalResult]
    overall: list[LevelContrast]
    judge: list[JudgeAgreement]
    groups: dict[str, GroupName]
    pairs: dict[str, str]
    """Item → its pair and language; the two items of one are each other's mirrors."""
    sides: dict[str, str]
    """Item → its side."""
    notes: list[str]


class SideShift(Wire):
    """One side before and after."""

    side: str
    label: str
    before: float | None
    """Refused less its mirrors refused, before."""
    after: float | None
    own: PairedChange
    """Refusals of the side's own questions: first before, then after."""
    mirrors: PairedChange
    mirrors_not_literal: PairedChange
    """Refused or hedged."""
    turned: bool
    """Whether the side was refused more than its mirrors (or less) and is now the reverse, both beyond chance."""
    mirrors_risen: bool
    """Whether the mirrors of a side that was refused more, beyond chance, are now refused or hedged more often."""


class RefusalShift(Wire):
    """The same questions before and after."""

    first: str
    second: str
    level: Level
    language: str
    """«all» for all languages together."""
    outcome: ReportOutcome
    contested: PairedChange
    """Refusals of contested questions, or of all where they have no groups."""
    contested_by_topic: Estimate | None
    """The same change with topics as clusters, all languages of one at once; None under two topics."""
    not_literal: PairedChange
    """Of the same as `contested`: refused or hedged."""
    controls: PairedChange | None
    canned: PairedChange
    sides: list[SideShift]


class LeanChange(Wire):
    """One country or axis before and after, and the change of its distance from 0."""

    probe: Literal["geopolitical", "orientation"]
    name: str
    level: Level
    language: str
    before: float
    after: float
    change: float
    low: float
    high: float
    """95 %: that it lies under the margin is what the verdict asks for."""
    paired: bool
    """Whether the interval is over the same cases before and after; else both are taken for independent."""
    turned: Literal["no", "within the margin", "beyond the margin"]
    """Whether it leaned one way before and leans the other way now, both beyond chance; and if so, whether its interval
    now lies within the margin on both sides of 0."""
    under_margin: bool


class Check(Wire):
    """One condition of the verdict."""

    name: str
    outcome: Literal["pass", "fail", "insufficient"]
    says: str


class OverCorrectionReport(Wire):
    """Whether training cured refusal without a new lean."""

    schema_: Literal["evenhand/probe/over-correction/v1"] = Field(alias="schema")
    verdict: Literal["pass", "fail", "insufficient"]
    margin: float
    """Of a country, in log-odds."""
    axis_margin: float
    checks: list[Check]
    reports: dict[str, str]
    """What was compared, such as «before, refusals» → SHA-256 of its report.json."""
    before: list[Binding]
    after: list[Binding]
    refusals: list[RefusalShift]
    leans: list[LeanChange]
    seed: int
    draws: int
    notes: list[str]
