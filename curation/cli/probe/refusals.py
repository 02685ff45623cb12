"""`evenhand probe refusals` and `rules`: what a model refuses, and how well the rules tell it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curation.cli.printing import print_json, print_table, shown
from curation.cli.probe.backends import open_backends
from curation.cli.probe.instruments import refusal_instrument
from curation.cli.probe.options import (
    BackendName,
    BackendOptions,
    DrawsOption,
    LanguagesOption,
    ReportOptions,
    SeedOption,
    chosen_languages,
)
from curation.cli.probe.running import all_measured, asking, bound_release, finish, print_cost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from curation.probing.refusals import Judge, RefusalRun
    from curation_schemas.probe_refusals import DetectorQuality, RefusalReport, RefusalShift, SideContrast

JUDGED = Path("judge")
"""Where a judge's replies are kept, in the report's folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeOptions:
    """Who gives a second opinion."""

    judge_url: Annotated[
        str | None, typer.Option("--judge-url", help="A chat server that gives a second opinion on each answer.")
    ] = None
    judge_model: Annotated[str | None, typer.Option("--judge-model", help="Its model.")] = None
    judge_key_env: Annotated[
        str | None, typer.Option("--judge-key-env", help="The environment variable that holds its key.")
    ] = None


def refusals(
    asked: BackendOptions,
    plant: Annotated[
        str | None, typer.Option("--plant", help="For planted: shares refused, such as CN=0.8,controls=0.1.")
    ] = None,
    languages: LanguagesOption = "en,fr,zh",
    instrument: Annotated[
        Path | None, typer.Option("--instrument", help="An edited copy of the questions, instead of Evenhand's.")
    ] = None,
    prompts: Annotated[
        Path | None,
        typer.Option("--prompts", help="A file of prompts, one a line, or a release's folder, instead of questions."),
    ] = None,
    max_tokens: Annotated[
        int | None,
        typer.Option("--max-tokens", min=16, max=32_768, help="Of an answer, with its thoughts. Default 512."),
    ] = None,
    seed: SeedOption = 0,
    draws: DrawsOption = 10_000,
    *,
    judged: JudgeOptions,
    options: ReportOptions,
) -> None:
    """Measure what a model refuses, hedges or recites on contested topics, their mirrors and neutral controls.

    Rules read the answers; how well they do so is printed beside. Run again with the same --out, it goes on.
    """
    from curation.probing.judging import judge_questions_at_most
    from curation.probing.planted_refusals import planted_refusals
    from curation.probing.refusal_files import write_refusal_report
    from curation.probing.refusals import run_refusals

    run = _run(instrument, prompts, languages, max_tokens, options)
    run = replace(run, seed=seed, draws=draws)
    backends = open_backends(asked, lambda: planted_refusals(run.items, run.labels, plant or "", seed))
    judge = judge_of(judged, asked, options)
    if options.dry_run:
        judging = (judge.backend, judge_questions_at_most(run.items)) if judge else None
        print_cost([item.question for item in run.items], backends, options, judging)
        return
    report, answers, reads = run_refusals(run, backends, asking(asked, options.out), judge)
    named = [(item.level, found, read) for item, found, read in zip(backends, answers, reads, strict=True)]
    write_refusal_report(options.out, report, run.items, named)
    finish(report, options, lambda: print_refusals(report), measured=all_measured(report.complete, report.results))


def _run(
    instrument: Path | None, prompts: Path | None, languages: str, max_tokens: int | None, options: ReportOptions
) -> RefusalRun:
    """What the options ask for: the instrument's questions, or somebody's prompts."""
    from curation.probing.refusals import RefusalRun
    from curation_validators.probes.refusal_items import LANGUAGES, render_topics, with_max_tokens

    chosen = chosen_languages(languages, LANGUAGES)
    if prompts is not None and instrument is not None:
        raise typer.BadParameter("name an instrument or prompts, not both", param_hint="--prompts")
    if prompts is None:
        known = refusal_instrument(instrument)
        run = RefusalRun(instrument=known, items=render_topics(known, chosen), languages=chosen, labels=known.sides)
    else:
        run = listed_run(prompts, chosen)
    if max_tokens is not None:
        run = replace(run, items=[with_max_tokens(item, max_tokens) for item in run.items])
    return replace(run, release=bound_release(options), model_sha256=options.model_sha256)


def listed_run(prompts: Path, chosen: list[str]) -> RefusalRun:
    """Somebody's prompts, in the languages that they have."""
    from curation.probing.prompt_lists import read_prompt_list
    from curation.probing.refusals import RefusalRun

    listed = read_prompt_list(prompts, chosen)
    there = [language for language in chosen if any(item.language == language for item in listed.items)]
    items = sorted(listed.items, key=lambda item: there.index(item.language))
    left_out = listed.left_out
    notes = [f"{left_out} prompts of several messages were left out: a probe asks one."] if left_out else []
    return RefusalRun(instrument=listed, items=items, languages=there, notes=notes)


def judge_of(judged: JudgeOptions, asked: BackendOptions, options: ReportOptions) -> Judge | None:
    """The judge that the options name; its replies are kept apart, in the report's folder."""
    from curation.probing.refusals import Judge

    if judged.judge_url is None and judged.judge_model is None:
        return None
    theirs = BackendOptions(
        backend=BackendName.CHAT,
        url=judged.judge_url,
        model=judged.judge_model,
        api_key_env=judged.judge_key_env,
        concurrency=asked.concurrency,
        timeout=asked.timeout,
        retries=asked.retries,
    )
    if judged.judge_url is None or judged.judge_model is None:
        raise typer.BadParameter("name the judge's server and model", param_hint="--judge-url and --judge-model")
    (backend,) = open_backends(theirs)
    return Judge(backend, asking(theirs, options.out / JUDGED))


def rules(
    labelled: Annotated[
        Path | None, typer.Option("--labelled", help="Your own labelled answers (JSON lines), instead of Evenhand's.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result for programs.")] = False,
) -> None:
    """Print precision and recall of the rules that read answers, on labelled answers in three languages.

    «fresh» answers were never used to mend the rules: expect their figures. A line of your own file is
    {"id": …, "language": …, "label": …, "asked": …, "answer": …}.
    """
    from curation.errors import InvalidInput
    from curation.probing.refusals import bound_rules
    from curation_validators.probes.detector import builtin_quality, measure_detector, read_labelled_answers

    try:
        measured = measure_detector(read_labelled_answers(labelled.read_bytes())) if labelled else builtin_quality()
    except ValueError as error:
        raise InvalidInput(str(error), where=str(labelled)) from None
    if as_json:
        found = [item.model_dump(mode="json") for item in measured]
        print_json({"rules": bound_rules().model_dump(mode="json"), "quality": found})
        return
    print_quality(measured)


def print_quality(measured: Sequence[DetectorQuality]) -> None:
    """Precision and recall, for people."""
    from curation.probing.refusal_pages import share_text

    for item in measured:
        typer.echo(f"\n{shown(item.part)}, {item.language}: {item.answers} answers, {share_text(item.right)} right")
        rows = [
            [found.name, share_text(found.precision), share_text(found.recall)]
            for found in (item.refused, *item.classes)
        ]
        print_table(["class", "precision", "recall"], rows)


def print_refusals(report: RefusalReport) -> None:
    """The report for people."""
    from curation.probing.refusal_pages import refusal_summary, share_text
    from curation.probing.refusals import expected_quality

    for note in report.notes:
        typer.echo(f"note: {shown(note)}")
    for item in report.results:
        typer.echo(f"\n{shown(item.model)}, {item.level}, {item.language}: {item.outcome}")
        rows = [
            [
                group.group,
                f"{group.answered} of {group.items}",
                share_text(group.refused),
                share_text(group.hedged),
                str(group.canned.count),
            ]
            for group in item.groups
        ]
        print_table(["group", "with a class", "refused", "hedged", "canned"], rows)
    for contrast in report.overall:
        typer.echo(f"\nSides, {contrast.level}, all languages:")
        _print_sides(contrast.sides)
    if not report.overall:
        for item in report.results:
            _print_sides(item.sides)
    for judge in report.judge:
        kappa = "–" if judge.kappa is None else f"{judge.kappa:.2f}"
        typer.echo(
            f"\nJudge {shown(judge.model)}, {judge.level}, {judge.language}: same class {share_text(judge.agree)}, "
            f"same on refused or not {share_text(judge.agree_on_refusal)}, κ {kappa}; not judged "
            f"{sum(judge.not_judged.values())}"
        )
    quality = expected_quality(report)
    if quality is not None:
        typer.echo(
            f"\nThe rules on answers they were not mended with: refusals with precision "
            f"{share_text(quality.refused.precision)} and recall {share_text(quality.refused.recall)}; right class "
            f"{share_text(quality.right)}."
        )
    typer.echo(f"\n{shown(refusal_summary(report))}")


def _print_sides(sides: Sequence[SideContrast]) -> None:
    from curation.probing.refusal_pages import share_text

    rows = [
        [
            shown(item.label),
            share_text(item.refused.second),
            share_text(item.refused.first),
            "–" if item.refused.difference is None else f"{item.refused.difference:+.2f}",
            *("–" if p is None else f"{p:.2g}" for p in (item.p, item.p_family)),
            "finding" if item.finding else "too few" if item.outcome == "insufficient" else "",
        ]
        for item in sides
        if item.outcome == "measured" or item.refused.gained or item.refused.lost
    ]
    if rows:
        print_table(["side", "refused", "mirrors refused", "difference", "p", "p, all", ""], rows)
    if len(rows) < len(sides):
        typer.echo(f"  and {len(sides) - len(rows)} sides with under 20 pairs of answers and no difference")


def print_refusal_shift(shift: RefusalShift) -> None:
    """What changed between two reports, for people."""
    from curation.probing.refusal_pages import CHANGE_HEADINGS, change_cells, changes_of

    typer.echo(f"\n{shown(shift.first)} → {shown(shift.second)}: {shift.outcome}")
    print_table(CHANGE_HEADINGS, [[name, *change_cells(change)] for name, change in changes_of(shift)])
    for side in shift.sides:
        if side.turned:
            typer.echo(f"  {shown(side.label)}: which side is refused more has turned.")
        if side.mirrors_risen:
            typer.echo(f"  {shown(side.label)}: its mirrors are refused or hedged more often now.")
