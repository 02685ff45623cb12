"""The measures of a release: pure functions of count tables, per topic, over all kinds and for each.

Rules that always hold (pure):
- null, missing and «fewer than 20 items» are decided before any formula: such a measure is `insufficient`;
- an exception in a measure is `error`, never a pass or a fail;
- parity passes only where the whole interval lies inside the margin;
- where warnings have p-values, one warns only as a discovery among all of them (Benjamini–Hochberg, q = .10); a gate
  rests on fixed margins alone;
- balance gates count labels: they cannot see a slant that reviewers let through.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from curation_schemas.definition import Thresholds
from curation_validators.counting import Counts
from curation_validators.facts import EXAMPLES
from curation_validators.findings import Insufficient, Outcome
from curation_validators.hints import HINTS
from curation_validators.measuring import coverage, parity, provenance, rows
from curation_validators.measuring.scope import ALL, Formula, Scope, TopicShape
from curation_validators.statistics import benjamini_hochberg

Level = Literal["gate", "warn", "report"]
Suite = Literal["examples", "provenance", "balance"]


@dataclass(frozen=True, slots=True)
class Measured:
    """One measure of one scope."""

    measure: str
    config: str
    topic: str
    subject: str
    """The position or perspective that it is about; empty for the whole topic."""
    outcome: Outcome
    breaks: Literal["gate", "warn"] | None
    message: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    items: int = 0
    more: Mapping[str, Any] | None = None
    p: float | None = None
    """Of a warning that chance alone can give: how likely it does."""

    @property
    def where(self) -> str:
        """How it is named."""
        parts = [
            f"topic {self.topic}" if self.topic else "rows without a topic",
            *([self.subject] if self.subject else []),
        ]
        return ", ".join(parts) + ("" if self.config == ALL else f" ({self.config})")

    @property
    def hint(self) -> str:
        """What to do where it warns or gates."""
        return HINTS[self.measure] if self.breaks else ""

    def as_json(self) -> dict[str, Any]:
        """The measure for programs; six digits, so that another machine's last bit changes nothing."""
        found: dict[str, Any] = {
            "measure": self.measure,
            "suite": MEASURES[self.measure].suite,
            "version": MEASURES[self.measure].version,
            "config": self.config,
            "topic": self.topic,
            "subject": self.subject,
            "outcome": self.outcome,
            "breaks": self.breaks,
            "items": self.items,
            "value": rounded(self.value),
            "low": rounded(self.low),
            "high": rounded(self.high),
            "message": self.message,
        }
        if self.hint:
            found["hint"] = self.hint
        if self.p is not None:
            found["p"] = rounded(self.p)
        if self.more:
            found["more"] = {name: rounded(item) for name, item in self.more.items()}
        return found


def rounded(value: Any) -> Any:
    """A number with six digits after the point; what is infinite, as text."""
    if isinstance(value, float):
        return round(value, 6) + 0.0 if math.isfinite(value) else str(value)
    if isinstance(value, Mapping):
        return {name: rounded(item) for name, item in value.items()}
    return value


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure: the suite it belongs to, how far it reaches, what it says, and its formula."""

    suite: Suite
    level: Level
    sentence: str
    formula: Formula
    per_kind: bool = True
    version: int = 1


MEASURES: dict[str, Measure] = {
    "balance/coverage": Measure(
        "balance",
        "gate",
        "A topic has two positions and two languages or more; a fifth of its cells may be empty.",
        coverage.coverage,
    ),
    "balance/position-share": Measure(
        "balance",
        "gate",
        "Each position has at least four fifths of an even share, or of its written target.",
        coverage.position_share,
    ),
    "balance/evenness": Measure(
        "balance", "warn", "The evenness of positions is at least .90.", coverage.evenness_of_positions
    ),
    "balance/drift": Measure(
        "balance",
        "gate",
        "Positions are at most .15 bits from an even split or a written target; a warning begins at .05.",
        coverage.drift,
    ),
    "balance/length-parity": Measure(
        "balance",
        "gate",
        "No position's answers are longer or shorter than their mirrors by over a quarter.",
        parity.length_parity,
    ),
    "balance/refusal-parity": Measure(
        "balance",
        "gate",
        "No position's answers refuse over ten points more or less often than their mirrors.",
        parity.refusal_parity,
        version=3,
    ),
    "balance/framing-completeness": Measure(
        "balance", "gate", "A group has its mirrors in every language that it has.", coverage.completeness
    ),
    "balance/stance-parity": Measure(
        "balance",
        "warn",
        "No position's answers are scored better or worse than their mirrors, by over a quarter of a point.",
        parity.stance_parity,
        False,
    ),
    "balance/entity-swap": Measure(
        "balance",
        "warn",
        "Where prompts differ by a swap, nine pairs in ten are in one rubric class.",
        parity.entity_swap,
        False,
    ),
    "balance/loaded-language": Measure(
        "balance",
        "warn",
        "No side's answers have over two loaded terms more or less per 1,000 tokens than their mirrors.",
        parity.loaded_language,
        False,
    ),
    "balance/preference-direction": Measure(
        "balance",
        "warn",
        "Of preference pairs of which one answer alone holds a position, 40 to 60 % choose it.",
        coverage.preference_direction,
        False,
    ),
    "provenance/source-concentration": Measure(
        "provenance",
        "gate",
        "The owners of cited sources have at most 2,500 points (HHI); a warning begins at 1,800.",
        provenance.concentration,
    ),
    "provenance/attribution": Measure(
        "provenance", "gate", "Every position has an attributed, dated source.", provenance.attribution
    ),
    "provenance/quotes": Measure(
        "provenance", "warn", "No quote is missing in the archived page of its source.", provenance.quotes
    ),
    "provenance/proposer-share": Measure(
        "provenance", "warn", "The top proposer has at most 15 % of a topic's examples.", provenance.proposer_share
    ),
    "provenance/reviewer-share": Measure(
        "provenance",
        "gate",
        "Where a perspective has 20 reviewers, none fills over 15 % of its seats.",
        provenance.reviewer_share,
        False,
    ),
    "provenance/agreement": Measure(
        "provenance", "report", "How far reviewers agree: a diagnostic, never a gate.", provenance.agreement, False
    ),
    "examples/exact-copies": Measure(
        "examples", "gate", "No example repeats another one word for word.", rows.exact_copies, version=2
    ),
    "examples/contamination": Measure(
        "examples",
        "gate",
        "No training text holds anything of a protected evaluation set that comes with this package.",
        rows.contamination,
        version=2,
    ),
    "examples/secrets": Measure("examples", "gate", "No text holds a key, token or password.", rows.secrets),
    "examples/personal-data": Measure(
        "examples",
        "gate",
        "No text holds an identity, card or account number with the right check digits.",
        rows.personal_data,
    ),
}


def measure_release(
    counts: Counts, shapes: Mapping[str, TopicShape] | None = None, limits: Thresholds | None = None
) -> list[Measured]:
    """Every measure of every topic, over all kinds and for each kind that the topic has, warnings told from chance.

    Args:
        counts: the count tables.
        shapes: topic → what it should have. A topic that is not in it is measured against what occurs.
        limits: where warnings and gates begin.
    """
    return told_from_chance(take_measures(counts, shapes, limits))


def take_measures(
    counts: Counts, shapes: Mapping[str, TopicShape] | None = None, limits: Thresholds | None = None
) -> list[Measured]:
    """The same, before warnings are told from chance: that depends on which topics stand together in a release."""
    shapes, limits = shapes or {}, limits or Thresholds()
    topics = {key[1] for key in counts.examples} | set(shapes)
    found = []
    for topic in sorted(topics, key=lambda item: (item is not None, item)):
        kinds = [config for config in EXAMPLES if (config, topic) in counts.examples]
        for config in [ALL, *(kinds if len(kinds) > 1 else [])]:
            scope = Scope(counts, config, topic, shapes.get(topic or "", TopicShape()), limits)
            for name, measure in MEASURES.items():
                if config == ALL or measure.per_kind:
                    found += list(_measure(name, measure, scope))
    return found


DISCOVERY_RATE = 0.10
_NOT_TOLD = "the interval leaves the margin, and chance alone may give that"


def told_from_chance(measured: Iterable[Measured]) -> list[Measured]:
    """Of the warnings with a p-value, those that are no discovery become `insufficient`; gates never rest on one.

    All p-values of the release's warnings are one family, those that pass included. What leaves its margin and is no
    discovery was measured too coarsely: it neither warns nor passes.

    Source: Benjamini and Hochberg (statistics.benjamini_hochberg), at a false discovery rate of .10.
    """
    measured = list(measured)
    places = [place for place, item in enumerate(measured) if item.p is not None]
    found = benjamini_hochberg([measured[place].p or 0.0 for place in places], DISCOVERY_RATE)
    for place, discovery in zip(places, found, strict=True):
        item = measured[place]
        if item.breaks == "warn" and not discovery:
            message = f"{item.message}; {_NOT_TOLD} (p = {item.p:.2f})"
            measured[place] = replace(item, outcome="insufficient", breaks=None, message=message)
    return measured


def _measure(name: str, measure: Measure, scope: Scope) -> Iterator[Measured]:
    place = (name, scope.config, scope.topic or "")
    try:
        for subject, figure in measure.formula(scope):
            if isinstance(figure, Insufficient):
                yield Measured(*place, subject, "insufficient", None, str(figure))
                continue
            outcome: Outcome = "fail" if figure.breaks else "pass"
            yield Measured(
                *place,
                subject,
                outcome,
                figure.breaks,
                figure.message,
                figure.value,
                figure.low,
                figure.high,
                figure.items,
                figure.more,
                figure.p,
            )
    except Insufficient as reason:
        yield Measured(*place, "", "insufficient", None, str(reason))
    except Exception as error:  # noqa: BLE001  # any exception in a measure is its outcome, and the others go on
        yield Measured(*place, "", "error", None, f"the measure broke ({type(error).__name__})")


def failed_gates(measured: list[Measured]) -> dict[str, list[Measured]]:
    """Topic → the gates that it fails. An error is no fail: it stops the cut (release/measured), not the topic."""
    found: dict[str, list[Measured]] = {}
    for item in measured:
        if item.breaks == "gate":
            found.setdefault(item.topic, []).append(item)
    return found
