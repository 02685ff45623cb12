"""`evenhand log`: look at the log, publish its files again, rebuild what depends on it."""

from __future__ import annotations

from typing import Annotated

import typer

from curation.cli.opening import opened_platform, writing_as
from curation.cli.printing import print_json, working

app = typer.Typer(no_args_is_help=True, help="The append-only log: show, publish, replay.")


@app.command()
def checkpoint(context: typer.Context) -> None:
    """Print the latest checkpoint (a C2SP signed note)."""
    from curation.log.store import CHECKPOINT, reader

    with opened_platform(context) as platform:
        typer.echo(reader(platform.home.log_path)(CHECKPOINT).decode(), nl=False)


@app.command()
def show(
    context: typer.Context,
    leaf: Annotated[
        str, typer.Argument(help="The leaf's number, or its hash as a receipt has it.", show_default=False)
    ],
) -> None:
    """Print a leaf of the log; with the hash from a receipt, this checks that the promise was kept."""
    from sqlalchemy import select

    from curation.errors import NotFound
    from curation.log.leaf import decode_leaf
    from curation.tables import log_leaves

    wanted = log_leaves.c.idx == int(leaf) if leaf.isdecimal() and len(leaf) < 19 else log_leaves.c.hash == leaf
    with opened_platform(context) as platform, platform.read() as loaded:
        found = loaded.connection.execute(select(log_leaves).where(wanted)).first()
    if found is None:
        raise NotFound(f"the log has no leaf {leaf[:64]!r}", hint="An act stands in it once its epoch is closed.")
    print_json({"index": found.idx, "epoch": found.epoch, "hash": found.hash, "event": decode_leaf(found.leaf)})


@app.command()
def erase(
    context: typer.Context,
    act: Annotated[str, typer.Argument(help="The leaf hash of the act whose text goes.", show_default=False)],
    ground: Annotated[str, typer.Option("--ground", help="author_request, personal_data or law.")],
    commitment: Annotated[
        list[str] | None, typer.Option("--commitment", help="Only the text behind this commitment; repeat for more.")
    ] = None,
    who: Annotated[str | None, typer.Option("--as", help="Handle of the author, or of a maintainer.")] = None,
) -> None:
    """Erase the text of an act: its openings are destroyed and overwritten, its leaf stays.

    The erasure becomes an event. Releases built from now on are without the text; rebuild published ones with
    `evenhand release rebuild`.
    """
    from curation.examples.erase import erase_openings, read_erase

    command = read_erase({"act": act, "ground": ground, "commitments": commitment or []})
    with writing_as(context, who) as (writing, actor):
        recorded = erase_openings(writing, actor, command)
    typer.echo(f"Erased. Recorded as {recorded.leaf}; it enters the log when the epoch is closed.")


@app.command()
def publish(context: typer.Context) -> None:
    """Write checkpoint and tiles again from the database."""
    from curation.db import taking_turns
    from curation.log.store import LOG_FILES, publish_log

    with opened_platform(context) as platform, taking_turns(platform.home.engine, LOG_FILES) as now:
        size = publish_log(now, platform.home.log_path, anew=True)
        typer.echo(f"Wrote a log of {size} leaves to {platform.home.log_path}.")


@app.command()
def replay(context: typer.Context) -> None:
    """Rebuild every projection table from the leaves, and say what was different. Exit 1 if anything was.

    The indexes by which copies of texts, and public texts, are found are made anew too.
    """
    from curation.copies.known import index_texts
    from curation.rebuild import projection_contents, rebuild_projection
    from curation.search.index import index_anew

    with opened_platform(context) as platform, platform.write(alone=True) as writing, working("Replaying the log"):
        before = projection_contents(writing.connection)
        state = rebuild_projection(writing.connection)
        index_texts(writing.connection, writing.home.vault_key)
        index_anew(writing.connection)
        after = projection_contents(writing.connection)
    different = [name for name in before if before[name] != after[name]]
    typer.echo(f"Replayed {state.size} leaves: {len(state.histories)} examples, {len(state.violations)} broken rules.")
    for violation in state.violations:
        typer.echo(f"  leaf {violation.index}: {violation.message} (rule {violation.rule})")
    typer.echo(
        f"Was different: {', '.join(different)}; mended." if different else "The projection was as it should be."
    )
    raise typer.Exit(1 if different or state.violations else 0)
