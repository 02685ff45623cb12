"""The probe «geopolitical» from its items to a report.

Rules that always hold:
- a report is a function of items, answers, seed and draws; the same answers give the same report;
- two reports compare only where the same prompts were asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from curation.errors import InvalidInput
from curation.probing.asking import NOT_ASKED
from curation.probing.backend import Backend
from curation.probing.binding import bind_report
from curation_schemas.probe import BoundRelease, LeanReport, LeanResult, LeanShift
from curation_validators.probes.asking import Answer, Question
from curation_validators.probes.lean import measure_lean, shift_lean
from curation_validators.probes.lean_items import LeanInstrument, LeanItem

Answers = Mapping[str, Answer]
Asking = Callable[[Backend, Sequence[Question]], Iterable[Answer]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeanRun:
    """What is asked, and what the report is bound to."""

    instrument: LeanInstrument
    items: Sequence[LeanItem]
    languages: Sequence[str]
    paraphrases: int = 1
    seed: int = 0
    draws: int = 10_000
    release: BoundRelease | None = None
    model_sha256: str | None = None


def run_lean(run: LeanRun, backends: Sequence[Backend], ask: Asking) -> tuple[LeanReport, list[Answers]]:
    """Ask each backend everything, and report.

    Args:
        backends: of one model: with and without its chat template.
        ask: what asks a backend and keeps what it answers.

    Returns:
        The report, and each backend's answers by question.
    """
    questions = [item.question for item in run.items]
    answers = [{answer.question: answer for answer in ask(backend, questions)} for backend in backends]
    results = [
        measure_lean(
            list(items),
            found,
            run.instrument.countries,
            model=backend.model,
            level=backend.level,
            draws=run.draws,
            seed=run.seed,
        )
        for backend, found in zip(backends, answers, strict=True)
        for _, items in groupby(run.items, key=lambda item: item.language)
    ]
    report = LeanReport(
        schema="evenhand/probe/geopolitical/v1",
        binding=bind_report(
            run.instrument,
            questions,
            backends,
            languages=run.languages,
            paraphrases=run.paraphrases,
            seed=run.seed,
            draws=run.draws,
            release=run.release,
            model_sha256=run.model_sha256,
        ),
        complete=not any(answer.fault == NOT_ASKED for found in answers for answer in found.values()),
        results=results,
        shifts=_own_shifts(run, results),
        notes=_notes(results),
    )
    return report, list(answers)


def _own_shifts(run: LeanRun, results: Sequence[LeanResult]) -> list[LeanShift]:
    """Between languages at each level, and between levels in each language."""
    found = []
    by_level: dict[str, list[LeanResult]] = {}
    for result in results:
        by_level.setdefault(result.level, []).append(result)
    for level, (first, *others) in by_level.items():
        for other in others:
            names = (f"{level}, {first.language}", f"{level}, {other.language}")
            found.append(shift_lean(first, other, kind="language", names=names, draws=run.draws, seed=run.seed))
    for base, chat in zip(by_level.get("base", []), by_level.get("chat", []), strict=False):
        names = (f"base, {base.language}", f"chat, {chat.language}")
        found.append(shift_lean(base, chat, kind="template", names=names, draws=run.draws, seed=run.seed))
    return [shift for shift in found if shift.countries]


def compare_leans(before: LeanReport, after: LeanReport) -> list[LeanShift]:
    """How each result of the second report lies from the same level and language in the first.

    Raises:
        InvalidInput: where the two did not ask the same prompts.
    """
    if before.binding.items_sha256 != after.binding.items_sha256:
        raise InvalidInput(
            "the two reports did not ask the same prompts "
            f"({before.binding.items_sha256[:12]}… and {after.binding.items_sha256[:12]}…)",
            where="--compare",
            hint="Run both with one instrument, the same languages, paraphrases and scenarios.",
        )
    known = {(result.level, result.language): result for result in before.results}
    shifts = []
    for result in after.results:
        first = known.get((result.level, result.language))
        if first is not None and first.countries and result.countries:
            names = tuple(f"{item.model}, {item.level}, {item.language}" for item in (first, result))
            seed, draws = after.binding.seed, after.binding.draws
            shifts.append(
                shift_lean(first, result, kind="training", names=(names[0], names[1]), draws=draws, seed=seed)
            )
    if not shifts:
        raise InvalidInput("the two reports have no level and language in common that both measured", where="--compare")
    return shifts


def _notes(results: Sequence[LeanResult]) -> list[str]:
    """What a reader must know before the figures."""
    notes = []
    for item in results:
        where = f"{item.level}, {item.language}"
        if item.option_mass.flagged and item.option_mass.mean is not None:
            notes.append(
                f"{where}: the letters hold {item.option_mass.mean:.0%} of the probability. Under one half, what is "
                "compared is not what the model would say."
            )
        if item.bounded:
            notes.append(
                f"{where}: in {item.bounded} of {item.measured} answers one option was not listed and a bound stands "
                "in its place; the lean may be larger than shown."
            )
        if item.outcome == "insufficient":
            notes.append(f"{where}: {item.scenarios} scenarios were measured, under 20: no finding is made.")
        notes += [f"{where}: {count} items not measured: {why}." for why, count in item.not_measured.items()]
    return notes
