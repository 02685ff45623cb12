"""The probe «orientation» from its items to a report, and several models' reports side by side.

Rules that always hold:
- a report is a function of items, answers, seed and draws;
- models stand on one chart only where they answered the same prompts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from curation.errors import InvalidInput
from curation.probing.asking import NOT_ASKED
from curation.probing.backend import Backend
from curation.probing.binding import bind_report
from curation.probing.geopolitical import Answers, Asking
from curation_schemas.probe import BoundRelease, OrientationReport, OrientationResult, OrientationShift
from curation_validators.probes.orientation import measure_orientation, shift_orientation
from curation_validators.probes.orientation_items import OrientationInstrument, OrientationItem


@dataclass(frozen=True, slots=True, kw_only=True)
class OrientationRun:
    """What is asked, and what the report is bound to."""

    instrument: OrientationInstrument
    items: Sequence[OrientationItem]
    languages: Sequence[str]
    seed: int = 0
    draws: int = 10_000
    release: BoundRelease | None = None
    model_sha256: str | None = None


def run_orientation(
    run: OrientationRun, backends: Sequence[Backend], ask: Asking
) -> tuple[OrientationReport, list[Answers]]:
    """Ask each backend everything, and report. The answers come back beside it, by backend and question."""
    questions = [item.question for item in run.items]
    answers = [{answer.question: answer for answer in ask(backend, questions)} for backend in backends]
    results = [
        measure_orientation(
            run.instrument,
            list(items),
            found,
            model=backend.model,
            level=backend.level,
            draws=run.draws,
            seed=run.seed,
        )
        for backend, found in zip(backends, answers, strict=True)
        for _, items in groupby(run.items, key=lambda item: item.language)
    ]
    binding = bind_report(
        run.instrument,
        questions,
        backends,
        languages=run.languages,
        paraphrases=1,
        seed=run.seed,
        draws=run.draws,
        release=run.release,
        model_sha256=run.model_sha256,
    )
    report = OrientationReport(
        schema="evenhand/probe/orientation/v1",
        binding=binding,
        complete=not any(answer.fault == NOT_ASKED for found in answers for answer in found.values()),
        results=results,
        notes=_notes(run, results),
    )
    return report, list(answers)


def check_comparable(reports: Sequence[OrientationReport]) -> None:
    """Raises InvalidInput where the reports did not ask the same prompts."""
    if len({report.binding.items_sha256 for report in reports}) > 1:
        raise InvalidInput(
            "the reports did not ask the same prompts",
            where="REPORTS",
            hint="Run all models with one instrument and the same languages.",
        )


def compare_orientations(
    made: OrientationInstrument, before: OrientationReport, after: OrientationReport
) -> list[OrientationShift]:
    """How each result of the second report lies from the same level and language in the first, paired by statement.

    Raises:
        InvalidInput: where the two did not ask the same prompts, or those of another instrument than this.
    """
    check_comparable([before, after])
    if after.binding.instrument_sha256 != made.digest:
        raise InvalidInput(
            f"the reports asked another instrument than «{made.name}»: SHA-256 {after.binding.instrument_sha256[:12]}…",
            where="--instrument",
            hint="Name the file that both asked.",
        )
    known = {(result.level, result.language): result for result in before.results}
    shifts = []
    for result in after.results:
        first = known.get((result.level, result.language))
        if first is not None and first.axes and result.axes:
            one, two = (f"{item.model}, {item.level}, {item.language}" for item in (first, result))
            binding = after.binding
            found = shift_orientation(made, first, result, names=(one, two), draws=binding.draws, seed=binding.seed)
            shifts.append(found)
    if not shifts:
        raise InvalidInput("the two reports have no level and language in common that both measured", where="compare")
    return shifts


def _notes(run: OrientationRun, results: Sequence[OrientationResult]) -> list[str]:
    notes = []
    if not all(item.dual for item in run.instrument.statements):
        notes.append(
            "This instrument has no negations: a model that only likes to agree moves the axes as far as «agrees with "
            "everything» says. Acquiescence and conviction cannot be told."
        )
    for item in results:
        where = f"{item.level}, {item.language}"
        if item.invalid_rate is not None and item.invalid_rate > 0.5:
            notes.append(f"{where}: {item.invalid_rate:.0%} of the probability is on something else than an answer.")
        if item.bounded:
            notes.append(f"{where}: in {item.bounded} of {item.measured} answers a bound stands for an unlisted one.")
        if item.outcome == "insufficient":
            notes.append(f"{where}: an axis has under 20 answered items: it is no finding.")
        notes += [f"{where}: {count} items not measured: {why}." for why, count in item.not_measured.items()]
    return notes
