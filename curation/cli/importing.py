"""`evenhand import`: contributions of simulated people, and foreign sets as proposals.

Rules that always hold:
- lines that did not go in are told on standard error as they are met, with file and number; the rest went in;
- exit 0: every line is in; 1: some are not; 2: the call or the file is wrong and nothing was imported.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curation.cli.opening import acting, opened_platform
from curation.cli.printing import print_json, shown

if TYPE_CHECKING:
    from curation.imports.contributions import ImportContributions
    from curation.imports.paired import ImportPairs
    from curation.imports.rows import ImportRows
    from curation.imports.summary import BadLine, Summary
    from curation.writing import Platform


class Format(StrEnum):
    """What the lines of a file are."""

    contributions = "contributions"
    messages = "messages"
    preference = "preference"
    paired_prompts = "paired-prompts"


def import_file(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(help="JSON lines, Parquet, a dataset's folder, or CSV (pairs).", show_default=False)
    ],
    form: Annotated[Format, typer.Option("--format", help="What its lines are.", show_default=False)],
    source: Annotated[
        str | None, typer.Option("--source", help="The name under which its lines are remembered; its file name.")
    ] = None,
    people: Annotated[Path | None, typer.Option("--people", help="Simulated people (contributions only).")] = None,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="YAML that says where fields come from (not for contributions).")
    ] = None,
    config: Annotated[str | None, typer.Option("--config", help="Which config of a dataset's folder.")] = None,
    split: Annotated[str | None, typer.Option("--split", help="Which split of a folder; all by default.")] = None,
    who: Annotated[str | None, typer.Option("--as", help="Handle of the account that proposes.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything and keep nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it for programs.")] = False,
) -> None:
    """Import contributions, or a foreign set as proposals. Run again, it goes on where it stopped."""
    from curation.imports.remembered import check_source

    name = check_source(source or file.resolve().name)
    _check_options(form, people=people, mapping=mapping, config=config, split=split)
    with opened_platform(context) as platform:
        command: ImportContributions | ImportRows | ImportPairs
        if form is Format.contributions:
            command = _contributions(file, name, people, who, dry_run)
        elif form is Format.paired_prompts:
            command = _pairs(file, name, mapping, acting(platform, who).handle, dry_run)
        else:
            proposer = acting(platform, who).handle
            command = _rows(file, name, form, proposer, (mapping, config, split), dry_run)
        summary = _run(platform, command, as_json)
    if as_json:
        print_json(summary.plain())
    else:
        _print(summary)
    raise typer.Exit(1 if summary.bad else 0)


def _check_options(form: Format, **given: object) -> None:
    from curation.errors import InvalidInput

    foreign = {
        Format.contributions: ("mapping", "config", "split"),
        Format.paired_prompts: ("people", "config", "split"),
    }
    for name in foreign.get(form, ("people",)):
        if given[name] is not None:
            raise InvalidInput(f"does not belong to --format {form.value}", where=f"--{name}")


def _contributions(file: Path, source: str, people: Path | None, who: str | None, dry_run: bool) -> ImportContributions:
    from curation.imports.contributions import ImportContributions

    return ImportContributions(path=file, source=source, people=people, by=who, dry_run=dry_run)


def _pairs(file: Path, source: str, mapping: Path | None, proposer: str, dry_run: bool) -> ImportPairs:
    from curation.imports.paired import ImportPairs

    return ImportPairs(path=file, source=source, by=proposer, mapping=mapping, dry_run=dry_run)


def _rows(
    file: Path,
    source: str,
    form: Format,
    proposer: str,
    how: tuple[Path | None, str | None, str | None],
    dry_run: bool,
) -> ImportRows:
    from curation.imports.rows import ImportRows

    mapping, config, split = how
    return ImportRows(
        path=file,
        source=source,
        form="preference" if form is Format.preference else "messages",
        by=proposer,
        mapping=mapping,
        config=config,
        split=split,
        dry_run=dry_run,
    )


def _run(platform: Platform, command: ImportContributions | ImportRows | ImportPairs, as_json: bool) -> Summary:
    from curation.imports.contributions import ImportContributions, import_contributions
    from curation.imports.paired import ImportPairs, import_pairs
    from curation.imports.rows import import_rows, set_size
    from curation.imports.summary import Watch

    def tell(bad: BadLine) -> None:
        if not as_json:
            typer.echo(shown(f"{bad.file}:{bad.number}: {bad.reason}"), err=True)

    if isinstance(command, ImportContributions):
        size = command.path.stat().st_size if command.path.is_file() else 0
        with _progress(size) as reached:
            return import_contributions(platform, command, Watch(tell, reached))
    if isinstance(command, ImportPairs):
        with _progress(command.path.stat().st_size if command.path.is_file() else 0) as reached:
            return import_pairs(platform, command, Watch(tell, reached))
    with _progress(set_size(command)) as reached:
        return import_rows(platform, command, Watch(tell, reached))


@contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar in bytes at a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Importing", total=total)
        yield lambda offset: bar.update(task, completed=offset)


def _print(summary: Summary) -> None:
    taken = ", ".join(f"{act} {number}" for act, number in sorted(summary.taken.items()))
    would = "would go in" if summary.dry_run else "went in"
    if summary.people:
        typer.echo(f"{summary.people} simulated people {'would join' if summary.dry_run else 'joined'}.")
    typer.echo(f"{summary.read} lines read from {shown(summary.source)}.")
    typer.echo(f"  {summary.taken.total()} {would}" + (f": {taken}" if taken else ""))
    typer.echo(f"  {summary.known} were there from before")
    typer.echo(f"  {len(summary.bad)} did not go in")
