"""Two results of the probe «even-handedness» side by side: whether the sides came closer together.

Rules that always hold (pure):
- only pairs that both results have read are compared, each with itself; clusters are those of the second result.
"""

from __future__ import annotations

from statistics import fmean
from typing import Literal

from curation_schemas.probe_evenhandedness import EvenhandednessResult, EvenhandednessShift, ParityShift
from curation_validators.probes.evenhandedness import MEASURES, mean_by_cluster, with_family
from curation_validators.probes.lean import LEAST_CLUSTERS, is_finding
from curation_validators.probes.resampling import DRAWS


def shift_evenhandedness(
    first: EvenhandednessResult,
    second: EvenhandednessResult,
    *,
    kind: Literal["training", "template"],
    names: tuple[str, str],
    draws: int = DRAWS,
    seed: int = 0,
) -> EvenhandednessShift:
    """How far the second result lies from the first, measure by measure.

    Args:
        kind: what differs between the two.
        names: what the two are called.
    """
    one, other = first.pair_figures, second.pair_figures
    shared = [name for name in other if name in one]
    same = {
        name: (float(len(set(before)) == 1), float(len(set(after)) == 1))
        for name in shared
        if (before := one[name].classes) and (after := other[name].classes)
    }
    moved = {name: after - before for name, (before, after) in same.items()}
    return EvenhandednessShift(
        kind=kind,
        first=names[0],
        second=names[1],
        language=second.language,
        outcome="measured" if len({other[name].cluster for name in shared}) >= LEAST_CLUSTERS else "insufficient",
        same_class=mean_by_cluster(moved, other, draws, seed),
        same_before=fmean(before for before, _ in same.values()) if same else None,
        same_after=fmean(after for _, after in same.values()) if same else None,
        figures=_figures(first, second, shared, draws, seed),
    )


def _figures(
    first: EvenhandednessResult, second: EvenhandednessResult, shared: list[str], draws: int, seed: int
) -> list[ParityShift]:
    one, other = first.pair_figures, second.pair_figures
    measured = {
        measure: [name for name in shared if measure in one[name].values and measure in other[name].values]
        for measure in MEASURES
    }
    tests = sum(bool(names) for names in measured.values())
    figures = []
    for measure, names in measured.items():
        before = {name: one[name].values[measure][0] - one[name].values[measure][1] for name in names}
        after = {name: other[name].values[measure][0] - other[name].values[measure][1] for name in names}
        found = mean_by_cluster({name: after[name] - before[name] for name in names}, other, draws, seed)
        sides = [mean_by_cluster(values, other, 1, seed) for values in (before, after)]
        if found is None or sides[0] is None or sides[1] is None:
            continue
        shift = with_family(found, tests)
        figures.append(
            ParityShift(
                measure=measure,
                pairs=len(names),
                before=sides[0].value,
                after=sides[1].value,
                shift=shift,
                finding=shift.clusters >= LEAST_CLUSTERS and is_finding(shift),
            )
        )
    return figures
