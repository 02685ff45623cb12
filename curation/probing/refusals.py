"""The probe «refusals» from its items to a report, and two reports side by side.

Rules that always hold:
- a report is a function of items, answers, seed and draws (and of a judge's replies, where there is one);
- the quality of the rules on labelled answers stands in every report;
- two reports compare only where the same prompts were asked and the same rules read the answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from curation.errors import InvalidInput
from curation.probing.asking import NOT_ASKED
from curation.probing.backend import Backend
from curation.probing.binding import Instrument, bind_report
from curation.probing.geopolitical import Answers, Asking
from curation.probing.judging import judge_answers
from curation_schemas.probe import BoundRelease
from curation_schemas.probe_refusals import (
    BoundRules,
    DetectorQuality,
    GroupRates,
    JudgeAgreement,
    LevelContrast,
    RefusalReport,
    RefusalResult,
    RefusalShift,
)
from curation_validators.probes.detector import builtin_quality
from curation_validators.probes.refusal import ReadAnswers, contrast_level, measure_refusals, read_answers
from curation_validators.probes.refusal_items import RefusalItem
from curation_validators.probes.refusal_rules import builtin_refusal_rules
from curation_validators.probes.refusal_shifts import shift_refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalRun:
    """What is asked, and what the report is bound to."""

    instrument: Instrument
    items: Sequence[RefusalItem]
    languages: Sequence[str]
    labels: Mapping[str, str] = field(default_factory=dict)
    """Side → what it is called; none for a list of prompts."""
    notes: Sequence[str] = ()
    seed: int = 0
    draws: int = 10_000
    release: BoundRelease | None = None
    model_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """Who gives a second opinion, and what asks it."""

    backend: Backend
    ask: Asking


def run_refusals(
    run: RefusalRun, backends: Sequence[Backend], ask: Asking, judge: Judge | None = None
) -> tuple[RefusalReport, list[Answers], list[ReadAnswers]]:
    """Ask each backend everything, and report.

    Returns:
        The report; each backend's answers by question; and what each of them is.
    """
    questions = [item.question for item in run.items]
    answers = [{answer.question: answer for answer in ask(backend, questions)} for backend in backends]
    reads = [read_answers(run.items, found) for found in answers]
    by_language = {name: list(own) for name, own in groupby(run.items, key=lambda item: item.language)}
    results = [
        measure_refusals(
            items, read, run.labels, model=backend.model, level=backend.level, draws=run.draws, seed=run.seed
        )
        for backend, read in zip(backends, reads, strict=True)
        for items in by_language.values()
    ]
    judged: list[JudgeAgreement] = []
    if judge is not None:
        for backend, read, found in zip(backends, reads, answers, strict=True):
            judged += judge_answers(run.items, read, found, backend.level, judge.backend, judge.ask)
    report = RefusalReport(
        schema="evenhand/probe/refusals/v1",
        binding=bind_report(
            run.instrument,
            questions,
            backends,
            languages=run.languages,
            paraphrases=1,
            seed=run.seed,
            draws=run.draws,
            release=run.release,
            model_sha256=run.model_sha256,
        ),
        rules=bound_rules(),
        detector=list(builtin_quality()),
        complete=not any(answer.fault == NOT_ASKED for found in answers for answer in found.values()),
        results=results,
        overall=_overall(run, backends, reads, by_language),
        judge=judged,
        groups={item.question.id: item.group for item in run.items},
        pairs={item.question.id: f"{item.pair}.{item.language}" for item in run.items if item.pair},
        sides={item.question.id: item.side for item in run.items if item.side},
        notes=[*run.notes, *(note for item in results for note in _notes(item))],
    )
    return report, list(answers), reads


def bound_rules() -> BoundRules:
    """The rules that come with this package, as a report names them."""
    rules = builtin_refusal_rules()
    return BoundRules(name=rules.name, version=rules.version, sha256=rules.digest)


def _overall(
    run: RefusalRun,
    backends: Sequence[Backend],
    reads: Sequence[ReadAnswers],
    by_language: Mapping[str, Sequence[RefusalItem]],
) -> list[LevelContrast]:
    if not run.labels or len(by_language) < 2:
        return []
    return [
        contrast_level(backend.level, by_language, read, run.labels, draws=run.draws, seed=run.seed)
        for backend, read in zip(backends, reads, strict=True)
    ]


def expected_quality(report: RefusalReport) -> DetectorQuality | None:
    """The rules on answers that were never used to mend them, all languages together."""
    return next((item for item in report.detector if (item.part, item.language) == ("fresh", "all")), None)


def compare_refusals(before: RefusalReport, after: RefusalReport) -> list[RefusalShift]:
    """How answers changed, paired by question.

    Raises:
        InvalidInput: where the two did not ask the same prompts, or other rules read the answers.
    """
    _check_same("ask the same prompts", before.binding.items_sha256, after.binding.items_sha256)
    _check_same("read answers by the same rules", before.rules.sha256, after.rules.sha256)
    shifts = shift_refusals(before, after)
    if not shifts:
        raise InvalidInput("the two reports have no level and language in common", where="REPORTS")
    return shifts


def _check_same(what: str, first: str, second: str) -> None:
    if first != second:
        raise InvalidInput(
            f"the two reports did not {what} ({first[:12]}… and {second[:12]}…)",
            where="REPORTS",
            hint="Run both with one version, one instrument or list of prompts, and the same languages.",
        )


def _notes(item: RefusalResult) -> list[str]:
    """What a reader must know before the figures."""
    where = f"{item.level}, {item.language}"
    notes = []
    for group in item.groups:
        here = f"{where}, {group.group}"
        notes += [f"{here}: {says}" for count, says in _asides(group) if count]
        if group.other_language:
            known = group.other_language_refused
            refused = "" if known is None else f" At least {known} of them refuse."
            notes.append(
                f"{here}: {group.other_language} of {group.items} answers are in another language: they are in no "
                f"rate.{refused}"
            )
        notes += [f"{here}: {count} not measured: {why}." for why, count in group.not_measured.items()]
        if group.group == "controls" and (group.refused.low or 0) > _MANY:
            notes.append(
                f"{here}: {group.refused.count} of {group.answered} neutral questions are refused: this model refuses "
                "in general, or was not asked as it expects."
            )
    if item.outcome == "insufficient":
        notes.append(f"{where}: under 20 answers with a class: too few for a rate.")
    return notes


_MANY = 0.05


def _asides(group: GroupRates) -> list[tuple[int, str]]:
    """How many answers are so, and what to say of them."""
    empty, withheld, cut_off = group.empty, group.withheld, group.cut_off
    return [
        (empty, f"{empty} answers are empty: they are in no rate."),
        (withheld, f"{withheld} answers were withheld by the service's filter, which is not the model: in no rate."),
        (
            cut_off * 2 > group.items,
            f"{cut_off} of {group.items} answers ran out of tokens: what came behind is not read (--max-tokens).",
        ),
    ]
