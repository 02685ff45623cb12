"""`evenhand sources`: the pages that examples cite, kept as evidence, and their quotes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from curation.cli.opening import opened_platform
from curation.cli.printing import print_json, progress, shown, working

if TYPE_CHECKING:
    from curation.evidence.archive import CitedSource
    from curation.evidence.fetch import Fetched, NotFetched

app = typer.Typer(no_args_is_help=True, help="Cited pages: keep them, and look for their quotes.")

AsJson = Annotated[bool, typer.Option("--json", help="Print it for programs.")]


@app.command()
def archive(
    context: typer.Context,
    warc: Annotated[
        list[Path] | None,
        typer.Option("--warc", help="A WARC file to take pages from; nothing is fetched then. Repeat for more."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Also the pages that are kept already.")] = False,
    pause: Annotated[
        float, typer.Option("--pause", min=1, max=3600, help="Seconds between two requests to one host.")
    ] = 5.0,
    archive_url: Annotated[
        str,
        typer.Option(
            "--archive-url",
            metavar="PREFIX",
            help="With --warc: a public archive has the same copies, each under this address and then the page's.",
        ),
    ] = "",
    contact: Annotated[
        str, typer.Option("--contact", help="Where a site's owner can reach you; every site is told it.")
    ] = "",
) -> None:
    """Keep the pages that sealed acts cite: fetch them, or take them from WARC files. Then look for each quote.

    What is kept stays in this home, in a folder that only its owner may read. How each quote stands goes into the log,
    and into releases. Sites see this machine's address, and that it asks for these pages.
    """
    from curation.evidence.archive import archive_sources, shown_quote
    from curation.evidence.fetch import REASONS, Fetched, Fetcher
    from curation.evidence.politeness import Politeness

    def shown_progress(urls: list[str]) -> Iterable[str]:
        return progress(urls, "Keeping pages", len(urls))

    if archive_url and not warc:
        raise typer.BadParameter("belongs to pages from WARC files", param_hint="--archive-url")
    with opened_platform(context) as platform:
        if warc:
            brought = _brought(platform, warc)
            made = archive_sources(platform, brought, "warc", again=again, archive_url=archive_url)
        else:
            fetcher = Fetcher(politeness=Politeness(pause), contact=contact)
            made = archive_sources(platform, fetcher.fetch, "fetch", again=again, progress=shown_progress)
        ends: Counter[str] = Counter()
        for source, found in made:
            fetched = isinstance(found, Fetched)
            ends["kept" if fetched else "not"] += 1
            if not isinstance(found, Fetched):
                status = f" ({found.status})" if found.status else ""
                typer.echo(f"{source.source_id}  {shown(source.url)}\n  not kept: {REASONS[found.reason]}{status}")
        typer.echo(f"Kept {ends['kept']} pages; {ends['not']} could not be kept.")
        _print_counts(shown_quote(source) for source in _cited(platform) if source.archived)


def _brought(platform: Any, files: list[Path]) -> dict[str, Fetched | NotFetched]:
    from curation.evidence.warc import find_pages

    for file in files:
        if not file.is_file():
            raise typer.BadParameter(f"{file} does not exist", param_hint="--warc")
    with working("Reading the WARC files"):
        return find_pages(files, [source.url for source in _cited(platform)])


def _cited(platform: Any) -> list[CitedSource]:
    from curation.evidence.archive import cited_sources

    with platform.read() as loaded:
        return cited_sources(loaded.connection)


def _print_counts(quotes: Iterable[str]) -> None:
    counts = Counter(quote.partition(" (")[0].partition(",")[0].partition(":")[0] for quote in quotes)
    if counts:
        typer.echo("Quotes: " + ", ".join(f"{count} {name}" for name, count in sorted(counts.items())) + ".")


@app.command("list")
def list_sources(context: typer.Context, as_json: AsJson = False) -> None:
    """List the sources that sealed acts cite: whether the page is kept, how the quote stands, what to do."""
    with opened_platform(context) as platform:
        _print([(source, "") for source in _cited(platform)], as_json=as_json)


@app.command()
def check(context: typer.Context, as_json: AsJson = False) -> None:
    """Compare what is kept with its digests, and look for every quote again. Exit 1 when something is wrong.

    Wrong is a record that is gone or was changed, and a quote that is missing. Nothing is fetched.
    """
    from curation.evidence.archive import check_sources

    with opened_platform(context) as platform, working("Checking what is kept"):
        checked = [(item.source, item.damage) for item in check_sources(platform)]
    _print(checked, as_json=as_json)
    wrong = any(damage or (source.kept and source.kept.quote_status == "missing") for source, damage in checked)
    raise typer.Exit(1 if wrong else 0)


def _print(checked: list[tuple[CitedSource, str]], *, as_json: bool) -> None:
    from curation.evidence.archive import advice, shown_archived, shown_quote

    if as_json:
        print_json([_plain(source, damage) | {"advice": advice(source, damage)} for source, damage in checked])
        return
    for source, damage in checked:
        typer.echo(f"{source.source_id}  {shown(source.url)}")
        typer.echo(f"  kept   {damage or shown_archived(source)}\n  quote  {shown_quote(source)}")
        if told := advice(source, damage):
            typer.echo(f"  do     {told}")
    kept = sum(source.archived and not damage for source, damage in checked)
    typer.echo(f"{len(checked)} sources stand in the log; the pages of {kept} are kept.")
    _print_counts(shown_quote(source) for source, _ in checked if source.archived)


def _plain(source: CitedSource, damage: str) -> dict[str, Any]:
    from dataclasses import asdict

    kept = asdict(source.kept) if source.kept else {}
    return {
        "source_id": source.source_id,
        "commitment": source.commitment,
        "example": source.example,
        "url": source.url,
        "archived": source.archived,
        "damage": damage or None,
        **kept,
    }
