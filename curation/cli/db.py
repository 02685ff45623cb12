"""`evenhand db`, `backup` and `restore`: where a home's data is, and how it survives."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curation.cli.opening import home_path, opened_platform
from curation.cli.printing import print_table, working

app = typer.Typer(no_args_is_help=True, help="The home's database: copy it into another one, upgrade it.")


@app.command()
def copy(
    context: typer.Context,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            envvar="EVENHAND_COPY_TO",
            show_envvar=True,
            help="Where to: postgresql://user:password@host/name (empty), or sqlite:///file (that does not exist).",
        ),
    ],
) -> None:
    """Copy the home's data into another database and prove that it arrived; then say how to switch.

    Nobody can write into the home meanwhile. The home goes on using its database until you switch. Other users of this
    machine can see what stands on a command line: where the address holds a password, put it into EVENHAND_COPY_TO.
    """
    from curation.address import is_postgresql, read_address
    from curation.copying import copy_home
    from curation.home import SQLITE_FILE

    with opened_platform(context) as platform, working("Copying and proving"):
        copied = copy_home(platform.home, to)
    path = home_path(context)
    print_table(["table", "rows"], [[name, str(digest.rows)] for name, digest in copied.tables.items()])
    typer.echo(f"\nEvery row arrived as it left; {copied.size} leaves give the root {copied.root or '(none yet)'};")
    typer.echo("replaying them gives the same rows.\n\nTo switch:")
    typer.echo("  1. Stop whatever serves this home. What was done since the copy began is not in it: then copy again.")
    if is_postgresql(read_address(to)):
        typer.echo(f"  2. Move {path / SQLITE_FILE} away, if it is there.")
        typer.echo("  3. Set EVENHAND_DATABASE_URL to the address that you copied to.")
    else:
        typer.echo(f"  2. Move the new file to {path / SQLITE_FILE}, if it is not there.")
        typer.echo("  3. Unset EVENHAND_DATABASE_URL.")
    typer.echo(f"  4. evenhand --home {path} doctor")


@app.command()
def upgrade(context: typer.Context) -> None:
    """Bring the home's database to the schema of this version. Make a backup before."""
    from curation.copies.known import index_texts
    from curation.db import SCHEMA_REVISION, migrate_in, open_engine, writing
    from curation.home import database_of, read_keys
    from curation.search.index import index_anew
    from curation.settings import read_settings

    path = home_path(context)
    engine = open_engine(database_of(path, read_settings().database))
    try:
        _, vault_key = read_keys(path)
        with writing(engine, alone=True) as connection:
            migrate_in(connection)
            index_texts(connection, vault_key)
            index_anew(connection)
    finally:
        engine.dispose()
    typer.echo(f"The database has schema revision {SCHEMA_REVISION}.")


def backup(
    context: typer.Context,
    target: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="A new file, or a folder for one.", show_default=False)
    ],
    with_keys: Annotated[
        bool,
        typer.Option(
            "--with-keys",
            help="Put the keys in too. Whoever has the file can then sign as the log and learn who everybody is.",
        ),
    ] = False,
) -> None:
    """Write the home into one file, of one moment, and read it again. Others may go on writing.

    It holds the whole database, the releases, the kept pages and the home's own protected sets. Keep it as secret as
    the database; delete it when erasures since have to count (an old backup brings erased text and forgotten people
    back).
    """
    from curation.backup import write_backup

    with opened_platform(context) as platform, working("Writing the backup"):
        written = write_backup(platform, target, with_keys=with_keys)
    log = written.manifest.log
    rows = sum(member.rows or 0 for member in written.manifest.members.values())
    typer.echo(
        f"Wrote {written.path}: {rows} rows, a log of {log.size} leaves in {log.epochs} epochs; read again, well."
    )
    for version in written.left_out:
        typer.echo(f"Without release {version}: its folder is gone or is not what was recorded. See `evenhand doctor`.")
    if written.pages_left_out:
        typer.echo(f"Without {written.pages_left_out} kept pages: gone or changed. See `evenhand sources check`.")
    if with_keys:
        typer.echo("It holds the keys: whoever has it can sign as the log, and open the vault. Keep it like them.")
    else:
        typer.echo(f"It holds no keys. Keep a copy of {home_path(context) / 'keys'} apart from it.")


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The backup.", show_default=False)],
    keys: Annotated[
        Path | None, typer.Option("--keys", help="The folder with the home's keys, if the backup has none.")
    ] = None,
    checkpoint: Annotated[
        Path | None, typer.Option("--checkpoint", help="The log's last checkpoint that others have seen.")
    ] = None,
) -> None:
    """Make a new home, the one that --home names, from a backup: compared, replayed and proved.

    With EVENHAND_DATABASE_URL its data goes into that empty PostgreSQL database.
    """
    from curation.restore import restore_backup
    from curation.settings import read_settings

    path = home_path(context)
    with working("Restoring and proving"):
        made = restore_backup(file, path, database=read_settings().database, keys=keys, checkpoint=checkpoint)
    typer.echo(f"Restored {made.dataset} to {path}: {made.rows} rows, {made.size} leaves, releases:")
    typer.echo(f"  {', '.join(made.releases) or 'none'}")
    typer.echo(f"  log   {made.origin}\n  root  {made.root or '(none yet)'}, as the last checkpoint says")
    if not made.has_keys:
        typer.echo(f"Its keys are missing: put log.key and vault.key into {path / 'keys'} (mode 600).")
    if checkpoint is None:
        typer.echo(
            "Before you close an epoch, compare this root with the last checkpoint that others have (--checkpoint):"
        )
        typer.echo("a log that goes on from behind what was published has two histories, and witnesses will say so.")
    typer.echo(f"Next: evenhand --home {path} doctor")
