"""`evenhand controls`: examples slanted on purpose, by which reviewing is measured."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from curation.cli.opening import acting, opened_platform, writing_as
from curation.cli.printing import print_json

app = typer.Typer(
    no_args_is_help=True, help="Planted controls: examples slanted on purpose, by which reviewing is measured."
)
As = Annotated[str | None, typer.Option("--as", help="Handle of the maintainer who acts.")]


@app.command()
def plant(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The example, as YAML or JSON.", show_default=False)],
    direction: Annotated[str, typer.Option("--direction", help="The position that it is slanted to.")],
    who: As = None,
) -> None:
    """Commit to a control. It is proposed once the epoch is closed, under a pseudonym that nobody holds.

    When its round has ended, the log shows which example it was; it is never part of a release. The release's card
    says how many controls were accepted.
    """
    from curation.examples.controls import plant_control, read_control

    command = read_control(file, direction)
    with writing_as(context, who) as (writing, actor):
        recorded = plant_control(writing, actor, command)
    typer.echo(f"Committed to as {recorded.leaf}. It is proposed when this epoch is closed.")
    typer.echo(f"Delete {file} from wherever reviewers could see it.")


@app.command()
def status(
    context: typer.Context,
    who: As = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it for programs.")] = False,
) -> None:
    """Say how many controls wait, are in review and were opened, and what share of the seats is theirs."""
    from curation.examples.controls import AIM_PERCENT, control_status

    with opened_platform(context) as platform:
        acting(platform, who).require("maintainer")
        with platform.write() as writing:
            found = control_status(writing)
    if as_json:
        print_json(asdict(found))
        return
    typer.echo(f"waiting {found.waiting}, in review {found.in_review}, opened {found.opened}")
    typer.echo(f"{found.seats_percent:.1f} % of all seats are in controls; {AIM_PERCENT} % is the aim.")
