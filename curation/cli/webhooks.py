"""`evenhand webhooks`: who is told what became public."""

from __future__ import annotations

from typing import Annotated

import typer

from curation.cli.opening import opened_platform, writing_as
from curation.cli.printing import print_json, print_table

app = typer.Typer(no_args_is_help=True, help="Webhooks: tell programs elsewhere what became public.")

As = Annotated[str | None, typer.Option("--as", help="The maintainer who acts; by default the one administrator.")]
Id = Annotated[str, typer.Argument(help="The receiver's id, `wh_…`.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print it for programs.")]


@app.command()
def add(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Where to send messages: https://…", show_default=False)],
    handle: As = None,
) -> None:
    """Register a receiver and print its secret, once. It gets messages from the next epoch's end on."""
    from curation.settings import read_settings
    from curation.webhooks.receivers import add_receiver

    with writing_as(context, handle) as (writing, actor):
        made = add_receiver(writing, actor, url, private=read_settings().webhooks_private)
    typer.echo(f"{made.id} is registered. Secret, shown this once:\n{made.secret}")


@app.command("list")
def list_all(context: typer.Context, as_json: AsJson = False) -> None:
    """List receivers, and how many messages wait, were delivered or were given up."""
    from dataclasses import asdict

    from curation.webhooks.receivers import list_receivers

    with opened_platform(context) as platform, platform.read() as loaded:
        found = list_receivers(loaded.connection)
    if as_json:
        print_json([asdict(item) for item in found])
        return
    rows = [
        [item.id, item.url, "" if item.active else "gone", str(item.waiting), str(item.delivered), str(item.given_up)]
        for item in found
    ]
    print_table(["id", "address", "", "waiting", "delivered", "given up"], rows)


@app.command()
def rotate(context: typer.Context, receiver: Id, handle: As = None) -> None:
    """Make a receiver a new secret and print it, once. The old one signs beside it for a day."""
    from curation.webhooks.receivers import replace_secret

    with writing_as(context, handle) as (writing, actor):
        made = replace_secret(writing, actor, receiver)
    typer.echo(f"{made.id} has a new secret, shown this once:\n{made.secret}")


@app.command()
def remove(context: typer.Context, receiver: Id, handle: As = None) -> None:
    """Send nothing more to a receiver, and forget what was sent."""
    from curation.webhooks.receivers import remove_receiver

    with writing_as(context, handle) as (writing, actor):
        remove_receiver(writing, actor, receiver)
    typer.echo(f"{receiver} gets nothing more.")


@app.command()
def attempts(context: typer.Context, receiver: Id, as_json: AsJson = False) -> None:
    """Print each attempt to send something to a receiver in the last month: message, attempt, status, moment (UTC)."""
    from curation.webhooks.deliver import attempts_of

    with opened_platform(context) as platform, platform.read() as loaded:
        found = attempts_of(loaded.connection, receiver)
    if as_json:
        print_json(found)
        return
    rows = [[str(item[name]) for name in ("message", "attempt", "status", "at")] for item in found]
    print_table(["message", "attempt", "status", "at"], rows)


@app.command()
def deliver(context: typer.Context) -> None:
    """Send every message that is due. Have a scheduler call this each minute."""
    from curation.settings import read_settings
    from curation.webhooks.deliver import deliver_due, reach_of

    with opened_platform(context) as platform:
        came = deliver_due(platform, reach_of(private=read_settings().webhooks_private))
    typer.echo(f"{came.sent} sent, {came.failed} to be tried again, {came.given_up} given up.")
