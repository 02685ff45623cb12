"""The measures of a release: pure functions of count tables, per topic, over all kinds and for each.

Rules that always hold (pure):
- null, missing and «fewer than 20 items» are decided before any formula: such a measure is `insufficient`;
- an exception in a measure is `error`, never a pass or a fail;
- parity passes only where the whole interval lies inside the margin;
- balance gates count labels: they cannot see a slant that reviewers let through.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from curation_schemas.definition import Thresholds
from curation_validators.agreement import Unit, alpha_interval, alpha_of_units
from curation_validators.balance import effective_number, evenness, hhi, js_bits, kl_bits
from curation_validators.counting import Counted, Counts
from curation_validators.facts import EXAMPLES, LOG_UNIT
from curation_validators.findings import Insufficient, Outcome
from curation_validators.statistics import clustered_mean, mcnemar_exact, newcombe

LEAST_ITEMS = 20
ALL = "all"
"""The scope over every kind of example."""
Level = Literal["gate", "warn", "report"]
Suite = Literal["examples", "provenance", "balance"]


@dataclass(frozen=True, slots=True)
class TopicShape:
    """What a topic should have: its positions, and the dataset's languages. Empty where nobody says."""

    positions: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """What a formula gives: a value with its interval, and whether it breaks a gate or a warning."""

    value: float | None
    breaks: Literal["gate", "warn"] | None
    message: str
    low: float | None = None
    high: float | None = None
    items: int = 0
    more: Mapping[str, Any] | None = None
    """Figures that are reported beside it."""


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

    @property
    def where(self) -> str:
        """How it is named."""
        parts = [f"topic {self.topic}" if self.topic else "the dataset", *([self.subject] if self.subject else [])]
        return ", ".join(parts) + ("" if self.config == ALL else f" ({self.config})")

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
class Scope:
    """The counts of one topic, over all kinds or one, and what they are measured against."""

    counts: Counts
    config: str
    topic: str | None
    shape: TopicShape
    limits: Thresholds

    def of(self, counted: Counted) -> dict[Any, tuple[int, ...]]:
        """This scope's rows of a table that begins with (config, topic), added over kinds, by the rest of the key."""
        found: dict[Any, tuple[int, ...]] = {}
        for (config, topic, *rest), sums in counted.items():
            if topic == self.topic and self.config in (ALL, config):
                key = tuple(rest)
                before = found.get(key)
                found[key] = sums if before is None else tuple(a + b for a, b in zip(before, sums, strict=True))
        return found

    def of_topic(self, counted: Counted) -> dict[Any, tuple[int, ...]]:
        """A table that begins with (topic,): the rows of this scope's topic."""
        return {key[1:]: sums for key, sums in counted.items() if key[0] == self.topic}

    @property
    def examples(self) -> int:
        """How many examples it has."""
        return sum(sums[0] for sums in self.of(self.counts.examples).values())

    def positions(self) -> tuple[str, ...]:
        """The topic's positions; where nobody defines them, those that occur."""
        seen = {position for position, _ in self.of(self.counts.cells) if position is not None}
        return self.shape.positions or tuple(sorted(seen))


def require(items: int, what: str, least: int = LEAST_ITEMS) -> None:
    """Raise Insufficient where there are too few items."""
    if items < least:
        raise Insufficient(f"{items} {what}, and {least} are needed" if items else f"no {what}")


Figures = Iterator[tuple[str, Figure | Insufficient]]
Formula = Callable[[Scope], Figures]
"""Yields (subject, its figure or why there is none). Raises Insufficient where there is none at all."""


def _by_position(scope: Scope) -> dict[str, int]:
    found = dict.fromkeys(scope.positions(), 0)
    for (position, _), sums in scope.of(scope.counts.cells).items():
        if position in found:
            found[position] += sums[0]
    if not found:
        raise Insufficient("no positions are named")
    return found


def _coverage(scope: Scope) -> Figures:
    require(scope.examples, "examples")
    cells = {key for key in scope.of(scope.counts.cells) if None not in key}
    if not cells:
        raise Insufficient("no positions or no languages are named")
    positions, languages = {position for position, _ in cells}, {language for _, language in cells}
    wanted = len(scope.shape.positions or positions) * len(scope.shape.languages or languages)
    empty = 1 - len(cells) / max(wanted, len(cells))
    gate = len(positions) < scope.limits.positions or len(languages) < scope.limits.languages
    warn = 100 * empty > scope.limits.empty_cells_percent
    message = f"{len(positions)} positions and {len(languages)} languages; {empty:.0%} of the cells are empty"
    more = {"positions": len(positions), "languages": len(languages)}
    yield "", Figure(empty, _level(gate, warn), message, items=scope.examples, more=more)


def _position_share(scope: Scope) -> Figures:
    counts = _by_position(scope)
    total = sum(counts.values())
    require(total, "named positions")
    for position, count in counts.items():
        share, least = count / total, scope.limits.position_share_percent / 100 / len(counts)
        message = f"{share:.1%} of the named positions, at least {least:.1%} for an even split"
        yield position, Figure(share, _level(share < least), message, items=total)


def _evenness(scope: Scope) -> Figures:
    counts = list(_by_position(scope).values())
    require(sum(counts), "named positions")
    value = evenness(counts)
    if value is None:
        raise Insufficient("one position only")
    limit = scope.limits.evenness_percent / 100
    yield "", Figure(value, _level(False, value < limit), f"evenness {value:.3f} of 1", items=sum(counts))


def _drift(scope: Scope) -> Figures:
    counts = list(_by_position(scope).values())
    require(sum(counts), "named positions")
    even = [1] * len(counts)
    value, divergence = js_bits(counts, even), kl_bits(counts, even)
    if value is None or divergence is None or len(counts) < 2:
        raise Insufficient("one position only")
    limits = scope.limits
    breaks = _level(100 * value > limits.drift_gate_percent, 100 * value > limits.drift_warn_percent)
    message = f"{value:.3f} bits (Jensen–Shannon) from an even split"
    yield "", Figure(value, breaks, message, items=sum(counts), more={"kl_bits": divergence})


def _concentration(scope: Scope) -> Figures:
    owners = {key[0]: sums[0] for key, sums in scope.of(scope.counts.owners).items() if key[0] is not None}
    total = sum(owners.values())
    require(total, "citations", scope.limits.citations)
    value, number = hhi(list(owners.values()), unbiased=True), effective_number(list(owners.values()))
    if value is None or number is None:
        raise Insufficient("one citation only")
    top = min(owners, key=lambda owner: (-owners[owner], owner))
    message = f"{value:,.0f} points, as {number:.1f} equal owners; the most cited is {top} ({owners[top] / total:.0%})"
    breaks = _level(value > scope.limits.concentration_gate, value > scope.limits.concentration_warn)
    more = {
        "effective_number": number,
        "top_owner": top,
        "domains": _concentration_of(scope.of(scope.counts.domains)),
        "countries": _concentration_of(scope.of(scope.counts.countries)),
    }
    yield "", Figure(value, breaks, message, items=total, more=more)


def _concentration_of(counted: Mapping[Any, tuple[int, ...]]) -> float | None:
    return hhi([sums[0] for key, sums in counted.items() if key[0] is not None], unbiased=True)


def _attribution(scope: Scope) -> Figures:
    counts = {position: count for position, count in _by_position(scope).items() if count}
    require(scope.examples, "examples")
    held = {key[0] for key, sums in scope.of(scope.counts.attributed).items() if sums[1]}
    share = sum(position in held for position in counts) / len(counts) if counts else 0.0
    without = sorted(set(counts) - held)
    message = "every position has an attributed, dated source" if not without else f"no source for {', '.join(without)}"
    breaks = _level(100 * share < scope.limits.attribution_percent)
    citations, archived, _, _ = _cited(scope)
    message += f"; {archived} of {citations} citations are of an archived page"
    more = {"without": without, "citations": citations, "archived": archived}
    yield "", Figure(share, breaks, message, items=scope.examples, more=more)


def _cited(scope: Scope) -> list[int]:
    """Citations, those of an archived page, those whose quote was looked for, those whose quote is missing."""
    return [sum(counts) for counts in zip((0, 0, 0, 0), *scope.of(scope.counts.cited).values(), strict=True)]


def _quotes(scope: Scope) -> Figures:
    _, _, compared, missing = _cited(scope)
    if not missing:
        require(compared, "quotes that were compared with an archived page")
    message = f"{missing} of {compared} quotes are missing in the archived page" if missing else "no quote is missing"
    yield "", Figure(missing / compared, _level(False, missing > 0), message, items=compared)


def _length_parity(scope: Scope) -> Figures:
    margin = math.log(scope.limits.length_ratio_percent / 100)
    yield from _per_side(scope.of(scope.counts.lengths), "mirrored pairs", lambda sums: _length(sums, margin))


def _length(sums: tuple[int, ...], margin: float) -> Figure:
    clusters, pairs, total, squares, products, sizes = sums
    require(pairs, "mirrored pairs")
    found = clustered_mean(pairs, total, clusters, squares, products, sizes)
    if found is None:
        raise Insufficient("all pairs are of one group")
    mean, low, high = (item / LOG_UNIT for item in found)
    message = f"{math.exp(mean) - 1:+.0%} in length against its mirrors ({math.exp(low) - 1:+.0%} to "
    message += f"{math.exp(high) - 1:+.0%}), margin {math.exp(margin) - 1:.0%}"
    return Figure(mean, _level(low < -margin or high > margin), message, low, high, pairs)


def _refusal_parity(scope: Scope) -> Figures:
    tables: dict[tuple[str], dict[tuple[int, int], int]] = {}
    for (side, mine, other), sums in scope.of(scope.counts.refusals).items():
        tables.setdefault((side,), {})[mine, other] = sums[0]
    margin = scope.limits.refusal_points_percent / 100
    yield from _per_side(tables, "mirrored pairs", lambda table: _refusal(table, margin))


def _refusal(table: Mapping[tuple[int, int], int], margin: float) -> Figure:
    pairs = sum(table.values())
    require(pairs, "mirrored pairs")
    mine = sum(count for (one, _), count in table.items() if one)
    others = sum(count for (_, other), count in table.items() if other)
    difference, low, high = newcombe(mine, pairs, others, pairs)
    p = mcnemar_exact(table.get((1, 0), 0), table.get((0, 1), 0))
    message = f"{100 * difference:+.1f} points of refusals against its mirrors ({100 * low:+.1f} to {100 * high:+.1f})"
    return Figure(difference, _level(low < -margin or high > margin), message, low, high, pairs, {"mcnemar_p": p})


def _per_side(tables: Mapping[Any, Any], what: str, figure: Callable[[Any], Figure]) -> Figures:
    """A figure for each position or perspective, or why it has none."""
    if not tables:
        raise Insufficient(f"no {what}")
    for (side,), counted in sorted(tables.items(), key=lambda item: str(item[0])):
        try:
            yield str(side), figure(counted)
        except Insufficient as few:
            yield str(side), few


def _completeness(scope: Scope) -> Figures:
    counts = {key[0]: sums[0] for key, sums in scope.of(scope.counts.framings).items()}
    groups = sum(counts.values())
    require(groups, "mirrored groups")
    share = counts.get(1, 0) / groups
    message = f"{groups - counts.get(1, 0)} of {groups} groups lack a mirror in a language that they have"
    yield "", Figure(share, _level(100 * share < scope.limits.completeness_percent), message, items=groups)


def _copies(scope: Scope) -> Figures:
    require(scope.examples, "examples")
    extra = sum(sums[1] for sums in scope.of(scope.counts.copies).values())
    message = f"{extra} examples repeat another one word for word" if extra else "no text occurs twice"
    yield "", Figure(float(extra), _level(extra > 0), message, items=scope.examples)


def _proposers(scope: Scope) -> Figures:
    counts = {key[0]: sums[0] for key, sums in scope.of(scope.counts.proposers).items() if key[0] is not None}
    total = sum(counts.values())
    require(total, "examples with a proposer")
    top = min(counts, key=lambda person: (-counts[person], person))
    share, number = counts[top] / total, effective_number(list(counts.values()))
    message = f"the top proposer has {share:.0%} of {total} examples"
    breaks = _level(False, 100 * share > scope.limits.proposer_share_percent)
    yield "", Figure(share, breaks, message, items=total, more={"top": top, "effective_number": number})


def _reviewers(scope: Scope) -> Figures:
    seats: dict[str, dict[str, int]] = {}
    for (perspective, reviewer), sums in scope.of_topic(scope.counts.reviewers).items():
        if perspective is not None and reviewer is not None:
            seats.setdefault(perspective, {})[reviewer] = sums[0]
    people = {(perspective,): counts for perspective, counts in seats.items()}
    limits = scope.limits
    yield from _per_side(people, "counted reviews", lambda counts: _diversity(counts, limits))


def _diversity(counts: Mapping[str, int], limits: Thresholds) -> Figure:
    require(len(counts), "reviewers", limits.reviewer_people)
    total = sum(counts.values())
    require(total, "reviews")
    top = min(counts, key=lambda person: (-counts[person], person))
    share, number = counts[top] / total, effective_number(list(counts.values()))
    message = f"the busiest of {len(counts)} reviewers filled {share:.0%} of {total} seats"
    breaks = _level(100 * share > limits.reviewer_share_percent)
    return Figure(share, breaks, message, items=total, more={"top": top, "effective_number": number})


def _agreement(scope: Scope) -> Figures:
    units: dict[tuple[str], dict[Unit, int]] = {}
    for (perspective, reviews, accepts), sums in scope.of_topic(scope.counts.units).items():
        unit = tuple((value, count) for value, count in ((0, reviews - accepts), (1, accepts)) if count)
        units.setdefault((perspective or "",), {})[unit] = sums[0]
    yield from _per_side(units, "judged revisions", _alpha)


def _alpha(units: Mapping[Unit, int]) -> Figure:
    units = dict(sorted(units.items()))  # in one order, so that sums of fractions end in the same last bit
    judged = sum(number for unit, number in units.items() if sum(count for _, count in unit) >= 2)
    require(judged, "revisions with two reviews")
    alpha = alpha_of_units(units)
    if alpha is None:
        raise Insufficient("every review says the same")
    low, high = alpha_interval(units, draws=300) or (None, None)
    return Figure(alpha, None, f"Krippendorff's alpha {alpha:.2f}", low, high, judged)


def _unmeasured(reason: str) -> Formula:
    def formula(_scope: Scope) -> Figures:
        raise Insufficient(reason)
        yield

    return formula


def _level(gate: bool, warn: bool = False) -> Literal["gate", "warn"] | None:
    return "gate" if gate else "warn" if warn else None


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
        _coverage,
    ),
    "balance/position-share": Measure(
        "balance", "gate", "Each position has at least four fifths of an even share.", _position_share
    ),
    "balance/evenness": Measure("balance", "warn", "The evenness of positions is at least .90.", _evenness),
    "balance/drift": Measure(
        "balance", "gate", "Positions are at most .15 bits from an even split; a warning begins at .05.", _drift
    ),
    "balance/length-parity": Measure(
        "balance",
        "gate",
        "No position's answers are longer or shorter than their mirrors by over a quarter.",
        _length_parity,
    ),
    "balance/refusal-parity": Measure(
        "balance",
        "gate",
        "No position's answers refuse over ten points more or less often than their mirrors.",
        _refusal_parity,
    ),
    "balance/framing-completeness": Measure(
        "balance", "gate", "A group has its mirrors in every language that it has.", _completeness
    ),
    "balance/stance-parity": Measure(
        "balance",
        "warn",
        "No position's answers are scored better than their mirrors.",
        _unmeasured("nothing scores stance yet"),
        False,
    ),
    "balance/entity-swap": Measure(
        "balance",
        "warn",
        "An answer stays in its class when the entity is swapped.",
        _unmeasured("nothing swaps entities yet"),
        False,
    ),
    "balance/loaded-language": Measure(
        "balance", "warn", "No side uses more loaded terms.", _unmeasured("no list of loaded terms yet"), False
    ),
    "balance/preference-direction": Measure(
        "balance",
        "warn",
        "Of preference pairs tagged with positions, 40 to 60 % are chosen on each side.",
        _unmeasured("the positions that reviewers see are not published"),
        False,
    ),
    "provenance/source-concentration": Measure(
        "provenance",
        "gate",
        "The owners of cited sources have at most 2,500 points (HHI); a warning begins at 1,800.",
        _concentration,
    ),
    "provenance/attribution": Measure(
        "provenance", "gate", "Every position has an attributed, dated source.", _attribution
    ),
    "provenance/quotes": Measure(
        "provenance", "warn", "No quote is missing in the archived page of its source.", _quotes
    ),
    "provenance/proposer-share": Measure(
        "provenance", "warn", "The top proposer has at most 15 % of a topic's examples.", _proposers
    ),
    "provenance/reviewer-share": Measure(
        "provenance",
        "gate",
        "Where a perspective has 20 reviewers, none fills over 15 % of its seats.",
        _reviewers,
        False,
    ),
    "provenance/agreement": Measure(
        "provenance", "report", "How far reviewers agree: a diagnostic, never a gate.", _agreement, False
    ),
    "examples/exact-copies": Measure("examples", "gate", "No example repeats another one word for word.", _copies),
}


def measure_release(
    counts: Counts, shapes: Mapping[str, TopicShape] | None = None, limits: Thresholds | None = None
) -> list[Measured]:
    """Every measure of every topic, over all kinds and for each kind that the topic has.

    Args:
        counts: the count tables.
        shapes: topic → what it should have. A topic that is not in it is measured against what occurs.
        limits: where warnings and gates begin.
    """
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
            )
    except Insufficient as reason:
        yield Measured(*place, "", "insufficient", None, str(reason))
    except Exception as error:  # noqa: BLE001  # any exception in a measure is its outcome, and the others go on
        yield Measured(*place, "", "error", None, f"the measure broke ({type(error).__name__})")


def failed_gates(measured: list[Measured]) -> dict[str, list[Measured]]:
    """Topic → the gates that it fails. An error is no fail: it stops the release elsewhere, not the topic."""
    found: dict[str, list[Measured]] = {}
    for item in measured:
        if item.breaks == "gate":
            found.setdefault(item.topic, []).append(item)
    return found
