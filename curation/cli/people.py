"""`evenhand people`: accounts of a home."""

from __future__ import annotations

from typing import Annotated

import typer

from curation.cli.opening import acting, opened_platform
from curation.cli.printing import print_json, print_table

app = typer.Typer(no_args_is_help=True, help="Accounts: add, list, issue a token, forget; roles and suspensions.")

Handle = Annotated[
    str, typer.Argument(help="The account's handle: lower-case letters, digits and hyphens.", show_default=False)
]
As = Annotated[str | None, typer.Option("--as", help="The administrator who acts; by default the only one.")]
Pseudonym = Annotated[str, typer.Argument(help="How the topic knows them, `p_…`.", show_default=False)]


@app.command()
def add(
    context: typer.Context,
    handle: Handle,
    language: Annotated[list[str], typer.Option("--language", help="A language that they read; repeat for more.")],
    role: Annotated[
        list[str] | None,
        typer.Option(
            "--role", help="contributor (the default), maintainer, auditor or administrator; repeat for more."
        ),
    ] = None,
    organisation: Annotated[
        list[str] | None, typer.Option("--organisation", help="An organisation they declare; repeat for more.")
    ] = None,
    simulated: Annotated[bool, typer.Option("--simulated", help="No person: made up for a demonstration.")] = False,
) -> None:
    """Open an account and print its bearer token, once."""
    from curation.people.accounts import issue_token, join, read_joining

    joining = read_joining(
        {
            "handle": handle,
            "languages": language,
            "organisations": organisation or [],
            "roles": role or ["contributor"],
            "simulated": simulated,
        }
    )
    with opened_platform(context) as platform, platform.write() as writing:
        actor = join(writing.connection, writing.vault, joining, writing.token_bytes)
        token = issue_token(writing.connection, actor.account, writing.token_bytes)
    typer.echo(f"{handle} may act as {', '.join(sorted(actor.roles))}. Token, shown this once:\n{token}")


@app.command("list")
def list_people(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help="Print it for programs.")] = False
) -> None:
    """List accounts. Pseudonyms are not shown: nothing but the vault links them to accounts."""
    from curation.people.accounts import list_actors

    with opened_platform(context) as platform, platform.read() as loaded:
        actors = list_actors(loaded.connection)
    found = [
        {
            "handle": actor.handle,
            "roles": sorted(actor.roles),
            "languages": list(actor.languages),
            "simulated": actor.simulated,
        }
        for actor in actors
    ]
    if as_json:
        print_json(found)
        return
    rows = [
        [actor.handle, ", ".join(sorted(actor.roles)), ", ".join(actor.languages), "yes" if actor.simulated else ""]
        for actor in actors
    ]
    print_table(["handle", "roles", "languages", "simulated"], rows)


@app.command()
def token(context: typer.Context, handle: Handle) -> None:
    """Issue another bearer token for an account. It is shown this once."""
    from curation.people.accounts import actor_by_handle, issue_token

    with opened_platform(context) as platform, platform.write() as writing:
        actor = actor_by_handle(writing.connection, handle)
        issued = issue_token(writing.connection, actor.account, writing.token_bytes)
    typer.echo(issued)


@app.command()
def forget(
    context: typer.Context,
    handle: Handle,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget a person: destroys the link to their pseudonyms for ever. What they published stays under those."""
    from curation.people.accounts import actor_by_handle, erase_account

    with opened_platform(context) as platform:
        with platform.read() as loaded:
            actor_by_handle(loaded.connection, handle)
        if not yes:
            typer.confirm(f"Nobody can ever link {handle} to what they wrote again. Forget them?", abort=True)
        with platform.write() as writing:
            actor = actor_by_handle(writing.connection, handle)
            erase_account(writing.connection, writing.vault, actor.account)
            writing.leaves_traces = True
    typer.echo(f"{handle} is forgotten.")


@app.command()
def roles(
    context: typer.Context,
    handle: Handle,
    role: Annotated[
        list[str],
        typer.Option("--role", help="contributor, maintainer, auditor or administrator; repeat for more."),
    ],
    administrator: As = None,
) -> None:
    """Give an account these roles and no others. The log tells it of a pseudonym, for ever."""
    from curation.standing import change_roles, read_roles

    command = read_roles({"handle": handle, "roles": role})
    with opened_platform(context) as platform:
        actor = acting(platform, administrator)
        with platform.write() as writing:
            recorded = change_roles(writing, actor, command)
    typer.echo(f"{handle} may act as {', '.join(sorted(command.roles))}. Leaf {recorded.leaf}")


@app.command()
def suspend(
    context: typer.Context,
    topic: Annotated[str, typer.Argument(help="The topic's id.", show_default=False)],
    pseudonym: Pseudonym,
    ground: Annotated[str, typer.Option("--ground", help="abuse, spam, several_accounts, collusion or law.")],
    administrator: As = None,
) -> None:
    """Suspend a person on a topic. Who it is, nobody is told, the administrator neither."""
    from curation.standing import read_suspension, suspend_person

    command = read_suspension({"topic": topic, "pseudonym": pseudonym, "ground": ground})
    with opened_platform(context) as platform:
        actor = acting(platform, administrator)
        with platform.write() as writing:
            recorded = suspend_person(writing, actor, command)
    typer.echo(f"{pseudonym} is suspended on {topic}. Leaf {recorded.leaf}")


@app.command()
def restore(context: typer.Context, pseudonym: Pseudonym, administrator: As = None) -> None:
    """End a person's suspension."""
    from curation.standing import restore_person

    with opened_platform(context) as platform:
        actor = acting(platform, administrator)
        with platform.write() as writing:
            recorded = restore_person(writing, actor, pseudonym)
    typer.echo(f"{pseudonym} may act again. Leaf {recorded.leaf}")
