"""`evenhand epoch`: when acts enter the log."""

from __future__ import annotations

from typing import Annotated

import typer

from curation.cli.opening import opened_platform

app = typer.Typer(no_args_is_help=True, help="Epochs: the spans after which acts are sealed into the log.")


@app.command()
def close(
    context: typer.Context,
    if_due: Annotated[bool, typer.Option("--if-due", help="Only when the epoch has lasted its days.")] = False,
) -> None:
    """Close the open epoch: end what is overdue, seal what is pending, publish the log.

    Closing early costs privacy: the fewer acts an epoch seals together, the easier it is to link one person's
    pseudonyms by when they act.
    """
    from curation.epoch import close_due_epoch, close_epoch, days_open

    with opened_platform(context) as platform:
        days = days_open(platform)
        closed = close_due_epoch(platform) if if_due else close_epoch(platform)
    if closed is None:
        typer.echo(f"Not due: the epoch has been open for {days if days is not None else 0} days.")
        return
    sealed = closed.sealed
    typer.echo(f"Closed epoch {sealed.epoch} of {sealed.date}: {sealed.acts} acts sealed, {sealed.size} leaves in all.")
    if closed.rounds_ended or closed.flags_lapsed:
        typer.echo(f"Out of time: {closed.rounds_ended} rounds ended, {closed.flags_lapsed} flags lapsed.")
    if closed.topics_adopted:
        typer.echo(f"Adopted: {closed.topics_adopted} topic definitions; they bind in two epochs.")
    if sealed.waiting:
        typer.echo(f"{sealed.waiting} acts of open rounds stay sealed until their rounds end.")
    if days is not None and days < platform.epoch_days:
        typer.echo(
            f"It was open for {days} of {platform.epoch_days} days. Its {sealed.acts} acts stand apart in time from "
            "all others; with few people that can link their pseudonyms."
        )


@app.command()
def status(context: typer.Context) -> None:
    """Say which epoch is open, and for how long."""
    from curation.epoch import days_open, epoch_due

    with opened_platform(context) as platform, platform.read() as loaded:
        days = days_open(platform)
        typer.echo(
            f"Epoch {loaded.epoch} has been open for {days or 0} days{'; it is due' if epoch_due(platform) else ''}."
        )
