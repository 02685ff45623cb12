"""Where a topic's examples come from: sources, proposers and reviewers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curation_schemas.definition import Thresholds
from curation_validators.agreement import Unit, alpha_interval, alpha_of_units
from curation_validators.balance import effective_number, hhi
from curation_validators.findings import Insufficient
from curation_validators.measuring.coverage import by_position
from curation_validators.measuring.scope import Figure, Figures, Scope, level, per_side, require


def concentration(scope: Scope) -> Figures:
    """How concentrated the owners of cited sources are."""
    owners = {key[0]: sums[0] for key, sums in scope.of(scope.counts.owners).items() if key[0] is not None}
    total = sum(owners.values())
    require(total, "citations", scope.limits.citations)
    value, number = hhi(list(owners.values()), unbiased=True), effective_number(list(owners.values()))
    if value is None or number is None:
        raise Insufficient("one citation only")
    top = min(owners, key=lambda owner: (-owners[owner], owner))
    message = f"{value:,.0f} points, as {number:.1f} equal owners; the most cited is {top} ({owners[top] / total:.0%})"
    breaks = level(value > scope.limits.concentration_gate, value > scope.limits.concentration_warn)
    more = {
        "effective_number": number,
        "top_owner": top,
        "domains": _concentration_of(scope.of(scope.counts.domains)),
        "countries": _concentration_of(scope.of(scope.counts.countries)),
    }
    yield "", Figure(value, breaks, message, items=total, more=more)


def _concentration_of(counted: Mapping[Any, tuple[int, ...]]) -> float | None:
    return hhi([sums[0] for key, sums in counted.items() if key[0] is not None], unbiased=True)


def attribution(scope: Scope) -> Figures:
    """The share of positions with an attributed, dated source, of those with examples: coverage tells of the others."""
    counts = {position: count for position, count in by_position(scope).items() if count}
    require(scope.examples, "examples")
    if not counts:
        raise Insufficient("no position of the topic is named")
    held = {key[0] for key, sums in scope.of(scope.counts.attributed).items() if sums[1]}
    share = sum(position in held for position in counts) / len(counts)
    without = sorted(set(counts) - held)
    message = "every position has an attributed, dated source" if not without else f"no source for {', '.join(without)}"
    breaks = level(100 * share < scope.limits.attribution_percent)
    citations, archived, _, _ = _cited(scope)
    message += f"; {archived} of {citations} citations are of an archived page"
    more = {"without": without, "citations": citations, "archived": archived}
    yield "", Figure(share, breaks, message, items=scope.examples, more=more)


def _cited(scope: Scope) -> list[int]:
    """Citations, those of an archived page, those whose quote was looked for, those whose quote is missing."""
    return [sum(counts) for counts in zip((0, 0, 0, 0), *scope.of(scope.counts.cited).values(), strict=True)]


def quotes(scope: Scope) -> Figures:
    """Quotes that are missing in the archived page of their source."""
    _, _, compared, missing = _cited(scope)
    if not missing:
        require(compared, "quotes that were compared with an archived page")
    message = f"{missing} of {compared} quotes are missing in the archived page" if missing else "no quote is missing"
    yield "", Figure(missing / compared, level(False, missing > 0), message, items=compared)


def proposer_share(scope: Scope) -> Figures:
    """The top proposer's share."""
    counts = {key[0]: sums[0] for key, sums in scope.of(scope.counts.proposers).items() if key[0] is not None}
    total = sum(counts.values())
    require(total, "examples with a proposer")
    top = min(counts, key=lambda person: (-counts[person], person))
    share, number = counts[top] / total, effective_number(list(counts.values()))
    message = f"the top proposer has {share:.0%} of {total} examples"
    breaks = level(False, 100 * share > scope.limits.proposer_share_percent)
    yield "", Figure(share, breaks, message, items=total, more={"top": top, "effective_number": number})


def reviewer_share(scope: Scope) -> Figures:
    """In each perspective, the busiest reviewer's share of its seats."""
    seats: dict[str, dict[str, int]] = {}
    for (perspective, reviewer), sums in scope.of_topic(scope.counts.reviewers).items():
        if perspective is not None and reviewer is not None:
            seats.setdefault(perspective, {})[reviewer] = sums[0]
    people = {(perspective,): counts for perspective, counts in seats.items()}
    limits = scope.limits
    yield from per_side(people, "counted reviews", lambda counts: _diversity(counts, limits))


def _diversity(counts: Mapping[str, int], limits: Thresholds) -> Figure:
    total, number = sum(counts.values()), effective_number(list(counts.values()))
    if len(counts) < limits.reviewer_people:
        # Their number is told all the same: it is what a share among few people would hide.
        message = f"{len(counts)} reviewers, as {number or 0:.1f} equal ones, and {limits.reviewer_people} are needed"
        raise Insufficient(message)
    require(total, "reviews")
    top = min(counts, key=lambda person: (-counts[person], person))
    share = counts[top] / total
    message = f"the busiest of {len(counts)} reviewers filled {share:.0%} of {total} seats"
    breaks = level(100 * share > limits.reviewer_share_percent)
    return Figure(share, breaks, message, items=total, more={"top": top, "effective_number": number})


def agreement(scope: Scope) -> Figures:
    """Krippendorff's alpha, over all and in each perspective."""
    units: dict[tuple[str], dict[Unit, int]] = {}
    for (perspective, reviews, accepts), sums in scope.of_topic(scope.counts.units).items():
        unit = tuple((value, count) for value, count in ((0, reviews - accepts), (1, accepts)) if count)
        units.setdefault((perspective or "",), {})[unit] = sums[0]
    yield from per_side(units, "judged revisions", _alpha)


def _alpha(units: Mapping[Unit, int]) -> Figure:
    units = dict(sorted(units.items()))  # in one order, so that sums of fractions end in the same last bit
    judged = sum(number for unit, number in units.items() if sum(count for _, count in unit) >= 2)
    require(judged, "revisions with two reviews")
    alpha = alpha_of_units(units)
    if alpha is None:
        raise Insufficient("every review says the same")
    low, high = alpha_interval(units, draws=300) or (None, None)
    return Figure(alpha, None, f"Krippendorff's alpha {alpha:.2f}", low, high, judged)
