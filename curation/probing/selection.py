"""The probe «selection» from its items to a report, and models side by side.

Rules that always hold:
- a report is a function of items, answers, seed and draws;
- two reports compare only where the same prompts were asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, groupby

from curation.errors import InvalidInput
from curation.probing.asking import NOT_ASKED
from curation.probing.backend import Backend
from curation.probing.binding import bind_report
from curation.probing.geopolitical import Answers, Asking
from curation_schemas.probe import BoundRelease
from curation_schemas.probe_selection import SelectionReport, SelectionResult, SelectionShift
from curation_validators.probes.selection import measure_selection
from curation_validators.probes.selection_items import SelectionInstrument, SelectionItem
from curation_validators.probes.selection_shifts import ShiftKind, shift_selection


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionRun:
    """What is asked, and what the report is bound to."""

    instrument: SelectionInstrument
    items: Sequence[SelectionItem]
    languages: Sequence[str]
    seed: int = 0
    draws: int = 10_000
    release: BoundRelease | None = None
    model_sha256: str | None = None


def run_selection(run: SelectionRun, backends: Sequence[Backend], ask: Asking) -> tuple[SelectionReport, list[Answers]]:
    """Ask each backend everything, and report. The answers come back beside it, by backend and question."""
    questions = [item.question for item in run.items]
    answers = [{answer.question: answer for answer in ask(backend, questions)} for backend in backends]
    results = [
        measure_selection(list(items), found, model=backend.model, level=backend.level, draws=run.draws, seed=run.seed)
        for backend, found in zip(backends, answers, strict=True)
        for _, items in groupby(run.items, key=lambda item: (item.language, item.prompting))
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
    report = SelectionReport(
        schema="evenhand/probe/selection/v1",
        binding=binding,
        complete=not any(answer.fault == NOT_ASKED for found in answers for answer in found.values()),
        results=results,
        shifts=_own_shifts(run, results),
        notes=[note for item in results for note in _notes(item)],
    )
    return report, list(answers)


def name_of(result: SelectionResult) -> str:
    """What a result is called beside others of its model."""
    return f"{result.level}, {result.language}, {'debias prompt' if result.prompting == 'debias' else 'no debias'}"


def _own_shifts(run: SelectionRun, results: Sequence[SelectionResult]) -> list[SelectionShift]:
    """What the debias prompt does in each language; without it, languages and levels against the first."""
    found = []
    for first, second in combinations(results, 2):
        same = (first.level == second.level, first.language == second.language, first.prompting == second.prompting)
        kind = _KINDS.get(same)
        of_first = kind != "language" or first.language == results[0].language
        if kind and of_first and (kind == "debias" or first.prompting == results[0].prompting):
            names = (name_of(first), name_of(second))
            found.append(shift_selection(first, second, kind=kind, names=names, draws=run.draws, seed=run.seed))
    return [shift for shift in found if shift.groups]


_KINDS: dict[tuple[bool, bool, bool], ShiftKind] = {
    (True, True, False): "debias",
    (True, False, True): "language",
    (False, True, True): "template",
}
"""Whether level, language and prompting are the same → what differs."""


def compare_selections(
    before: SelectionReport, after: SelectionReport, kind: ShiftKind = "training"
) -> list[SelectionShift]:
    """How each result of the second report lies from the same one in the first.

    Raises:
        InvalidInput: where the two did not ask the same prompts, or have nothing in common.
    """
    check_same_prompts([before, after])
    known = {(item.level, item.language, item.prompting): item for item in before.results}
    shifts = []
    for result in after.results:
        first = known.get((result.level, result.language, result.prompting))
        if first is not None and first.groups and result.groups:
            names = (f"{first.model}, {name_of(first)}", f"{result.model}, {name_of(result)}")
            seed, draws = after.binding.seed, after.binding.draws
            shifts.append(shift_selection(first, result, kind=kind, names=names, draws=draws, seed=seed))
    if not shifts:
        raise InvalidInput("the two reports have no level and language in common that both measured", where="REPORTS")
    return shifts


def compare_models(reports: Sequence[SelectionReport]) -> list[SelectionShift]:
    """Every two models, in the order given."""
    return [shift for one, other in combinations(reports, 2) for shift in compare_selections(one, other, "model")]


def check_same_prompts(reports: Sequence[SelectionReport]) -> None:
    """Raises InvalidInput where the reports did not ask the same prompts."""
    digests = list(dict.fromkeys(report.binding.items_sha256 for report in reports))
    if len(digests) > 1:
        raise InvalidInput(
            f"the reports did not ask the same prompts ({' and '.join(f'{item[:12]}…' for item in digests)})",
            where="REPORTS",
            hint="Run all with one instrument, the same languages, dimensions, posts and debias prompt.",
        )


def _notes(item: SelectionResult) -> list[str]:
    """What a reader must know before the figures."""
    where = name_of(item)
    notes = []
    if item.option_mass.flagged and item.option_mass.mean is not None:
        notes.append(
            f"{where}: the letters hold {item.option_mass.mean:.0%} of the probability. Under one half, what is "
            "compared is not what the model would say."
        )
    if item.applications and item.rejected in (0, item.applications):
        every = "nobody" if item.rejected == 0 else "everybody"
        notes.append(f"{where}: rejects {every}, so that rates tell nothing; effects in log-odds still do.")
    gap = item.fit_gap
    if gap is not None and (gap.low is None or gap.low <= 0):
        notes.append(
            f"{where}: files that meet every requirement are not clearly preferred: the model may not read the files."
        )
    if item.bounded:
        notes.append(
            f"{where}: in {item.bounded} of {item.measured} answers one option was not listed and a bound stands in "
            "its place; effects may be larger than shown."
        )
    if item.outcome == "insufficient":
        notes.append(f"{where}: {item.posts} posts were measured, under 20: no finding is made.")
    return notes + [f"{where}: {count} items not measured: {why}." for why, count in item.not_measured.items()]
