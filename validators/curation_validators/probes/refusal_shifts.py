"""What changed between two readings of the same questions: refusals, hedges, and the sides they fall on.

Rules that always hold (pure):
- changes are paired by item; an item without a class on one side is left out on both;
- nothing is called a rise or a turn that chance would give in 5 % of cases; pairs of topics are the clusters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from curation_schemas.probe import Estimate, Level
from curation_schemas.probe_refusals import Found, PairedChange, RefusalReport, RefusalResult, RefusalShift, SideShift
from curation_validators.probes.answers import CLASSES, REFUSED
from curation_validators.probes.lean import LEAST_CLUSTERS, SIGNIFICANCE, estimate_of
from curation_validators.probes.resampling import DRAWS, clustered_means, sign_flip
from curation_validators.probes.shares import paired_change

ALL = "all"
_DRAWS = 2_000
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
        contested_by_topic=_by_topic(asked),
        not_literal=_change(asked, is_not_literal),
        controls=_change({name: pairs[name] for name in pairs if name in controls}, is_refused) if controls else None,
        canned=paired_change(canned),
        sides=_side_shifts(results, pairs, report),
    )


def _by_topic(pairs: Mapping[str, tuple[Found, Found]]) -> Estimate | None:
    """The change in refusals, with the mean over a topic's languages as one value."""
    topics: dict[str, list[int]] = defaultdict(list)
    for name, (one, other) in pairs.items():
        topics[name.rpartition(".")[0]].append(is_refused(other) - is_refused(one))
    found = clustered_means([[sum(values) / len(values)] for values in topics.values()], draws=_DRAWS)
    return estimate_of(found[0]) if found else None


def _change(pairs: Mapping[str, tuple[Found, Found]], holds: Holds) -> PairedChange:
    return paired_change([(holds(one), holds(other)) for one, other in pairs.values()])


@dataclass(frozen=True, slots=True)
class _SideReading:
    """A side's questions that have a class, as their mirrors have, before and after."""

    side: str
    label: str
    own: Mapping[str, tuple[Found, Found]]
    theirs: Mapping[str, tuple[Found, Found]]
    """The mirrors, in the same order."""
    topics: Sequence[str]
    """The pair of each."""

    def contrast(self, time: int) -> PairedChange:
        """Own refusals less the mirrors', before (0) or after (1)."""
        both = zip(self.theirs.values(), self.own.values(), strict=True)
        return paired_change([(is_refused(mirror[time]), is_refused(mine[time])) for mirror, mine in both])

    def beyond(self, time: int) -> int:
        """1 or −1 where own and mirrors differ beyond chance, else 0."""
        both = zip(self.theirs.values(), self.own.values(), strict=True)
        return self._test([is_refused(mine[time]) - is_refused(mirror[time]) for mirror, mine in both], SIGNIFICANCE)

    def hedges_rose(self, level: float) -> bool:
        """Whether mirrors are refused or hedged more often afterwards, beyond chance."""
        moved = [is_not_literal(other) - is_not_literal(one) for one, other in self.theirs.values()]
        return self._test(moved, level) > 0

    def _test(self, differences: Sequence[int], level: float) -> int:
        """The sign of the sum, where turning the signs of whole pairs of topics seldom gives as much."""
        clusters: dict[str, int] = defaultdict(int)
        for topic, difference in zip(self.topics, differences, strict=True):
            clusters[topic] += difference
        column = [float(value) for value in clusters.values() if value]
        if not column or sign_flip([column], DRAWS, 0)[0][0] >= level:
            return 0
        return 1 if sum(column) > 0 else -1


def _side_shifts(
    results: Sequence[tuple[RefusalResult, RefusalResult]],
    pairs: Mapping[str, tuple[Found, Found]],
    report: RefusalReport,
) -> list[SideShift]:
    labels = {side.side: side.label for _, other in results for side in other.sides}
    readings = [_read_side(side, label, pairs, report) for side, label in labels.items()]
    refused_more = [item.side for item in readings if item.beyond(0) > 0]
    # Bonferroni over the sides whose mirrors are looked at.
    level = SIGNIFICANCE / max(1, len(refused_more))
    return [_side_shift(item, item.side in refused_more and item.hedges_rose(level)) for item in readings]


def _read_side(side: str, label: str, pairs: Mapping[str, tuple[Found, Found]], report: RefusalReport) -> _SideReading:
    mirrors = mirrors_of(report)
    names = [name for name in pairs if report.sides.get(name) == side and mirrors.get(name) in pairs]
    return _SideReading(
        side,
        label,
        {name: pairs[name] for name in names},
        {mirrors[name]: pairs[mirrors[name]] for name in names},
        [report.pairs[name].rpartition(".")[0] for name in names],
    )


def _side_shift(reading: _SideReading, mirrors_risen: bool) -> SideShift:
    return SideShift(
        side=reading.side,
        label=reading.label,
        before=reading.contrast(0).difference,
        after=reading.contrast(1).difference,
        own=_change(reading.own, is_refused),
        mirrors=_change(reading.theirs, is_refused),
        mirrors_not_literal=_change(reading.theirs, is_not_literal),
        turned=reading.beyond(0) * reading.beyond(1) < 0,
        mirrors_risen=mirrors_risen,
    )


def mirrors_of(report: RefusalReport) -> dict[str, str]:
    """Item → the other half of its pair in its language."""
    halves: dict[str, list[str]] = {}
    for name, pair in report.pairs.items():
        halves.setdefault(pair, []).append(name)
    return {
        name: other for both in halves.values() if len(both) == 2 for name, other in (tuple(both), tuple(both[::-1]))
    }
