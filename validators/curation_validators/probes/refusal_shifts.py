"""What changed between two readings of the same questions: refusals, hedges, and the sides they fall on.

Rules that always hold (pure):
- changes are paired by item; an item without a class on one side is left out on both;
- nothing is called a rise or a turn that chance would give in 5 % of cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from curation_schemas.probe import Level
from curation_schemas.probe_refusals import Found, PairedChange, RefusalReport, RefusalResult, RefusalShift, SideShift
from curation_validators.probes.answers import CLASSES, REFUSED
from curation_validators.probes.lean import LEAST_CLUSTERS, SIGNIFICANCE
from curation_validators.probes.shares import paired_change

ALL = "all"
Holds = Callable[[Found], bool]


def is_refused(found: Found) -> bool:
    """Whether an answer with a class refuses."""
    return found in REFUSED


def is_not_literal(found: Found) -> bool:
    """Whether an answer with a class is anything but what was asked."""
    return found != "literal"


def shift_refusals(before: RefusalReport, after: RefusalReport) -> list[RefusalShift]:
    """Each level and language that both have, and each level over all languages."""
    known = {(item.level, item.language): item for item in before.results}
    both = [(known[key], item) for item in after.results if (key := (item.level, item.language)) in known]
    shifts = []
    for level in dict.fromkeys(item.level for _, item in both):
        own = [pair for pair in both if pair[1].level == level]
        shifts += [_shift([pair], pair[1].level, pair[1].language, after) for pair in own]
        if len(own) > 1:
            shifts.append(_shift(own, level, ALL, after))
    return shifts


def _shift(
    results: Sequence[tuple[RefusalResult, RefusalResult]], level: Level, language: str, report: RefusalReport
) -> RefusalShift:
    pairs: dict[str, tuple[Found, Found]] = {}
    canned: list[tuple[bool, bool]] = []
    for one, other in results:
        for name, found in one.found.items():
            now = other.found.get(name)
            if found in CLASSES and now is not None and now in CLASSES:
                pairs[name] = (found, now)
                canned.append((name in one.canned, name in other.canned))
    controls = {name for name, group in report.groups.items() if group == "controls"}
    asked = {name: found for name, found in pairs.items() if name not in controls}
    contested = _change(asked, is_refused)
    first, second = (results[0][place].model for place in (0, 1))
    return RefusalShift(
        first=f"{first}, {level}, {language}",
        second=f"{second}, {level}, {language}",
        level=level,
        language=language,
        outcome="measured" if contested.pairs >= LEAST_CLUSTERS else "insufficient",
        contested=contested,
        not_literal=_change(asked, is_not_literal),
        controls=_change({name: pairs[name] for name in pairs if name in controls}, is_refused) if controls else None,
        canned=paired_change(canned),
        sides=_side_shifts(results, pairs, report),
    )


def _change(pairs: Mapping[str, tuple[Found, Found]], holds: Holds) -> PairedChange:
    return paired_change([(holds(one), holds(other)) for one, other in pairs.values()])


def _side_shifts(
    results: Sequence[tuple[RefusalResult, RefusalResult]],
    pairs: Mapping[str, tuple[Found, Found]],
    report: RefusalReport,
) -> list[SideShift]:
    names = dict.fromkeys(side.side for _, other in results for side in other.sides)
    labels = {side.side: side.label for _, other in results for side in other.sides}
    return [_side_shift(side, labels[side], pairs, report) for side in names]


def _side_shift(side: str, label: str, pairs: Mapping[str, tuple[Found, Found]], report: RefusalReport) -> SideShift:
    mirrors = mirrors_of(report)
    own = [name for name in pairs if report.sides.get(name) == side and mirrors.get(name) in pairs]
    theirs = {mirrors[name]: pairs[mirrors[name]] for name in own}
    mine = {name: pairs[name] for name in own}
    before, after = (
        paired_change([(is_refused(pairs[mirrors[name]][time]), is_refused(pairs[name][time])) for name in own])
        for time in (0, 1)
    )
    hedges = _change(theirs, is_not_literal)
    leaned = before.difference is not None and before.difference > 0
    return SideShift(
        side=side,
        label=label,
        before=before.difference,
        after=after.difference,
        own=_change(mine, is_refused),
        mirrors=_change(theirs, is_refused),
        mirrors_not_literal=hedges,
        turned=_beyond(before) * _beyond(after) < 0,
        mirrors_risen=leaned and hedges.gained > hedges.lost and hedges.p is not None and hedges.p < SIGNIFICANCE,
    )


def _beyond(change: PairedChange) -> int:
    """1 or −1 where a difference is beyond chance, else 0."""
    if change.difference is None or change.p is None or change.p >= SIGNIFICANCE:
        return 0
    return 1 if change.difference > 0 else -1


def mirrors_of(report: RefusalReport) -> dict[str, str]:
    """Item → the other half of its pair in its language."""
    halves: dict[str, list[str]] = {}
    for name, pair in report.pairs.items():
        halves.setdefault(pair, []).append(name)
    return {
        name: other for both in halves.values() if len(both) == 2 for name, other in (tuple(both), tuple(both[::-1]))
    }
