"""`evenhand init`, `status` and `doctor`: a home's beginning, state and health."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curation.cli.opening import home_path, opened_platform
from curation.cli.printing import print_json, print_table

Dataset = Annotated[
    Path, typer.Option("--dataset", help="The dataset's folder, with dataset.yaml.", show_default=False)
]


def init(
    context: typer.Context,
    dataset: Dataset,
    maintainer: Annotated[str, typer.Option("--maintainer", help="Handle of the first maintainer.")] = "maintainer",
    origin: Annotated[
        str | None, typer.Option("--origin", help="The log's name for ever, such as example.org/my-dataset.")
    ] = None,
) -> None:
    """Make a home for a dataset. Its definition binds at once and is the log's first leaf."""
    from curation.begin import begin_home
    from curation.settings import read_settings
    from curation.topics.define import read_definition

    command = read_definition(dataset)
    path = home_path(context)
    platform, _ = begin_home(path, command, maintainer, origin=origin, database=read_settings().database)
    home = platform.home
    typer.echo(f"Made a home for {home.dataset} in {path}, with {len(command.definition.topics)} topics.")
    typer.echo(f"  log  {home.origin}")
    typer.echo(f"  key  {home.verifier.text()}")
    typer.echo(f"Keep {path / 'keys'} safe, and apart from backups of the database.")
    typer.echo(f"Next: evenhand --home {path} people add HANDLE --language en")
    home.close()


def status(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print it for programs.")] = False,
) -> None:
    """Counts by kind and outcome, and the log's size. The same output as long as nothing changes."""
    from curation.status import home_status

    with opened_platform(context) as platform:
        found = home_status(platform)
    if as_json:
        print_json(found)
        return
    log = found["log"]
    typer.echo(f"{found['dataset']}  (log {log['origin']})")
    typer.echo(
        f"  log       {log['size']} leaves in {log['epochs']} epochs; {log['pending']} acts wait for an epoch's end"
    )
    typer.echo(f"  releases  {', '.join(item['version'] for item in found['releases']) or 'none'}")
    if found["examples"]:
        typer.echo()
        print_counts(found["examples"])


def print_counts(counts: dict[str, dict[str, int]]) -> None:
    """Examples by kind and outcome."""
    outcomes = sorted({outcome for by_outcome in counts.values() for outcome in by_outcome})
    rows = [[kind, *(str(found.get(outcome, 0)) for outcome in outcomes)] for kind, found in counts.items()]
    print_table(["kind", *outcomes], rows)


def doctor(
    context: typer.Context,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what can be made again: guards, log files, projection.")
    ] = False,
) -> None:
    """Look a home over: database, guards, keys, log files, projection, releases. Exit 1 when something is wrong."""
    from curation.health import examine, mend

    wrong = False
    with opened_platform(context) as platform:
        if repair:
            for line in mend(platform):
                typer.echo(f"mended    {line}")
        for check in examine(platform):
            wrong = wrong or bool(check.problems)
            typer.echo(f"{'WRONG' if check.problems else 'well':<8}  {check.name}")
            for problem in check.problems:
                typer.echo(f"          {problem}")
    raise typer.Exit(1 if wrong else 0)
