"""`evenhand demo`: the whole path in one command."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curation.cli.audit import print_report
from curation.cli.home import print_counts
from curation.cli.opening import home_path
from curation.cli.printing import progress
from curation.cli.story import print_story

if TYPE_CHECKING:
    from curation.demo import Played
    from curation_schemas.contribution import AnyLine


def demo(
    context: typer.Context,
    dataset: Annotated[
        Path | None, typer.Option("--dataset", help="A dataset's folder with a simulated story; the pilot by default.")
    ] = None,
) -> None:
    """Fill an empty home with the pilot and its simulated story, cut two releases, verify and trace.

    People who disagree propose and review; what reviewers of each perspective accept becomes a signed, versioned
    dataset; then it is verified offline, as a stranger would.
    """
    from curation.demo import pilot_folder, play
    from curation.settings import read_settings

    home = home_path(context)
    typer.echo("Simulated people, synthetic content: this shows how the record works and is nobody's opinion.\n")

    def watch(lines: list[AnyLine]) -> Iterable[AnyLine]:
        return progress(lines, "Playing the story", len(lines))

    database = read_settings().database
    played = play(home, dataset or pilot_folder(), lambda text: typer.echo(f"  {text}"), watch, database=database)
    try:
        _summarise(played, home)
    finally:
        played.platform.home.close()


def _summarise(played: Played, home: Path) -> None:
    from curation.audit.trace import trace_example
    from curation.audit.verify import verify_bundle
    from curation.demo import GUESTS_FILE
    from curation.status import home_status

    typer.echo("\nWhat came of it")
    print_counts(home_status(played.platform)["examples"])
    typer.echo("Acts: " + ", ".join(f"{act} {number}" for act, number in sorted(played.acts.items())) + ".")
    failed = False
    for made in played.releases:
        typer.echo(f"\n$ evenhand verify {made.path}")
        report = verify_bundle(made.path)
        print_report(report)
        failed = failed or report.verdict != "VERIFIED"
    last = played.releases[-1]
    example = _worth_reading(played)
    typer.echo(f"\n$ evenhand trace {example} --bundle {last.path}")
    print_story(trace_example(last.path, example).story)
    typer.echo(
        f"""
What to do next
  evenhand --home {home} status         the home in figures
  evenhand --home {home} release plan   what the next release would hold, and why not the rest
  evenhand --home {home} topics list    topics, perspectives, empty seats
  evenhand --home {home} serve          web pages and HTTP API; {home}/{GUESTS_FILE} says how to sign in
  evenhand verify {last.path} --pin {played.releases[0].path}/log/checkpoint
Then change one character in a file of {last.path} and verify again."""
    )
    if failed:
        raise typer.Exit(1)


def _worth_reading(played: Played) -> str:
    """A contested example of the last release, else any: its story shows the disagreement."""
    with played.platform.read() as loaded:
        for example in played.examples.values():
            if loaded.history(example).status == "contested":
                return example
    return next(iter(played.examples.values()))
