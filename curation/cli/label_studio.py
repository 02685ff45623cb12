"""`evenhand label-studio`: reviewing in Label Studio."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curation.cli.opening import acting, home_path, opened_platform
from curation.cli.printing import print_json, print_table

if TYPE_CHECKING:
    from curation.integrations.label_studio.client import Client
    from curation.integrations.label_studio.slots import Slot
    from curation.integrations.label_studio.sync import Synced
    from curation.writing import Platform

app = typer.Typer(no_args_is_help=True, help="Label Studio: let volunteers review there.")

As = Annotated[str | None, typer.Option("--as", help="The maintainer who acts; by default the one administrator.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print it for programs.")]
Handle = Annotated[str, typer.Argument(help="The volunteer's handle here.", show_default=False)]
Who = Annotated[list[str] | None, typer.Argument(help="Handles of reviewers; all who are linked.", show_default=False)]
Tasks = Annotated[int, typer.Option("--tasks", min=1, max=1000, help="Seats that one reviewer holds at a time.")]


@app.command()
def connect(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help="Where Label Studio is: https://…", show_default=False)],
    token: Annotated[
        str,
        typer.Option(
            envvar="EVENHAND_LABEL_STUDIO_TOKEN",
            prompt="Personal access token of a maintainer's account there",
            hide_input=True,
            help="A personal access token of Label Studio, or a legacy token where those are enabled.",
        ),
    ] = "",
    handle: As = None,
) -> None:
    """Connect this home to a Label Studio. The token is kept sealed; webhooks get a new secret."""
    from curation.integrations.label_studio.client import Client
    from curation.integrations.label_studio.connection import Server, keep_server, read_server_url
    from curation.settings import read_settings

    url = read_server_url(url, http=read_settings().label_studio_http)
    with opened_platform(context) as platform:
        actor = acting(platform, handle)
        actor.require("maintainer")
        client = Client(Server(url, token.strip(), ""))
        client.whoami()
        with platform.write() as writing:
            keep_server(writing, actor, url, token.strip())
        typer.echo(f"Connected to Label Studio {client.version()} at {url}.")


@contextmanager
def _connected(context: typer.Context) -> Iterator[tuple[Platform, Client]]:
    from curation.integrations.label_studio.client import Client
    from curation.integrations.label_studio.connection import connected_server
    from curation.people.vault import Vault

    with opened_platform(context) as platform:
        with platform.read() as loaded:
            vault = Vault(loaded.connection, platform.home.vault_key, platform.token_bytes)
            server = connected_server(loaded, vault)
        client = Client(server)
        try:
            yield platform, client
        finally:
            client.close()


@app.command()
def link(
    context: typer.Context,
    handle: Handle,
    email: Annotated[str, typer.Option("--email", help="The address of their account in Label Studio.")],
    language: Annotated[str, typer.Option("--language", help="Language of the forms: en, fr or zh-Hans.")] = "en",
    also: Annotated[
        list[str] | None,
        typer.Option(
            "--also",
            help="What they want to do besides reviewing: source (check sources), answer (answer "
            "open questions). May be given twice.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="They read what Label Studio's server learns, and agree.")] = False,
) -> None:
    """Let a volunteer review in Label Studio, after they read what its server learns about them."""
    from curation.integrations.label_studio.reviewers import LinkReviewer, link_reviewer
    from curation.integrations.label_studio.telling import told
    from curation.people.accounts import actor_by_handle

    for sentence in told(language):
        typer.echo(f"- {sentence}")
    agreed = yes or typer.confirm("Do you agree?", default=False)
    with opened_platform(context) as platform, platform.write() as writing:
        actor = actor_by_handle(writing.connection, handle)
        command = LinkReviewer(email=email, language=language, consents=agreed, also=tuple(also or ()))
        link_reviewer(writing, actor, command)
    typer.echo(f"{handle} reviews in Label Studio from the next sync on.")


@app.command()
def unlink(context: typer.Context, handle: Handle) -> None:
    """End it: the projects there are deleted, and what is known of them here."""
    from curation.integrations.label_studio.sync import end_link
    from curation.people.accounts import actor_by_handle

    with _connected(context) as (platform, client):
        with platform.read() as loaded:
            actor = actor_by_handle(loaded.connection, handle)
        end_link(platform, client, actor)
    typer.echo(f"{handle} reviews in Label Studio no more.")


@app.command()
def push(context: typer.Context, who: Who = None, tasks: Tasks = 5, as_json: AsJson = False) -> None:
    """Ask the queue for seats and make each a task; remove the tasks whose seats are gone."""
    _run(context, who, as_json, pull=False, most=tasks)


@app.command()
def pull(context: typer.Context, who: Who = None, as_json: AsJson = False) -> None:
    """Take in what was annotated."""
    _run(context, who, as_json, push=False)


@app.command()
def sync(
    context: typer.Context,
    who: Who = None,
    tasks: Tasks = 5,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until Ctrl-C, hints of webhooks first.")] = False,
    every: Annotated[int, typer.Option("--every", min=5, help="Seconds between looks at everything.")] = 60,
    as_json: AsJson = False,
) -> None:
    """Pull, then push: both sides agree after it."""
    if not watch:
        _run(context, who, as_json, most=tasks)
        return
    from curation.integrations.label_studio.watching import watch as keep_watch
    from curation.settings import read_settings

    with _connected(context) as (platform, client):
        try:
            keep_watch(
                platform,
                client,
                tell=lambda came: _tell(came, as_json),
                every_s=every,
                most=tasks,
                public_url=read_settings().public_url,
                say_reason=_say_reason,
            )
        except KeyboardInterrupt:
            typer.echo("Stopped.")


def _run(context: typer.Context, who: list[str] | None, as_json: bool, **options: Any) -> None:
    from curation.integrations.label_studio.sync import sync_all
    from curation.settings import read_settings

    options["public_url"] = read_settings().public_url
    with _connected(context) as (platform, client):
        came = sync_all(platform, client, who or (), say_reason=_say_reason, **options)
    _tell(came, as_json)
    if came.failed:
        raise typer.Exit(1)


def _say_reason(slot: Slot, language: str) -> str:
    """Say why an annotation was refused, as the pages do."""
    # They are named by string: the platform never imports the layer above it.
    said: str = import_module("curation_api.pages.refused").say_reason(slot, language)
    return said


def _tell(came: Synced, as_json: bool) -> None:
    from dataclasses import asdict

    if as_json:
        print_json(asdict(came))
        return
    typer.echo(
        f"{came.taken} taken, {came.superseded} superseded, {came.passed} handed on, "
        f"{came.pushed} pushed, {came.removed} removed."
    )
    for title, problems in (("refused", came.refused), ("too late", came.late), ("not ours", came.unknown)):
        for problem in problems:
            typer.echo(f"  {title}: project {problem.project}, task {problem.task}: {problem.reason}")
    for reason in came.failed:
        typer.echo(f"  failed: {reason}", err=True)


@app.command()
def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Show who reviews there, how their tasks stand, and what was refused."""
    from curation.integrations.label_studio.standing import standing_of

    with _connected(context) as (platform, client):
        found = standing_of(platform, client)
    if as_json:
        print_json(found)
        return
    typer.echo(f"Label Studio {found['version']} at {found['url']}")
    typer.echo(f"Accounts there are opened at {found['invitation']}")
    rows = [[item["handle"], *(str(item[name]) for name in _STATES)] for item in found["reviewers"]]
    print_table(["handle", *_STATES], rows)
    for item in found["refused"]:
        typer.echo(f"  refused: project {item['project']}, task {item['task']}: {item['reason']}")


_STATES = ("open", "taken", "refused")


@app.command()
def up(
    context: typer.Context,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Where it listens, on this machine.")] = 8080,
    data: Annotated[
        Path | None, typer.Option("--data", help="Folder of its database; by default label-studio in the home.")
    ] = None,
    handle: As = None,
) -> None:
    """Run a local Label Studio, installed on first use, and connect this home to it. Ctrl-C ends it."""
    import secrets

    from curation.integrations.label_studio.connection import keep_server
    from curation.integrations.label_studio.local import ADMINISTRATOR, Visitor, is_installed, running

    if not is_installed():
        typer.echo("Installing Label Studio into an environment of its own: some minutes, once.")
    folder = data or home_path(context).resolve() / "label-studio"
    with running(folder, port, secrets.token_bytes) as local:
        typer.echo(f"Label Studio runs on {local.url}")
        if local.passphrase is not None:
            typer.echo(f"Administrator, shown this once: {ADMINISTRATOR} with the passphrase {local.passphrase}")
            token = Visitor(local.url).sign_in(ADMINISTRATOR, local.passphrase).token()
            with opened_platform(context) as platform:
                actor = acting(platform, handle)
                with platform.write() as writing:
                    keep_server(writing, actor, local.url, token)
            typer.echo("This home is connected to it.")
        try:
            local.process.wait()
        except KeyboardInterrupt:
            typer.echo("Stopped.")


@app.command()
def demo(
    context: typer.Context,
    dataset: Annotated[
        Path | None,
        typer.Option("--dataset", help="A small dataset's folder, with example.json; docs/first-dataset by default."),
    ] = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Where Label Studio listens.")] = 8080,
    stay: Annotated[bool, typer.Option("--stay", help="Go on running, to look around there, until Ctrl-C.")] = False,
) -> None:
    """Show the whole loop in an empty home: two simulated people annotate in a real Label Studio; a release is cut."""
    from curation.audit.trace import trace_example
    from curation.cli.story import print_story
    from curation.integrations.label_studio.demo import played

    with played(home_path(context), dataset, port, lambda text: typer.echo(f"  {text}")) as (local, made, example):
        typer.echo(f"\n$ evenhand trace {example} --bundle {made.path}")
        print_story(trace_example(made.path, example).story)
        if stay:
            typer.echo(f"\nLabel Studio runs on {local.url} until Ctrl-C.")
            try:
                local.process.wait()
            except KeyboardInterrupt:
                typer.echo("Stopped.")
