"""`evenhand probe compare` and `models`: reports side by side.

Rules that always hold:
- all reports are of one probe and asked the same prompts; which probe, the first one says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from curation.cli.printing import print_json
from curation.cli.probe.evenhandedness import print_evenhandedness_shift
from curation.cli.probe.geopolitical import print_shift
from curation.cli.probe.instruments import orientation_instrument
from curation.cli.probe.orientation import print_orientation_shift
from curation.cli.probe.refusals import print_refusal_shift
from curation.cli.probe.selection import print_selection_shift

if TYPE_CHECKING:
    from curation_schemas.base import Wire
    from curation_schemas.probe import Binding

Item = TypeVar("Item")
Made = TypeVar("Made")


def models(
    reports: Annotated[list[Path], typer.Argument(help="Reports of orientation or selection, or their folders.")],
    out: Annotated[Path, typer.Option("--out", help="The page to write (HTML).", show_default=False)],
) -> None:
    """Put several models' orientation or selection on one chart: base, chat, trained on one release or another.

    All must have answered the same prompts. Of orientation, the page also tests how each model differs from the first,
    statement by statement; of selection, it says whom each two models both reject.
    """
    drawn = {"orientation": _draw_orientations, "selection": _draw_selections}
    out.write_text(_of_probe(drawn, reports[0], "models")(reports), "utf-8")
    typer.echo(f"Wrote {out}: {len(reports)} models.")


def _draw_orientations(reports: Sequence[Path]) -> str:
    from curation.probing.files import read_orientation_report
    from curation.probing.orientation import check_comparable, compare_orientations
    from curation.probing.orientation_pages import orientation_page

    first, *others = known = [read_orientation_report(path) for path in reports]
    check_comparable(known)
    own = orientation_instrument(None)
    # Of an edited instrument the weights are not known here: `compare --instrument` has the tests.
    if first.binding.instrument_sha256 != own.digest:
        return orientation_page(known)
    return orientation_page(known, [shift for other in others for shift in compare_orientations(own, first, other)])


def _draw_selections(reports: Sequence[Path]) -> str:
    from curation.probing.selection import compare_models
    from curation.probing.selection_files import read_selection_report
    from curation.probing.selection_pages import selection_page

    known = [read_selection_report(path) for path in reports]
    return selection_page(known, compare_models(known))


def compare(
    before: Annotated[Path, typer.Argument(help="The earlier report, or its folder.", show_default=False)],
    after: Annotated[Path, typer.Argument(help="The later one.", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", help="A file to write as a page (HTML).")] = None,
    instrument: Annotated[
        Path | None, typer.Option("--instrument", help="For orientation: the edited statements that both asked.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result for programs.")] = False,
) -> None:
    """Tell what changed between two reports of one probe, with paired tests.

    Both must have asked the same prompts.
    """
    from curation.probing.files import probe_of

    compared = {
        "geopolitical": _compare_leans,
        "orientation": lambda one, other: _compare_orientations(one, other, instrument),
        "selection": _compare_selections,
        "refusals": _compare_refusals,
        "evenhandedness": _compare_evenhandedness,
    }
    compare_both = _of_probe(compared, before, "compare")
    if _of_probe(compared, after, "compare") is not compare_both:
        raise typer.BadParameter(f"these are reports of two probes, {probe_of(before)} and {probe_of(after)}")
    found = compare_both(before, after)
    if out is not None:
        out.write_text(found.page(), "utf-8")
    if as_json:
        print_json(
            {
                "before": found.before.model_dump(mode="json"),
                "after": found.after.model_dump(mode="json"),
                "shifts": [item.model_dump(mode="json") for item in found.shifts],
            }
        )
    else:
        found.print_shifts()
    raise typer.Exit(0 if found.measured else 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """What a comparison came to, whichever probe it is of."""

    before: Binding
    after: Binding
    shifts: Sequence[Wire]
    measured: bool
    print_shifts: Callable[[], None]
    page: Callable[[], str]


def _compare_leans(before: Path, after: Path) -> _Compared:
    from curation.probing.files import read_lean_report
    from curation.probing.geopolitical import compare_leans
    from curation.probing.pages import shift_page

    first, second = read_lean_report(before), read_lean_report(after)
    shifts = compare_leans(first, second)
    return _Compared(
        before=first.binding,
        after=second.binding,
        shifts=shifts,
        measured=all(item.outcome == "measured" for item in shifts),
        print_shifts=lambda: _each(print_shift, shifts),
        page=lambda: shift_page(shifts, first.binding, second.binding),
    )


def _compare_orientations(before: Path, after: Path, instrument: Path | None) -> _Compared:
    from curation.probing.files import read_orientation_report
    from curation.probing.orientation import compare_orientations
    from curation.probing.orientation_pages import shift_page

    first, second = read_orientation_report(before), read_orientation_report(after)
    shifts = compare_orientations(orientation_instrument(instrument), first, second)
    return _Compared(
        before=first.binding,
        after=second.binding,
        shifts=shifts,
        measured=all(item.outcome == "measured" for item in shifts),
        print_shifts=lambda: _each(print_orientation_shift, shifts),
        page=lambda: shift_page(shifts, first.binding, second.binding),
    )


def _compare_selections(before: Path, after: Path) -> _Compared:
    from curation.probing.selection import compare_selections
    from curation.probing.selection_files import read_selection_report
    from curation.probing.selection_pages import shift_page

    first, second = read_selection_report(before), read_selection_report(after)
    shifts = compare_selections(first, second)
    return _Compared(
        before=first.binding,
        after=second.binding,
        shifts=shifts,
        measured=all(item.outcome == "measured" for item in shifts),
        print_shifts=lambda: _each(print_selection_shift, shifts),
        page=lambda: shift_page(shifts, first.binding, second.binding),
    )


def _compare_refusals(before: Path, after: Path) -> _Compared:
    from curation.probing.refusal_files import read_refusal_report
    from curation.probing.refusal_pages import refusal_shift_page
    from curation.probing.refusals import compare_refusals

    first, second = read_refusal_report(before), read_refusal_report(after)
    shifts = compare_refusals(first, second)
    return _Compared(
        before=first.binding,
        after=second.binding,
        shifts=shifts,
        measured=all(item.outcome == "measured" for item in shifts),
        print_shifts=lambda: _each(print_refusal_shift, shifts),
        page=lambda: refusal_shift_page(shifts, first.binding, second.binding),
    )


def _compare_evenhandedness(before: Path, after: Path) -> _Compared:
    from curation.probing.evenhandedness import compare_evenhandedness
    from curation.probing.evenhandedness_files import read_evenhandedness_report
    from curation.probing.evenhandedness_pages import shift_page

    first, second = read_evenhandedness_report(before), read_evenhandedness_report(after)
    shifts = compare_evenhandedness(first, second)
    return _Compared(
        before=first.binding,
        after=second.binding,
        shifts=shifts,
        measured=all(item.outcome == "measured" for item in shifts),
        print_shifts=lambda: _each(print_evenhandedness_shift, shifts),
        page=lambda: shift_page(shifts, first.binding, second.binding),
    )


def _each(show: Callable[[Item], None], items: Sequence[Item]) -> None:
    for item in items:
        show(item)


def _of_probe(known: dict[str, Made], path: Path, command: str) -> Made:
    """What a command does with reports of this one's probe."""
    from curation.errors import InvalidInput
    from curation.probing.files import probe_of

    name = probe_of(path)
    if name not in known:
        there = " and ".join(f"«{item}»" for item in known)
        raise InvalidInput(f"is a report of the probe «{name}»; {command} knows {there}", where=str(path))
    return known[name]
