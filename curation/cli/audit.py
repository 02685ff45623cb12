"""`evenhand verify` and `evenhand trace`: an auditor's commands, from a bundle alone.

Rules that always hold:
- no home and no database are needed, and no network but for a release that lies elsewhere;
  exit 0 when all holds, 1 when something does not, 2 for a wrong call.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curation.cli.lean import as_in_an_auditors_install
from curation.cli.printing import at_work, print_json, shown, working
from curation.cli.story import print_story
from curation.errors import InvalidInput
from curation.whole import write_whole

if TYPE_CHECKING:
    from curation.audit.report import Report

_SHOWN = 50
_PLACE = "A release's folder; or its address: hf://datasets/ORG/NAME@v1.2.0, https://…"


def verify(
    bundle: Annotated[str, typer.Argument(help=_PLACE, show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print the report for programs.")] = False,
    pin: Annotated[
        Path | None, typer.Option("--pin", help="A checkpoint of the same log that you got elsewhere.")
    ] = None,
) -> None:
    """Verify a release offline: every row, seat, outcome, policy and file.

    VERIFIED means that the record is intact, not that the text is true.
    """
    as_in_an_auditors_install()
    from curation.audit.beside import usable_processes
    from curation.audit.remembered import remember
    from curation.audit.verify import verify_bundle

    if pin is not None and not pin.is_file():
        raise typer.BadParameter(f"{pin} is no file", param_hint="--pin")
    with bundle_folder(bundle) as folder, at_work("Verifying every leaf, row and file"):
        report = verify_bundle(folder, pin, usable_processes())
    remember(report)
    report.bundle = bundle
    if as_json:
        print_json(report.as_json())
    else:
        print_report(report)
    raise typer.Exit(0 if report.verdict == "VERIFIED" else 1)


@contextmanager
def bundle_folder(bundle: str, needed: tuple[str, ...] = ("",)) -> Iterator[Path]:
    """The folder that is named, or one with what an address holds, as far as it is needed (see `fetched`)."""
    if "://" in bundle:
        from curation.audit.remote import fetched

        with working(f"Fetching {bundle}"), fetched(bundle, needed) as folder:
            yield folder
    elif Path(bundle).is_dir():
        yield Path(bundle)
    else:
        raise typer.BadParameter(f"{bundle} is no folder", param_hint="BUNDLE")


def print_report(report: Report) -> None:
    """The report for people."""
    rows, attested = report.rows, report.attested
    typer.echo(f"{report.verdict}  {report.dataset or '?'} {report.version or ''}  ({report.bundle})")
    if report.yanked is not None:
        typer.echo(f"  YANKED    two maintainers warn of this release: «{shown(report.yanked)}»")
    typer.echo(f"  rows      {rows['VERIFIED']} verified, {rows['ERASED']} erased, {rows['FAILED']} failed")
    typer.echo(f"  files     {report.files} checked against the manifest")
    if report.checkpoint["size"] is not None:
        typer.echo(f"  log       {shown(report.checkpoint['origin'])}, {report.checkpoint['size']} leaves")
        typer.echo(f"            root {report.checkpoint['root']}")
        typer.echo(f"  key       {shown(report.log_key or '')}")
    typer.echo(f"  attested  {attested['self']} acts signed by their contributors, {attested['server']} by the server")
    if report.simulated:
        typer.echo("  simulated people and synthetic content: a demonstration, nobody's opinion")
    for item in report.erased[:_SHOWN]:
        typer.echo(f"  ERASED    {shown(item.where)}: {shown(item.message)}")
    for item in report.failures[:_SHOWN]:
        typer.echo(f"  FAILED    {shown(item.where)}: {shown(item.message)}")
    if len(report.failures) > _SHOWN:
        typer.echo(f"  … and {len(report.failures) - _SHOWN} failures more: see --json")
    for note in report.notes[:_SHOWN]:
        typer.echo(f"  note      {shown(note)}")
    if report.verdict == "VERIFIED":
        typer.echo(
            "The record is intact; that says nothing of whether the text is true.\n"
            "To rule out a forged log, compare key and root with what others got (--pin)."
        )


def _write_proof(path: Path, proof: bytes) -> None:
    try:
        write_whole(path, [proof])
    except OSError as error:
        raise InvalidInput(f"cannot be written: {error.strerror}", where=str(path)) from None


def trace(
    example: Annotated[str, typer.Argument(help="An example's id, from the column example_id.", show_default=False)],
    bundle: Annotated[str, typer.Option("--bundle", help=_PLACE, show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print the story for programs.")] = False,
    proof: Annotated[
        Path | None, typer.Option("--proof", help="Write a C2SP tlog-proof of the revision's leaf to this file.")
    ] = None,
) -> None:
    """Tell one example's story: proposer, sources, each review, the outcome and by which rule."""
    as_in_an_auditors_install()
    from curation.audit.beside import usable_processes
    from curation.audit.remembered import is_remembered
    from curation.audit.remote import FOR_TRACE
    from curation.audit.trace import trace_example

    with bundle_folder(bundle, FOR_TRACE) as folder, at_work("Reading the log"):
        traced = trace_example(folder, example, usable_processes(), is_remembered)
        if proof is not None:
            _write_proof(proof, traced.tlog_proof())
    if as_json:
        print_json(traced.story)
        return
    print_story(traced.story)
    if proof is not None:
        typer.echo(f"\nProof of leaf {traced.leaf_index} written to {proof}.")
