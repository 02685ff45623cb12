"""The probe «even-handedness» from its pairs to a report.

Rules that always hold:
- a report is a function of pairs, answers, the judge's answers, seed and draws;
- the judge is asked about answers that are there, after them; without one, quality is absent, never equal;
- two reports compare only where the same prompts were asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from curation.errors import InvalidInput
from curation.probing.asking import NOT_ASKED
from curation.probing.backend import Backend
from curation.probing.binding import bind_report
from curation.probing.estimating import longest_answers
from curation.probing.geopolitical import Answers, Asking
from curation.probing.refusals import Judge, bound_rules
from curation_schemas.probe import BoundRelease
from curation_schemas.probe_evenhandedness import (
    EvenhandednessReport,
    EvenhandednessResult,
    EvenhandednessShift,
)
from curation_validators.probes.acknowledging import acknowledging_rules, rules_of, score_rules
from curation_validators.probes.asking import Answer
from curation_validators.probes.evenhandedness import Judged, ReadAnswer, Reading, measure_evenhandedness, read_all
from curation_validators.probes.evenhandedness_shifts import shift_evenhandedness
from curation_validators.probes.pair_judging import JudgeQuestion, read_judging, render_judging
from curation_validators.probes.prompt_pairs import PairedPrompts, PairItem


@dataclass(frozen=True, slots=True, kw_only=True)
class EvenhandednessRun:
    """What is asked, and what the report is bound to."""

    pairs: PairedPrompts
    items: Sequence[PairItem]
    languages: Sequence[str]
    judge: Judge | None = None
    seed: int = 0
    draws: int = 10_000
    release: BoundRelease | None = None
    model_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What one backend answered, and what the judge said of it."""

    level: str
    answers: Answers
    judged: Sequence[tuple[JudgeQuestion, Answer]]


def run_evenhandedness(
    run: EvenhandednessRun, backends: Sequence[Backend], ask: Asking
) -> tuple[EvenhandednessReport, list[Heard]]:
    """Ask each backend everything, then the judge, and report. What was heard comes back beside it."""
    questions = [item.question for item in run.items]
    heard, results = [], []
    for backend in backends:
        answers = {answer.question: answer for answer in ask(backend, questions)}
        said: list[tuple[JudgeQuestion, Answer]] = []
        for _, group in groupby(run.items, key=lambda item: item.question.language):
            items = list(group)
            reading = read_all(items, answers)
            judged = _judge(run.judge, items, answers, reading, said)
            results.append(
                measure_evenhandedness(
                    items,
                    reading,
                    model=backend.model,
                    level=backend.level,
                    judged=judged,
                    draws=run.draws,
                    seed=run.seed,
                )
            )
        heard.append(Heard(backend.level, answers, said))
    binding = bind_report(
        run.pairs,
        questions,
        backends,
        languages=run.languages,
        paraphrases=1,
        seed=run.seed,
        draws=run.draws,
        release=run.release,
        model_sha256=run.model_sha256,
    )
    report = EvenhandednessReport(
        schema="evenhand/probe/evenhandedness/v1",
        binding=binding,
        ordered=run.pairs.ordered,
        complete=not any(answer.fault == NOT_ASKED for answer in _all_answers(heard)),
        results=results,
        shifts=_own_shifts(run, results),
        rules=[bound_rules(), acknowledging_rules()],
        detectors=[score_rules(language) for language in _languages_with_rules(run.languages)],
        notes=_notes(run, results),
    )
    return report, heard


def _all_answers(heard: Sequence[Heard]) -> list[Answer]:
    return [answer for one in heard for answer in [*one.answers.values(), *(said for _, said in one.judged)]]


def _languages_with_rules(languages: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(rules for language in languages if (rules := rules_of(language)) is not None))


def _judge(
    judge: Judge | None,
    items: Sequence[PairItem],
    answers: Mapping[str, Answer],
    reading: Reading,
    said: list[tuple[JudgeQuestion, Answer]],
) -> Judged | None:
    if judge is None:
        return None
    asked = render_judging(items, answers, reading)
    questions = [item.question for item in asked]
    judged = {answer.question: answer for answer in judge.ask(judge.backend, questions)} if asked else {}
    said += [(item, judged[item.question.id]) for item in asked]
    return read_judging(asked, judged, answers, judge.backend.model, judge.backend.kind)


def judging_at_most(items: Sequence[PairItem]) -> list[JudgeQuestion]:
    """What a judge is asked where both sides of every pair are answered, with texts as long as they may be."""
    read = {item.question.id: ReadAnswer("literal", False, {}) for item in items}
    return render_judging(items, longest_answers([item.question for item in items]), Reading(read, {}))


def name_of(result: EvenhandednessResult) -> str:
    """What a result is called beside others of its model."""
    return f"{result.level}, {result.language}"


def _own_shifts(run: EvenhandednessRun, results: Sequence[EvenhandednessResult]) -> list[EvenhandednessShift]:
    """Between levels, in each language."""
    chat = {item.language: item for item in results if item.level == "chat"}
    found = [
        shift_evenhandedness(
            item,
            chat[item.language],
            kind="template",
            names=(name_of(item), name_of(chat[item.language])),
            draws=run.draws,
            seed=run.seed,
        )
        for item in results
        if item.level == "base" and item.language in chat
    ]
    return [shift for shift in found if shift.figures]


def compare_evenhandedness(before: EvenhandednessReport, after: EvenhandednessReport) -> list[EvenhandednessShift]:
    """How each result of the second report lies from the same level and language in the first.

    Raises:
        InvalidInput: where the two did not ask the same prompts, were not judged alike, or have nothing in common.
    """
    if before.binding.items_sha256 != after.binding.items_sha256:
        raise InvalidInput(
            "the reports did not ask the same prompts "
            f"({before.binding.items_sha256[:12]}… and {after.binding.items_sha256[:12]}…)",
            where="REPORTS",
            hint="Run both with the same pairs, languages and length of answers.",
        )
    judges = {(item.judge.model, item.judge.prompts_sha256) if item.judge else None for item in _results(before, after)}
    if len(judges) > 1:
        raise InvalidInput(
            "the reports were not judged by one judge", where="REPORTS", hint="Run both with the same judge, or none."
        )
    if before.rules != after.rules:
        raise InvalidInput(
            "the reports' answers were not read by the same rules",
            where="REPORTS",
            hint="Run the earlier one again with this version and the same --out: its answers are kept.",
        )
    known = {(item.level, item.language): item for item in before.results}
    shifts = []
    for result in after.results:
        first = known.get((result.level, result.language))
        if first is not None and first.figures and result.figures:
            names = (f"{first.model}, {name_of(first)}", f"{result.model}, {name_of(result)}")
            seed, draws = after.binding.seed, after.binding.draws
            shifts.append(shift_evenhandedness(first, result, kind="training", names=names, draws=draws, seed=seed))
    if not shifts:
        raise InvalidInput("the two reports have no level and language in common that both measured", where="REPORTS")
    return shifts


def _results(before: EvenhandednessReport, after: EvenhandednessReport) -> list[EvenhandednessResult]:
    return [*before.results, *after.results]


def _notes(run: EvenhandednessRun, results: Sequence[EvenhandednessResult]) -> list[str]:
    """What a reader must know before the figures."""
    notes = [f"{count} pairs were passed over: {why}." for why, count in sorted(run.pairs.passed_over.items())]
    if not run.pairs.ordered:
        notes.append(
            "Sides come in the order of the alphabet: a difference over all topics has no direction here. Look at "
            "single topics, and at how far answers are apart."
        )
    for item in results:
        where = name_of(item)
        if rules_of(item.language) is None:
            notes.append(f"{where}: there are no rules for this language: classes and phrases were not measured.")
        if item.cut_off:
            notes.append(
                f"{where}: {item.cut_off} of {item.measured} answers ran out of tokens: their pairs have no part in "
                "lengths. More tokens (--max-tokens) would tell."
            )
        if item.outcome == "insufficient":
            kind = "topics" if item.clustered_by == "topic" else "groups of pairs"
            notes.append(f"{where}: {item.clusters} {kind} were measured, under 20: no finding is made.")
        notes += [f"{where}: {count} answers not read: {why}." for why, count in item.not_measured.items()]
        if item.judge is not None:
            notes += [
                f"{where}: {count} questions not judged: {why}." for why, count in item.judge.not_measured.items()
            ]
    if run.judge is None:
        notes.append(
            "No judge was asked: quality is not measured, and another view is looked for by its usual phrases."
        )
    return notes
