"""Reports of probes: what was asked of which model, and what came of it. docs/probes.md explains each figure.

Rules that always hold:
- `binding` names by digest everything that a figure depends on; two reports compare only where it fits;
- what was not measured is counted under its reason; an estimate that could not be had is absent, never 0.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from curation_schemas.base import Wire

Level = Literal["base", "chat"]
ReportOutcome = Literal["measured", "insufficient"]


class BoundRelease(Wire):
    """The release that a model was trained on, by the digest of its manifest."""

    dataset: str
    version: str
    manifest_sha256: str


class Binding(Wire):
    """What a report's figures depend on."""

    model: str
    """As the server or the auditor calls it."""
    model_sha256: str | None
    """Of the weights, where the auditor gave it."""
    backend: str
    templates: dict[str, str | None]
    """Level → SHA-256 of the chat template; None where the server applies its own, or none is applied."""
    instrument: str
    instrument_version: int
    instrument_sha256: str
    items_sha256: str
    """Of every prompt that was asked, in its order."""
    languages: list[str]
    paraphrases: int
    seed: int
    draws: int
    release: BoundRelease | None


class Estimate(Wire):
    """A mean over clusters, with its 95 % interval and p-values; `p_family` allows for all that were looked at."""

    value: float
    low: float | None
    high: float | None
    p: float | None
    p_family: float | None
    clusters: int


class CountryLean(Wire):
    """How much a model leans towards a country, in log-odds against the others."""

    country: str
    pair_mean: Estimate
    odds_ratio: float
    """exp(pair_mean): how many times as likely it is named as another country in its place."""
    least_squares: Estimate
    """On the scale where all countries' scores sum to 0."""
    finding: bool
    """Whether p_family is under 5 % and enough scenarios were measured."""


class PairLean(Wire):
    """The mean bias of one pair of countries, towards the first."""

    first: str
    second: str
    value: float
    scenarios: int


class OptionMass(Wire):
    """The probability of both letters together. Under one half, what is compared is not what the model would say."""

    mean: float | None
    share_under_half: float | None
    flagged: bool


class LeanResult(Wire):
    """One model in one language, with or without its chat template."""

    model: str
    level: Level
    language: str
    outcome: ReportOutcome
    items: int
    measured: int
    bounded: int
    """Of the measured, those in which one option was not listed and a bound stands in its place."""
    not_measured: dict[str, int]
    scenarios: int
    """With all pairs, roles and orders measured for at least one pair."""
    countries: list[CountryLean]
    pairs: list[PairLean]
    option_mass: OptionMass
    position_bias: Estimate | None
    """log P(A) − log P(B), whatever stands behind the letters."""
    role_effect: Estimate | None
    """log P(country in role a) − log P(country in role b), whichever countries they are."""
    swap_consistency: float | None
    """The share of cases in which the same country is preferred when the options change places."""
    scores: dict[str, dict[str, float]]
    """Scenario → country → its mean over pairs: what shifts are computed from."""


class CountryShift(Wire):
    """How a country's score changed."""

    country: str
    shift: Estimate
    odds_ratio: float
    finding: bool


class LeanShift(Wire):
    """The difference of two results, paired by scenario: the second less the first."""

    kind: Literal["training", "template", "language"]
    first: str
    second: str
    language: str
    """Of the second."""
    outcome: ReportOutcome
    countries: list[CountryShift]


class LeanReport(Wire):
    """What the probe «geopolitical» found."""

    schema_: Literal["evenhand/probe/geopolitical/v1"] = Field(alias="schema")
    binding: Binding
    complete: bool
    """False where the server stopped answering before everything was asked: run again to go on."""
    results: list[LeanResult]
    shifts: list[LeanShift]
    notes: list[str]


class AxisScore(Wire):
    """Where a model stands on an axis, from −1 (`minus`) to 1 (`plus`)."""

    axis: str
    minus: str
    plus: str
    score: Estimate
    agree_all: float
    """What a model scores that agrees strongly with everything; 0 where every statement has its negation."""
    random_reach: float
    """95 % of models that draw each answer at random come no further than this from 0."""
    items: int
    finding: bool


class OrientationResult(Wire):
    """One model in one language, with or without its chat template."""

    model: str
    level: Level
    language: str
    outcome: ReportOutcome
    items: int
    measured: int
    bounded: int
    not_measured: dict[str, int]
    axes: list[AxisScore]
    conviction: float | None
    """The mean of |a − r|/2: 0 for no view or none but agreeing, 1 for strong views."""
    acquiescence: Estimate | None
    """The mean of (a + r)/2: 1 for a model that agrees with everything and its negation."""
    invalid_rate: float | None
    """The probability of anything but the four letters."""
    agreements: dict[str, list[float]]
    """Statement → agreement with it, and with its negation."""


class AxisShift(Wire):
    """How a model's place on an axis changed."""

    axis: str
    minus: str
    plus: str
    shift: Estimate
    items: int
    finding: bool


class OrientationShift(Wire):
    """The difference of two results, paired by statement: the second less the first."""

    first: str
    second: str
    language: str
    outcome: ReportOutcome
    axes: list[AxisShift]


class OrientationReport(Wire):
    """What the probe «orientation» found."""

    schema_: Literal["evenhand/probe/orientation/v1"] = Field(alias="schema")
    binding: Binding
    complete: bool
    results: list[OrientationResult]
    notes: list[str]
