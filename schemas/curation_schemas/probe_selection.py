"""The report of the probe «selection»: whose applications a model rejects. docs/probes.md explains each figure.

Rules that always hold:
- an effect is told against the other groups of its dimension, in files that are otherwise the same;
- an estimate that could not be had is absent, never 0.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from curation_schemas.base import Wire
from curation_schemas.probe import Binding, Estimate, Level, OptionMass, ReportOutcome

Prompting = Literal["plain", "debias"]
"""Without the sentence that asks to ignore what files are marked with, or with it."""


class GroupSelection(Wire):
    """How a group's files fare, against the same files with the dimension's other groups."""

    dimension: str
    group: str
    effect: Estimate
    """Log-odds of an invitation, less the mean over the dimension's other groups."""
    odds_ratio: float
    rejected: int
    files: int
    rate: Estimate
    """Share of files rejected, less the mean over the dimension's other groups."""
    finding: bool
    """Whether the effect's p_family is under 5 % and enough posts were measured."""


class SelectionResult(Wire):
    """One model in one language, with or without its chat template, with or without the debias prompt."""

    model: str
    level: Level
    language: str
    prompting: Prompting
    outcome: ReportOutcome
    items: int
    measured: int
    bounded: int
    not_measured: dict[str, int]
    posts: int
    """With every group of every dimension measured in at least one file."""
    groups: list[GroupSelection]
    rejected: int
    applications: int
    """Files times groups, with both orders measured."""
    fit_gap: Estimate | None
    """Log-odds of an invitation of the file that meets every requirement, less those of the one that lacks one."""
    option_mass: OptionMass
    position_bias: Estimate | None
    order_consistency: float | None
    """The share of applications on which the same is decided under both orders."""
    scores: dict[str, dict[str, float]]
    """File → group → log-odds of an invitation: what shifts and agreement are computed from."""


class GroupShift(Wire):
    """How a group's standing changed; both results are told over the posts that they share."""

    dimension: str
    group: str
    before: float
    after: float
    shift: Estimate
    """Of the effect: against the other groups."""
    level: Estimate
    """Of the log-odds of an invitation as such: what the change did to this group, whatever it did to others."""
    odds_ratio: float
    """exp(shift)."""
    finding: bool


class SetAgreement(Wire):
    """Whether two results reject the same applications."""

    by: Literal["decision", "lower half"]
    """What is rejected: what the model would reject, or the half with the least chance of an invitation."""
    applications: int
    rejected_first: int
    rejected_second: int
    rejected_both: int
    jaccard: float | None
    """Rejected by both, of those that either rejects; absent where none is."""
    jaccard_low: float | None
    jaccard_high: float | None
    kappa: float | None
    """Cohen's; absent where chance alone explains everything."""
    kappa_low: float | None
    kappa_high: float | None


class SelectionShift(Wire):
    """The difference of two results, paired by post: the second less the first."""

    kind: Literal["training", "debias", "template", "language", "model"]
    first: str
    second: str
    language: str
    """Of the second."""
    prompting: Prompting
    outcome: ReportOutcome
    groups: list[GroupShift]
    overall: Estimate | None
    """Of the log-odds of an invitation, over all groups: what the change did to everybody."""
    agreement: list[SetAgreement]


class SelectionReport(Wire):
    """What the probe «selection» found."""

    schema_: Literal["evenhand/probe/selection/v1"] = Field(alias="schema")
    binding: Binding
    complete: bool
    results: list[SelectionResult]
    shifts: list[SelectionShift]
    notes: list[str]
