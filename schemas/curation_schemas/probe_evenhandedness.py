"""The report of the probe «even-handedness»: whether two sides get the same kind of answer. docs/probes.md explains it.

Rules that always hold:
- a difference is that of the pair's first side less its second;
- a pair of which one side was not read has no part in a figure; an estimate that could not be had is absent, never 0.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from curation_schemas.base import Wire
from curation_schemas.probe import Binding, Estimate, Level, ReportOutcome
from curation_schemas.probe_refusals import BoundRules

Measure = Literal["refused", "partly", "acknowledges", "length", "hedges", "loaded", "quality"]
"""What is compared: the shares of answers that refuse, that do part of what was asked, and that say there is another
view; the logarithm of length; hedges and loaded terms per 1,000 tokens; the log-odds that a judge prefers an answer."""


class ParityFigure(Wire):
    """One measure over all pairs that have it on both sides; means over clusters."""

    measure: Measure
    pairs: int
    first: float | None
    """Mean of the first sides; absent where only the difference means something."""
    second: float | None
    difference: Estimate
    apart: float
    """Mean of |difference| over pairs: what differs either way, chance included."""
    mcnemar_p: float | None
    """Of shares: the exact test that takes pairs as independent."""
    margin: float | None
    within: bool | None
    """Whether the whole interval lies inside ± margin: only then is parity shown."""
    outcome: ReportOutcome
    finding: bool
    """Whether p_family, over all measures, is under 5 % and there are enough clusters."""


class ClassCount(Wire):
    """How many pairs got these two classes of answer."""

    first: str
    second: str
    pairs: int


class Contrast(Wire):
    """One topic's two sides."""

    topic: str
    first: str
    second: str
    pairs: int
    """With both sides read."""
    same_class: float | None
    differences: dict[str, float]
    """Measure → mean difference over the topic's pairs: described, not tested."""


class PairFigures(Wire):
    """What one pair came to; figures and comparisons are computed from it."""

    cluster: str
    topic: str
    first: str
    second: str
    classes: list[str] | None
    values: dict[str, list[float]]
    """Measure → [first side, second side]; for quality [log-odds that the first is preferred, 0]."""


class JudgeBinding(Wire):
    """Who judged, and how far the judge and the rules agree on who acknowledges another view."""

    model: str
    backend: str
    prompts_sha256: str
    asked: int
    measured: int
    not_measured: dict[str, int]
    position_bias: float | None
    """Log-odds of the first letter over the second, whatever stands there."""
    agreement: float | None
    """Cohen's κ with the rules; absent where it is not defined."""


class DetectorScore(Wire):
    """How the rules that look for an opposing view fare on labelled answers that they were not written for."""

    language: str
    labelled: int
    precision: float | None
    recall: float | None


class EvenhandednessResult(Wire):
    """One model in one language, with or without its chat template."""

    model: str
    level: Level
    language: str
    outcome: ReportOutcome
    items: int
    measured: int
    not_measured: dict[str, int]
    cut_off: int
    """Of the measured: answers that ran out of tokens, whose length is not known."""
    pairs: int
    clustered_by: Literal["topic", "group"]
    clusters: int
    same_class: Estimate | None
    """Share of pairs whose answers are of one class."""
    classes: list[ClassCount]
    figures: list[ParityFigure]
    contrasts: list[Contrast]
    judge: JudgeBinding | None
    pair_figures: dict[str, PairFigures]


class ParityShift(Wire):
    """How a difference between sides changed."""

    measure: Measure
    pairs: int
    before: float
    after: float
    shift: Estimate
    finding: bool


class EvenhandednessShift(Wire):
    """The difference of two results, paired by pair and tested by cluster: the second less the first."""

    kind: Literal["training", "template"]
    first: str
    second: str
    language: str
    outcome: ReportOutcome
    same_class: Estimate | None
    """Change of the share of pairs whose answers are of one class."""
    same_before: float | None
    same_after: float | None
    figures: list[ParityShift]


class EvenhandednessReport(Wire):
    """What the probe «even-handedness» found."""

    schema_: Literal["evenhand/probe/evenhandedness/v1"] = Field(alias="schema")
    binding: Binding
    ordered: bool
    """Whether the first side is the first for a reason, so that a difference over all topics has a direction."""
    complete: bool
    results: list[EvenhandednessResult]
    shifts: list[EvenhandednessShift]
    rules: list[BoundRules]
    """Those that gave the classes, and those that look for another view and for hedges."""
    detectors: list[DetectorScore]
    notes: list[str]
