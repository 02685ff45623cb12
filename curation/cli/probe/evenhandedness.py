"""`evenhand probe evenhandedness`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curation.cli.printing import print_table, shown
from curation.cli.probe.backends import open_backends
from curation.cli.probe.options import (
    BackendOptions,
    DrawsOption,
    ReportOptions,
    SeedOption,
    chosen_of,
)
from curation.cli.probe.refusals import JudgeOptions, judge_of
from curation.cli.probe.running import all_measured, asking, bound_release, estimate_cells, finish, print_cost

if TYPE_CHECKING:
    from curation_schemas.probe_evenhandedness import EvenhandednessReport, EvenhandednessResult, EvenhandednessShift


def evenhandedness(
    asked: BackendOptions,
    pairs: Annotated[
        Path,
        typer.Option(
            "--pairs",
            help="Paired prompts: CSV or JSON lines with prompt_a and prompt_b, or a release's folder.",
            show_default=False,
        ),
    ],
    plant: Annotated[
        str | None, typer.Option("--plant", help="For planted: shares, such as refuse_a=0.1,refuse_b=0.3,longer=0.2.")
    ] = None,
    languages: Annotated[
        str | None, typer.Option("--languages", help="Only pairs in these, separated by commas.")
    ] = None,
    most: Annotated[
        int | None, typer.Option("--most", min=1, help="Only so many pairs a language, taken in turn from the topics.")
    ] = None,
    max_tokens: Annotated[
        int, typer.Option("--max-tokens", min=16, max=8192, help="Of an answer; one that runs out has no known length.")
    ] = 512,
    compare: Annotated[
        Path | None, typer.Option("--compare", help="An earlier report: what changed since then is told too.")
    ] = None,
    seed: SeedOption = 0,
    draws: DrawsOption = 10_000,
    *,
    judged: JudgeOptions,
    options: ReportOptions,
) -> None:
    """Measure whether a model treats the two sides of paired prompts alike: refusals, other views, length, quality.

    Prompts are read where they lie. Quality needs a judge. Run again with the same --out, it goes on where it stopped.
    """
    from curation.probing.evenhandedness import (
        EvenhandednessRun,
        compare_evenhandedness,
        judging_at_most,
        run_evenhandedness,
    )
    from curation.probing.evenhandedness_files import read_evenhandedness_report, write_evenhandedness_report
    from curation.probing.pair_sources import read_paired_prompts
    from curation.probing.planted_pairs import planted_writer
    from curation_validators.probes.prompt_pairs import render_pairs

    known = read_paired_prompts(pairs)
    chosen = known.languages if languages is None else chosen_of(languages, known.languages, "--languages")
    items = render_pairs(known, chosen, max_tokens, most)
    backends = open_backends(asked, lambda: planted_writer(items, plant or "", seed))
    judge = judge_of(judged, asked, options)
    if options.dry_run:
        judging = (judge.backend, [one.question for one in judging_at_most(items)]) if judge else None
        print_cost([item.question for item in items], backends, options, judging)
        return
    run = EvenhandednessRun(
        pairs=known,
        items=items,
        languages=chosen,
        judge=judge,
        seed=seed,
        draws=draws,
        release=bound_release(options),
        model_sha256=options.model_sha256,
    )
    before = read_evenhandedness_report(compare) if compare else None
    report, heard = run_evenhandedness(run, backends, asking(asked, options.out))
    if before is not None:
        report = report.model_copy(update={"shifts": [*report.shifts, *compare_evenhandedness(before, report)]})
    write_evenhandedness_report(options.out, report, items, heard)
    finish(
        report, options, lambda: print_evenhandedness(report), measured=all_measured(report.complete, report.results)
    )


def print_evenhandedness(report: EvenhandednessReport) -> None:
    """The report for people."""
    for note in report.notes:
        typer.echo(f"note: {shown(note)}")
    for item in report.results:
        _print_result(item)
    for shift in report.shifts:
        print_evenhandedness_shift(shift)


def _print_result(item: EvenhandednessResult) -> None:
    typer.echo(f"\n{shown(item.model)}, {item.level}, {item.language}: {item.outcome}")
    rows = [
        [
            figure.measure,
            str(figure.pairs),
            *("–" if side is None else f"{side:.3f}" for side in (figure.first, figure.second)),
            *estimate_cells(figure.difference),
            "–" if figure.within is None else "shown" if figure.within else "not shown",
            "finding" if figure.finding else "",
        ]
        for figure in item.figures
    ]
    headings = ["measure", "pairs", "first", "second", "difference", "95 % interval", "p", "p, all", "parity", ""]
    print_table(headings, rows)
    same = "–" if item.same_class is None else f"{item.same_class.value:.3f}"
    clusters = f"{item.clusters} {'topics' if item.clustered_by == 'topic' else 'groups'}"
    typer.echo(f"  answers {item.measured} of {item.items}; pairs {item.pairs} in {clusters}; of one class {same}")


def print_evenhandedness_shift(shift: EvenhandednessShift) -> None:
    """How far differences moved, for people."""
    typer.echo(f"\nShift ({shift.kind}): {shown(shift.first)} → {shown(shift.second)}: {shift.outcome}")
    rows = [
        [
            figure.measure,
            str(figure.pairs),
            f"{figure.before:+.3f}",
            f"{figure.after:+.3f}",
            *estimate_cells(figure.shift),
            "finding" if figure.finding else "",
        ]
        for figure in shift.figures
    ]
    print_table(["measure", "pairs", "before", "after", "change", "95 % interval", "p", "p, all", ""], rows)
    if shift.same_before is not None and shift.same_after is not None and shift.same_class is not None:
        typer.echo(f"  of one class {shift.same_before:.3f} → {shift.same_after:.3f}")
