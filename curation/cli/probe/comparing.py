"""`evenhand probe compare` and `models`: reports side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curation.cli.printing import print_json
from curation.cli.probe.geopolitical import print_shift


def models(
    reports: Annotated[list[Path], typer.Argument(help="Reports of the orientation, or their folders.")],
    out: Annotated[Path, typer.Option("--out", help="The page to write (HTML).", show_default=False)],
) -> None:
    """Put several models' orientation on one chart: base, chat, trained on one release or another.

    All must have answered the same prompts.
    """
    from curation.probing.files import read_orientation_report
    from curation.probing.orientation import check_comparable
    from curation.probing.orientation_pages import orientation_page

    known = [read_orientation_report(path) for path in reports]
    check_comparable(known)
    out.write_text(orientation_page(known), "utf-8")
    typer.echo(f"Wrote {out}: {len(known)} models.")


def compare(
    before: Annotated[Path, typer.Argument(help="The earlier report, or its folder.", show_default=False)],
    after: Annotated[Path, typer.Argument(help="The later one.", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", help="A file to write as a page (HTML).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result for programs.")] = False,
) -> None:
    """Tell how far a model's lean moved between two reports, paired by scenario, with odds ratios.

    Both must have asked the same prompts.
    """
    from curation.probing.files import read_lean_report
    from curation.probing.geopolitical import compare_leans
    from curation.probing.pages import shift_page

    first, second = read_lean_report(before), read_lean_report(after)
    shifts = compare_leans(first, second)
    if out is not None:
        out.write_text(shift_page(shifts, first.binding, second.binding), "utf-8")
    if as_json:
        print_json(
            {
                "before": first.binding.model_dump(mode="json"),
                "after": second.binding.model_dump(mode="json"),
                "shifts": [item.model_dump(mode="json") for item in shifts],
            }
        )
    else:
        for item in shifts:
            print_shift(item)
    raise typer.Exit(0 if all(item.outcome == "measured" for item in shifts) else 1)
