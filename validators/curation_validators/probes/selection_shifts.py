"""Two results of the probe «selection» side by side: a group's shift, and whether both reject the same applications.

Rules that always hold (pure):
- only applications that both results have are compared, and posts are the clusters of every interval and test;
- agreement that is not defined (nobody rejected, nothing left to chance) is absent, never 0 or 1.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import Literal

from curation_schemas.probe_selection import GroupShift, SelectionResult, SelectionShift, SetAgreement
from curation_validators.probes.lean import LEAST_CLUSTERS, is_finding
from curation_validators.probes.resampling import DRAWS
from curation_validators.probes.selection import Scores, against_others, by_post, estimates, post_of
from curation_validators.statistics import CONFIDENCE

RESAMPLES = 1_000
"""Of posts, for the interval of an agreement."""
ShiftKind = Literal["training", "debias", "template", "language", "model"]
_Table = tuple[int, int, int, int]
"""Applications that both reject, only the first, only the second, neither."""


def shift_selection(
    first: SelectionResult,
    second: SelectionResult,
    *,
    kind: ShiftKind,
    names: tuple[str, str],
    draws: int = DRAWS,
    seed: int = 0,
) -> SelectionShift:
    """How far the second result lies from the first, group by group.

    Args:
        kind: what differs between the two.
        names: what the two are called.
    """
    dimensions = {item.group: item.dimension for item in second.groups}
    one, other = _shared(first.scores, second.scores)
    before, after = against_others(one, dimensions), against_others(other, dimensions)
    moved = {post: {g: after[post][g] - value for g, value in found.items()} for post, found in before.items()}
    raw = _levels(one, other)
    shifts = estimates(moved, list(dimensions), draws, seed)
    levels = estimates(raw, list(dimensions), draws, seed)
    overall = estimates({post: {"": fmean(found.values())} for post, found in raw.items()}, [""], draws, seed)
    posts = min((item.clusters for item in shifts.values()), default=0)
    enough = posts >= LEAST_CLUSTERS
    whole = [post for post in before if all(group in before[post] for group in dimensions)]
    return SelectionShift(
        kind=kind,
        first=names[0],
        second=names[1],
        language=second.language,
        prompting=second.prompting,
        outcome="measured" if enough else "insufficient",
        groups=[
            GroupShift(
                dimension=dimensions[group],
                group=group,
                before=fmean(before[post][group] for post in whole),
                after=fmean(after[post][group] for post in whole),
                shift=shift,
                level=levels[group],
                odds_ratio=math.exp(shift.value),
                finding=enough and is_finding(shift),
            )
            for group, shift in shifts.items()
            if group in levels
        ],
        overall=overall.get(""),
        agreement=agreements(one, other, seed=seed),
    )


def _shared(first: Scores, second: Scores) -> tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]]:
    """Both results' scores of the applications that both have."""
    keys = [(file, group) for file, found in first.items() for group in found if group in second.get(file, {})]
    both: tuple[dict[str, dict[str, float]], dict[str, dict[str, float]]] = (defaultdict(dict), defaultdict(dict))
    for file, group in keys:
        both[0][file][group], both[1][file][group] = first[file][group], second[file][group]
    return both


def _levels(first: Scores, second: Scores) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for file, values in first.items():
        for group, value in values.items():
            found[post_of(file)][group].append(second[file][group] - value)
    return by_post(found)


def agreements(first: Scores, second: Scores, *, resamples: int = RESAMPLES, seed: int = 0) -> list[SetAgreement]:
    """Agreement of the rejected sets, by the models' own decisions and by the lower half of each.

    The lower half tells of models that invite (or reject) nearly all; it is left out where the applications around
    the middle have one and the same value, so that no half is defined.

    Args:
        first, second: of the same applications.
    """
    keys = sorted((file, group) for file, found in first.items() for group in found)
    values = [[scores[file][group] for file, group in keys] for scores in (first, second)]
    posts = [post_of(file) for file, _ in keys]
    found = []
    if keys:
        decided = [[value < 0 for value in column] for column in values]
        found.append(_agreement("decision", posts, decided, resamples, seed))
    halves = [_lower_half(column) for column in values]
    if keys and halves[0] is not None and halves[1] is not None:
        found.append(_agreement("lower half", posts, [halves[0], halves[1]], resamples, seed))
    return found


def _lower_half(values: Sequence[float]) -> list[bool] | None:
    ordered = sorted(values)
    middle = len(ordered) // 2
    if not middle or ordered[middle - 1] == ordered[middle]:
        return None
    return [value < ordered[middle] for value in values]


def _agreement(
    by: Literal["decision", "lower half"],
    posts: Sequence[str],
    rejected: Sequence[Sequence[bool]],
    resamples: int,
    seed: int,
) -> SetAgreement:
    tables: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for post, one, other in zip(posts, *rejected, strict=True):
        tables[post][(not one) * 2 + (not other)] += 1
    both, only_first, only_second, _ = table = _added(list(tables.values()))
    drawn = _resampled([_added([item]) for item in tables.values()], resamples, seed)
    jaccard_low, jaccard_high = _interval([jaccard_of(item) for item in drawn])
    kappa_low, kappa_high = _interval([kappa_of(item) for item in drawn])
    return SetAgreement(
        by=by,
        applications=sum(table),
        rejected_first=both + only_first,
        rejected_second=both + only_second,
        rejected_both=both,
        jaccard=jaccard_of(table),
        jaccard_low=jaccard_low,
        jaccard_high=jaccard_high,
        kappa=kappa_of(table),
        kappa_low=kappa_low,
        kappa_high=kappa_high,
    )


def jaccard_of(table: _Table) -> float | None:
    """Rejected by both, of those that either rejects.

    Source: Jaccard, Étude comparative de la distribution florale, Bulletin de la Société vaudoise 37 (1901).
    """
    both, only_first, only_second, _ = table
    either = both + only_first + only_second
    return both / either if either else None


def kappa_of(table: _Table) -> float | None:
    """Agreement beyond chance.

    Source: Cohen, A Coefficient of Agreement for Nominal Scales, Educational and Psychological Measurement 20 (1960).
    """
    both, only_first, only_second, neither = table
    n = sum(table)
    # Σ of products of margins over n²; 1 where both reject all or both reject nobody.
    chance = (both + only_first) * (both + only_second) + (only_second + neither) * (only_first + neither)
    return None if chance == n * n else ((both + neither) * n - chance) / (n * n - chance)


def _added(tables: Sequence[Sequence[int]]) -> _Table:
    both, only_first, only_second, neither = (sum(column) for column in zip(*tables, strict=True))
    return both, only_first, only_second, neither


def _resampled(tables: Sequence[_Table], resamples: int, seed: int) -> list[_Table]:
    """Whole posts drawn again with replacement; none under two posts.

    Source: Field and Welsh, Bootstrapping Clustered Data, JRSS B 69 (2007), the randomized cluster bootstrap.
    """
    if len(tables) < 2:
        return []
    draw = random.Random(seed)  # noqa: S311  # resampling, no secret; a fixed seed makes reports comparable
    return [_added(draw.choices(tables, k=len(tables))) for _ in range(resamples)]


def _interval(values: Sequence[float | None]) -> tuple[float | None, float | None]:
    """The 95 % percentile interval of what is defined; none where less than half is."""
    known = sorted(value for value in values if value is not None)
    if not known or len(known) < len(values) / 2:
        return None, None
    tail = (1 - CONFIDENCE) / 2
    return known[int(tail * (len(known) - 1))], known[math.ceil((1 - tail) * (len(known) - 1))]
