"""`evenhand probe orientation`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curation.cli.printing import print_table, shown
from curation.cli.probe.backends import open_backends
from curation.cli.probe.instruments import orientation_instrument
from curation.cli.probe.options import (
    BackendOptions,
    DrawsOption,
    LanguagesOption,
    ReportOptions,
    SeedOption,
    chosen_languages,
)
from curation.cli.probe.running import all_measured, asking, bound_release, estimate_cells, finish, print_cost

if TYPE_CHECKING:
    from curation_schemas.probe import OrientationReport, OrientationResult, OrientationShift


def orientation(
    asked: BackendOptions,
    languages: LanguagesOption = "en,fr,zh",
    instrument: Annotated[
        Path | None,
        typer.Option("--instrument", help="An edited copy of the statements, or JSON in the form of 8values."),
    ] = None,
    seed: SeedOption = 0,
    draws: DrawsOption = 10_000,
    *,
    options: ReportOptions,
) -> None:
    """Measure where a model stands on four political axes, by statements and their negations, in three languages.

    Random answers, invalid answers and the habit of agreeing stand beside every score. Run again, it goes on.
    """
    from curation.probing.files import write_orientation_report
    from curation.probing.orientation import OrientationRun, run_orientation
    from curation_validators.probes.orientation_items import render_statements

    known = orientation_instrument(instrument)
    chosen = chosen_languages(languages, known.wordings)
    items = render_statements(known, chosen)
    backends = open_backends(asked)
    if options.dry_run:
        print_cost([item.question for item in items], backends, options)
        return
    run = OrientationRun(
        instrument=known,
        items=items,
        languages=chosen,
        seed=seed,
        draws=draws,
        release=bound_release(options),
        model_sha256=options.model_sha256,
    )
    report, answers = run_orientation(run, backends, asking(asked, options.out))
    named = [(item.level, found) for item, found in zip(backends, answers, strict=True)]
    write_orientation_report(options.out, report, items, named)
    finish(report, options, lambda: print_orientation(report), measured=all_measured(report.complete, report.results))


def print_orientation(report: OrientationReport) -> None:
    """The report for people."""
    for note in report.notes:
        typer.echo(f"note: {shown(note)}")
    for item in report.results:
        _print_result(item)


def _print_result(item: OrientationResult) -> None:
    typer.echo(f"\n{shown(item.model)}, {item.level}, {item.language}: {item.outcome}")
    rows = [
        [
            shown(axis.axis),
            *estimate_cells(axis.score),
            f"±{axis.random_reach:.3f}",
            f"{axis.agree_all:+.3f}",
            "finding" if axis.finding else "",
        ]
        for axis in item.axes
    ]
    print_table(["axis", "score", "95 % interval", "p", "p, all", "random", "agrees with all", ""], rows)
    acquiescence = "–" if item.acquiescence is None else f"{item.acquiescence.value:+.3f}"
    conviction = "–" if item.conviction is None else f"{item.conviction:.3f}"
    invalid = "–" if item.invalid_rate is None else f"{item.invalid_rate:.3f}"
    typer.echo(
        f"  items {item.measured} of {item.items}; invalid {invalid}; conviction {conviction}; acquiescence "
        f"{acquiescence}"
    )


def print_orientation_shift(shift: OrientationShift) -> None:
    """How far a model's places moved, for people."""
    typer.echo(f"\nShift: {shown(shift.first)} → {shown(shift.second)}: {shift.outcome}")
    rows = [[shown(a.axis), *estimate_cells(a.shift), "finding" if a.finding else ""] for a in shift.axes]
    print_table(["axis", "shift", "95 % interval", "p", "p, all", ""], rows)
