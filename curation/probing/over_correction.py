"""The probe «over-correction»: reports from before and after training, and a verdict.

Rules that always hold:
- nothing is asked: it is a function of reports that were written before;
- the reports of one time are of one model, and those of one probe asked the same prompts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from curation.errors import InvalidInput
from curation.probing.files import REPORT, probe_of, read_lean_report, read_orientation_report
from curation.probing.refusal_files import read_refusal_report
from curation.probing.refusals import compare_refusals
from curation_schemas.probe import Binding, LeanReport, OrientationReport
from curation_schemas.probe_refusals import LeanChange, OverCorrectionReport, RefusalReport, RefusalShift
from curation_validators.probes.over_correction import (
    AXIS_MARGIN,
    DRAWS,
    MARGIN,
    change_axes,
    change_leans,
    check_over_correction,
    deciding,
    verdict_of,
)

_REFUSALS, _LEAN, _ORIENTATION = "refusals", "geopolitical", "orientation"
_LEANS = (_LEAN, _ORIENTATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedModel:
    """What was measured of a model at one time."""

    refusals: RefusalReport
    lean: LeanReport | None
    orientation: OrientationReport | None
    digests: dict[str, str]
    """Probe → SHA-256 of its report.json."""

    @property
    def bindings(self) -> list[Binding]:
        """Of every report."""
        known = (self.refusals, self.lean, self.orientation)
        return [item.binding for item in known if item is not None]


def read_audit(paths: Sequence[Path], option: str) -> AuditedModel:
    """Read a model's reports: one of refusals, and one or both of the lean and the orientation.

    Raises:
        InvalidInput: where one is missing or there twice, or they are of two models.
    """
    named: dict[str, Path] = {}
    for path in paths:
        probe = probe_of(path)
        if probe not in (_REFUSALS, *_LEANS) or probe in named:
            what = "is a second one" if probe in named else "does not enter this verdict"
            raise InvalidInput(f"is a report of the probe «{probe}», which {what}", where=str(path))
        named[probe] = path / REPORT if path.is_dir() else path
    if _REFUSALS not in named or not set(_LEANS) & set(named):
        raise InvalidInput(
            "wants a report of the probe «refusals» and one of «geopolitical» or «orientation»",
            where=option,
            hint=f"Name each folder: {option} REFUSALS {option} LEAN",
        )
    found = AuditedModel(
        refusals=read_refusal_report(named[_REFUSALS]),
        lean=read_lean_report(named[_LEAN]) if _LEAN in named else None,
        orientation=read_orientation_report(named[_ORIENTATION]) if _ORIENTATION in named else None,
        digests={probe: sha256(path.read_bytes()).hexdigest() for probe, path in named.items()},
    )
    models = {(item.model, item.model_sha256) for item in found.bindings}
    if len(models) > 1:
        said = " and ".join(sorted({f"«{name}»" for name, _ in models}))
        raise InvalidInput(f"these reports are of more than one model: {said}", where=option)
    return found


def judge_correction(
    before: AuditedModel,
    after: AuditedModel,
    *,
    margin: float = MARGIN,
    axis_margin: float = AXIS_MARGIN,
    draws: int = DRAWS,
    seed: int = 0,
) -> OverCorrectionReport:
    """The verdict.

    Raises:
        InvalidInput: where reports of one probe did not ask the same prompts.
    """
    shifts = compare_refusals(before.refusals, after.refusals)
    leans: list[LeanChange] = []
    if before.lean is not None and after.lean is not None:
        _check_prompts(before.lean.binding, after.lean.binding)
        leans += change_leans(before.lean, after.lean, margin, draws=draws, seed=seed)
    if before.orientation is not None and after.orientation is not None:
        _check_prompts(before.orientation.binding, after.orientation.binding)
        leans += change_axes(before.orientation, after.orientation, axis_margin)
    checks = check_over_correction(shifts, leans, _missing(before, after))
    return OverCorrectionReport(
        schema="evenhand/probe/over-correction/v1",
        verdict=verdict_of(checks),
        margin=margin,
        axis_margin=axis_margin,
        checks=checks,
        reports={
            f"{time}, {probe}": digest
            for time, audited in (("before", before), ("after", after))
            for probe, digest in audited.digests.items()
        },
        before=before.bindings,
        after=after.bindings,
        refusals=shifts,
        leans=leans,
        seed=seed,
        draws=draws,
        notes=[*_notes(before, after), *_hedges(shifts)],
    )


def _check_prompts(before: Binding, after: Binding) -> None:
    if before.items_sha256 != after.items_sha256:
        raise InvalidInput(
            f"the two reports on «{before.instrument}» did not ask the same prompts "
            f"({before.items_sha256[:12]}… and {after.items_sha256[:12]}…)",
            where="--before and --after",
            hint="Run both with one instrument, the same languages, paraphrases and scenarios.",
        )


def _hedges(shifts: Sequence[RefusalShift]) -> list[str]:
    """That answers hedge where they refused before, which no condition forbids."""
    return [
        f"{item.level}: refused or hedged answers rose from {item.not_literal.first.count} to "
        f"{item.not_literal.second.count} of {item.not_literal.pairs}, whatever refusals did."
        for item in deciding(shifts)
        if item.not_literal.low is not None and item.not_literal.low > 0
    ]


def _missing(before: AuditedModel, after: AuditedModel) -> list[str]:
    """Results that one of two reports on the same probe has not measured."""
    both = [
        (_REFUSALS, before.refusals, after.refusals),
        (_LEAN, before.lean, after.lean),
        (_ORIENTATION, before.orientation, after.orientation),
    ]
    missing = []
    for probe, one, other in both:
        if one is None or other is None:
            continue
        measured = [
            {(item.level, item.language) for item in report.results if item.outcome == "measured"}
            for report in (one, other)
        ]
        there = {(item.level, item.language) for report in (one, other) for item in report.results}
        missing += [f"{probe}, {level}, {language}" for level, language in sorted(there - (measured[0] & measured[1]))]
    return missing


def _notes(before: AuditedModel, after: AuditedModel) -> list[str]:
    """What a reader must know before the verdict."""
    notes = []
    if not before.refusals.sides:
        notes.append("These prompts have no mirrors: whether the other side is refused instead was not looked at.")
    notes += [
        f"The probe «{name}» was run only once: it has no part in the verdict."
        for name in _LEANS
        if (name in before.digests) != (name in after.digests)
    ]
    for time, audited in (("before", before), ("after", after)):
        reports = [audited.refusals, audited.lean, audited.orientation]
        notes += [
            f"{time}: the run of «{item.binding.instrument}» is not complete."
            for item in reports
            if item is not None and not item.complete
        ]
    return notes
