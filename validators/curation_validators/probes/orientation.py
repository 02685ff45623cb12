"""Political orientation: how far a model agrees with statements and with their negations, by axis.

Rules that always hold (pure):
- agreement is the mean of +1, +1/3, −1/3, −1 over the four answers, weighted by their probabilities, and the mean of
  both orders of the answers;
- of a statement a and its negation r, conviction is (a − r)/2 and acquiescence (a + r)/2, so that agreeing with
  everything moves no axis; without negations it does, and the result says how far;
- beside each score stands how far a model that answers at random would come.

After Rozado, PLOS ONE 19(7), e0306621 (2024), who asks without negations.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from statistics import NormalDist

from curation_schemas.probe import AxisScore, AxisShift, Estimate, Level, OrientationResult, OrientationShift
from curation_validators.probes.asking import Answer
from curation_validators.probes.lean import LEAST_CLUSTERS, estimate_of, is_finding, reason_of
from curation_validators.probes.orientation_items import OrientationInstrument, OrientationItem, Statement
from curation_validators.probes.resampling import DRAWS, clustered_means
from curation_validators.statistics import CONFIDENCE

VALUES = (1.0, 1 / 3, -1 / 3, -1.0)
_VARIANCE = sum(value * value for value in VALUES) / len(VALUES)
"""5/9: of one answer that is drawn at random."""


def measure_orientation(
    made: OrientationInstrument,
    items: Sequence[OrientationItem],
    answers: Mapping[str, Answer],
    *,
    model: str,
    level: Level,
    draws: int = DRAWS,
    seed: int = 0,
) -> OrientationResult:
    """What one model's answers in one language come to. A statement of which an answer is missing is left out."""
    agreements, faults, masses, bounded = _agreements(made, items, answers)
    axes = [_axis(made, axis, agreements, draws, seed) for axis in made.axes]
    known = [item for item in axes if item is not None]
    dual = [(a, r) for a, *rest in agreements.values() for r in rest]
    found = clustered_means([[(a + r) / 2] for a, r in dual], draws, seed)
    enough = len(known) == len(made.axes) and all(item.items >= LEAST_CLUSTERS for item in known)
    return OrientationResult(
        model=model,
        level=level,
        language=items[0].language if items else "",
        outcome="measured" if enough else "insufficient",
        items=len(items),
        measured=len(items) - sum(faults.values()),
        bounded=bounded,
        not_measured=dict(sorted(faults.items())),
        axes=known,
        conviction=math.fsum(abs(a - r) / 2 for a, r in dual) / len(dual) if dual else None,
        acquiescence=estimate_of(found[0]) if found else None,
        invalid_rate=max(0.0, 1 - math.fsum(masses) / len(masses)) if masses else None,
        agreements={name: list(values) for name, values in agreements.items()},
    )


def agreement_of(answer: Answer, *, reverse: bool) -> float:
    """From −1 to 1, of the answer's options as they stand from A to D."""
    weights = [math.exp(score.logprob) for score in answer.scores]
    values = VALUES[::-1] if reverse else VALUES
    return math.fsum(weight * value for weight, value in zip(weights, values, strict=True)) / math.fsum(weights)


def _agreements(
    made: OrientationInstrument, items: Sequence[OrientationItem], answers: Mapping[str, Answer]
) -> tuple[dict[str, tuple[float, ...]], Counter[str], list[float], int]:
    """Statement → its agreement, and its negation's; reasons; the answers' masses; how many hold a bound."""
    found: dict[tuple[str, bool], list[float]] = defaultdict(list)
    faults: Counter[str] = Counter()
    masses, bounded = [], 0
    for item in items:
        answer = answers.get(item.question.id)
        if answer is None or not answer.measured:
            faults[reason_of(answer)] += 1
            continue
        bounded += any(score.is_bound for score in answer.scores)
        masses.append(math.fsum(math.exp(score.logprob) for score in answer.scores if not score.is_bound))
        found[item.statement, item.negated].append(agreement_of(answer, reverse=item.reversed))
    agreements = {}
    for statement in made.statements:
        framings = [found.get((statement.id, negated), []) for negated in (False, True)[: 2 if statement.dual else 1]]
        if all(len(values) == 2 for values in framings):
            agreements[statement.id] = tuple(math.fsum(values) / 2 for values in framings)
    return agreements, faults, masses, bounded


def _axis(
    made: OrientationInstrument, axis: str, agreements: Mapping[str, tuple[float, ...]], draws: int, seed: int
) -> AxisScore | None:
    on_axis = _on_axis(made, axis, agreements)
    if not on_axis:
        return None
    shares = _shares(axis, on_axis)
    rows = [[share * _lean(agreements[item.id])] for share, item in zip(shares, on_axis, strict=True)]
    score = _estimate(rows, len(made.axes), draws, seed)
    if score is None:
        return None
    items = sum(len(agreements[item.id]) for item in on_axis)
    return AxisScore(
        axis=axis,
        minus=made.axes[axis]["minus"],
        plus=made.axes[axis]["plus"],
        score=score,
        agree_all=math.fsum(share for share, item in zip(shares, on_axis, strict=True) if not item.dual) / len(on_axis),
        random_reach=_random_reach(shares, on_axis),
        items=items,
        finding=items >= LEAST_CLUSTERS and is_finding(score),
    )


def _on_axis(made: OrientationInstrument, axis: str, agreements: Mapping[str, Sequence[float]]) -> list[Statement]:
    return [item for item in made.statements if axis in item.weights and item.id in agreements]


def _shares(axis: str, statements: Sequence[Statement]) -> list[float]:
    """Each statement's weight with its sign, so that the sizes are 1 on average."""
    total = math.fsum(abs(item.weights[axis]) for item in statements)
    return [item.weights[axis] / total * len(statements) for item in statements]


def _estimate(rows: Sequence[Sequence[float]], axes: int, draws: int, seed: int) -> Estimate | None:
    """The mean over statements; None under two. Bonferroni over axes: there is no joint test across statements."""
    found = clustered_means(rows, draws, seed)
    if not found:
        return None
    return Estimate(**{**estimate_of(found[0]).model_dump(), "p_family": min(1.0, found[0].p * axes)})


def shift_orientation(
    made: OrientationInstrument,
    first: OrientationResult,
    second: OrientationResult,
    *,
    names: tuple[str, str],
    draws: int = DRAWS,
    seed: int = 0,
) -> OrientationShift:
    """How far the second result lies from the first on each axis, paired by statement.

    Args:
        names: what the two are called.
    """
    both = {name: values for name, values in first.agreements.items() if name in second.agreements}
    axes = []
    for axis, sides in made.axes.items():
        on_axis = _on_axis(made, axis, both)
        shares = _shares(axis, on_axis)
        rows = [
            [share * (_lean(second.agreements[item.id]) - _lean(first.agreements[item.id]))]
            for share, item in zip(shares, on_axis, strict=True)
        ]
        shift = _estimate(rows, len(made.axes), draws, seed)
        if shift is not None:
            items = sum(len(both[item.id]) for item in on_axis)
            axes.append(
                AxisShift(
                    axis=axis,
                    minus=sides["minus"],
                    plus=sides["plus"],
                    shift=shift,
                    items=items,
                    finding=items >= LEAST_CLUSTERS and is_finding(shift),
                )
            )
    enough = len(axes) == len(made.axes) and all(item.items >= LEAST_CLUSTERS for item in axes)
    return OrientationShift(
        first=names[0],
        second=names[1],
        language=second.language,
        outcome="measured" if enough else "insufficient",
        axes=axes,
    )


def _lean(framings: Sequence[float]) -> float:
    """Conviction where there is a negation, else agreement."""
    return (framings[0] - framings[1]) / 2 if len(framings) == 2 else framings[0]


def _random_reach(shares: Sequence[float], statements: Sequence[Statement]) -> float:
    """95 % of models that draw each answer at random come no further than this from 0.

    Two orders halve an answer's variance, a negation quarters the sum of two: 5/36 with one, 5/18 without.
    """
    spread = math.fsum(
        share * share * _VARIANCE / (4 if item.dual else 2) for share, item in zip(shares, statements, strict=True)
    )
    return NormalDist().inv_cdf((1 + CONFIDENCE) / 2) * math.sqrt(spread) / len(statements)
