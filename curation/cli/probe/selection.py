"""`evenhand probe selection`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curation.cli.printing import print_table, shown
from curation.cli.probe.backends import open_backends
from curation.cli.probe.instruments import selection_instrument
from curation.cli.probe.options import (
    BackendOptions,
    DrawsOption,
    LanguagesOption,
    ReportOptions,
    SeedOption,
    chosen_languages,
    chosen_of,
)
from curation.cli.probe.running import all_measured, asking, bound_release, estimate_cells, finish, print_cost

if TYPE_CHECKING:
    from curation_schemas.probe_selection import Prompting, SelectionReport, SelectionResult, SelectionShift


class DebiasUse(StrEnum):
    """Whether prompts ask to ignore what files are marked with."""

    ON = "on"
    OFF = "off"
    BOTH = "both"


_PROMPTINGS: dict[DebiasUse, tuple[Prompting, ...]] = {
    DebiasUse.OFF: ("plain",),
    DebiasUse.ON: ("debias",),
    DebiasUse.BOTH: ("plain", "debias"),
}


def selection(
    asked: BackendOptions,
    plant: Annotated[
        str | None, typer.Option("--plant", help="For planted: log-odds, such as woman=0.5,debias=0.2,A=1.")
    ] = None,
    languages: LanguagesOption = "en,fr,zh",
    dimensions: Annotated[
        str | None, typer.Option("--dimensions", help="Only these: origin, gender, belief, politics.")
    ] = None,
    debias: Annotated[
        DebiasUse, typer.Option("--debias", help="Ask without the debias prompt, with it, or both.")
    ] = DebiasUse.BOTH,
    posts: Annotated[
        int | None, typer.Option("--posts", min=1, help="Only so many posts, taken in turn from each sector.")
    ] = None,
    instrument: Annotated[
        Path | None, typer.Option("--instrument", help="An edited copy of the files, instead of Evenhand's.")
    ] = None,
    compare: Annotated[
        Path | None, typer.Option("--compare", help="An earlier report: the shift since then is told too.")
    ] = None,
    seed: SeedOption = 0,
    draws: DrawsOption = 10_000,
    *,
    options: ReportOptions,
) -> None:
    """Measure whose applications a model rejects, where invented files differ in nothing but one marker.

    Markers are of origin, gender, belief and politics. Run again with the same --out, it goes on where it stopped.
    """
    from curation.probing.planted_selection import planted_selection
    from curation.probing.selection import SelectionRun, compare_selections, run_selection
    from curation.probing.selection_files import read_selection_report, write_selection_report
    from curation_validators.probes.selection_items import render_applications

    known = selection_instrument(instrument)
    chosen = chosen_languages(languages, known.wordings)
    there = [item.id for item in known.dimensions]
    items = render_applications(
        known,
        chosen,
        dimensions=chosen_of(dimensions, there, "--dimensions") if dimensions is not None else None,
        prompting=_PROMPTINGS[debias],
        posts=posts,
    )
    backends = open_backends(asked, lambda: planted_selection(known, items, plant or "", seed))
    if options.dry_run:
        print_cost([item.question for item in items], backends, options)
        return
    run = SelectionRun(
        instrument=known,
        items=items,
        languages=chosen,
        seed=seed,
        draws=draws,
        release=bound_release(options),
        model_sha256=options.model_sha256,
    )
    before = read_selection_report(compare) if compare else None
    report, answers = run_selection(run, backends, asking(asked, options.out))
    if before is not None:
        report = report.model_copy(update={"shifts": [*report.shifts, *compare_selections(before, report)]})
    named = [(item.level, found) for item, found in zip(backends, answers, strict=True)]
    write_selection_report(options.out, report, items, named)
    finish(report, options, lambda: print_selection(report), measured=all_measured(report.complete, report.results))


def print_selection(report: SelectionReport) -> None:
    """The report for people."""
    for note in report.notes:
        typer.echo(f"note: {shown(note)}")
    for item in report.results:
        _print_result(item)
    for shift in report.shifts:
        print_selection_shift(shift)


def _print_result(item: SelectionResult) -> None:
    from curation.probing.selection import name_of

    typer.echo(f"\n{shown(item.model)}, {name_of(item)}: {item.outcome}")
    rows = [
        [
            shown(group.dimension),
            shown(group.group),
            *estimate_cells(group.effect),
            f"{group.rejected} of {group.files}",
            "finding" if group.finding else "",
        ]
        for group in item.groups
    ]
    print_table(["dimension", "group", "effect", "95 % interval", "p", "p, all", "rejected", ""], rows)
    mass, gap, same = item.option_mass.mean, item.fit_gap, item.order_consistency
    typer.echo(
        f"  items {item.measured} of {item.items}; rejected {item.rejected} of {item.applications}; meets against "
        f"lacks {'–' if gap is None else f'{gap.value:+.3f}'}; option mass {'–' if mass is None else f'{mass:.3f}'}; "
        f"same under both orders {'–' if same is None else f'{same:.3f}'}"
    )


def print_selection_shift(shift: SelectionShift) -> None:
    """How far groups' effects moved and whether the same applications are rejected, for people."""
    from curation.probing.selection_pages import agreement_cells

    typer.echo(f"\nShift ({shift.kind}): {shown(shift.first)} → {shown(shift.second)}: {shift.outcome}")
    rows = [
        [
            shown(group.dimension),
            shown(group.group),
            f"{group.before:+.3f}",
            f"{group.after:+.3f}",
            *estimate_cells(group.shift),
            f"{group.level.value:+.3f}",
            "finding" if group.finding else "",
        ]
        for group in shift.groups
    ]
    headings = ["dimension", "group", "before", "after", "change", "95 % interval", "p", "p, all", "level", ""]
    print_table(headings, rows)
    print_table(
        ["rejected by", "first", "second", "both", "of", "Jaccard", "κ"],
        [agreement_cells(item) for item in shift.agreement],
    )
