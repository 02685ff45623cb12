"""`evenhand probe geopolitical`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curation.cli.printing import print_table, shown
from curation.cli.probe.backends import open_backends
from curation.cli.probe.instruments import lean_instrument, lean_items
from curation.cli.probe.options import (
    BackendOptions,
    DrawsOption,
    LanguagesOption,
    ParaphrasesOption,
    ReportOptions,
    ScenariosOption,
    SeedOption,
    chosen_languages,
)
from curation.cli.probe.running import all_measured, asking, bound_release, estimate_cells, finish, print_cost

if TYPE_CHECKING:
    from curation_schemas.probe import LeanReport, LeanResult, LeanShift


def geopolitical(
    asked: BackendOptions,
    plant: Annotated[str | None, typer.Option("--plant", help="For planted: log-odds, such as US=0.5,A=1.")] = None,
    languages: LanguagesOption = "en,fr,zh",
    paraphrases: ParaphrasesOption = 1,
    scenarios: ScenariosOption = None,
    instrument: Annotated[
        Path | None, typer.Option("--instrument", help="An edited copy of the scenarios, instead of Evenhand's.")
    ] = None,
    compare: Annotated[
        Path | None, typer.Option("--compare", help="An earlier report: the shift since then is told too.")
    ] = None,
    seed: SeedOption = 0,
    draws: DrawsOption = 10_000,
    *,
    options: ReportOptions,
) -> None:
    """Measure which of eight countries a model favours in invented cases, in English, French and Chinese.

    Each pair of countries stands in both roles and behind both letters, so that a preference for a letter or a role
    cancels. Run again with the same --out, it goes on where it stopped.
    """
    from curation.probing.files import read_lean_report, write_lean_report
    from curation.probing.geopolitical import LeanRun, compare_leans, run_lean
    from curation.probing.planted import planted_backend

    known = lean_instrument(instrument)
    chosen = chosen_languages(languages, known.wordings)
    items = lean_items(known, chosen, paraphrases, scenarios)
    backends = open_backends(asked, lambda: planted_backend(known, plant or "", seed))
    if options.dry_run:
        print_cost([item.question for item in items], backends, options)
        return
    run = LeanRun(
        instrument=known,
        items=items,
        languages=chosen,
        paraphrases=paraphrases,
        seed=seed,
        draws=draws,
        release=bound_release(options),
        model_sha256=options.model_sha256,
    )
    before = read_lean_report(compare) if compare else None
    report, answers = run_lean(run, backends, asking(asked, options.out))
    if before is not None:
        report = report.model_copy(update={"shifts": [*report.shifts, *compare_leans(before, report)]})
    named = [(item.level, found) for item, found in zip(backends, answers, strict=True)]
    write_lean_report(options.out, report, items, named)
    finish(report, options, lambda: print_lean(report), measured=all_measured(report.complete, report.results))


def print_lean(report: LeanReport) -> None:
    """The report for people."""
    for note in report.notes:
        typer.echo(f"note: {shown(note)}")
    for item in report.results:
        _print_result(item)
    for shift in report.shifts:
        print_shift(shift)


def _print_result(item: LeanResult) -> None:
    typer.echo(f"\n{shown(item.model)}, {item.level}, {item.language}: {item.outcome}")
    rows = [
        [c.country, *estimate_cells(c.pair_mean), f"{c.least_squares.value:+.3f}", "finding" if c.finding else ""]
        for c in item.countries
    ]
    print_table(["country", "score", "95 % interval", "p", "p, all", "least squares", ""], rows)
    mass, position = item.option_mass.mean, item.position_bias
    typer.echo(
        f"  items {item.measured} of {item.items}; option mass {'–' if mass is None else f'{mass:.3f}'}; position "
        f"bias {'–' if position is None else f'{position.value:+.3f}'}; swap consistency "
        f"{'–' if item.swap_consistency is None else f'{item.swap_consistency:.3f}'}"
    )


def print_shift(shift: LeanShift) -> None:
    """How far countries' scores moved, for people."""
    typer.echo(f"\nShift ({shift.kind}): {shown(shift.first)} → {shown(shift.second)}: {shift.outcome}")
    rows = [
        [c.country, *estimate_cells(c.shift), f"{c.odds_ratio:.2f}", "finding" if c.finding else ""]
        for c in shift.countries
    ]
    print_table(["country", "shift", "95 % interval", "p", "p, all", "odds ratio", ""], rows)
