"""`evenhand probe sign` and `check`: who vouches for a report's files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from curation.cli.probe.options import read_text_file


def sign(
    report: Annotated[Path, typer.Argument(help="The report's folder.", show_default=False)],
    key: Annotated[
        Path,
        typer.Option("--key", help="A signing key's file, such as a home's keys/log.key.", show_default=False),
    ],
) -> None:
    """Sign a report and its items, in the same DSSE envelope as a release's."""
    from curation.log.notes import SigningKey
    from curation.probing.signing import sign_report

    signer = SigningKey.parse(read_text_file(key, "--key").strip(), str(key))
    typer.echo(f"Wrote {sign_report(report, signer)}, signed by {signer.verifier().text()}")


def check(
    report: Annotated[Path, typer.Argument(help="The report's folder.", show_default=False)],
    key: Annotated[str, typer.Option("--key", help="Who should have signed: name+hash+key.", show_default=False)],
) -> None:
    """Check that a key signed exactly this report and these items."""
    from curation.log.notes import VerifierKey
    from curation.probing.signing import check_report

    check_report(report, VerifierKey.parse(key))
    typer.echo("SIGNED  report.json and items.parquet are what the key signed.")
