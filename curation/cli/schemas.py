"""`evenhand schemas`: the JSON Schemas of every wire model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="JSON Schemas of every format that Evenhand reads or writes.")


@app.command()
def export(
    out: Annotated[Path | None, typer.Option("--out", help="A folder; without it the names are listed.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Compare with the frozen schemas; exit 1 on drift.")] = False,
) -> None:
    """Write the JSON Schemas, generated from the models."""
    from curation_schemas.published import SCHEMA_VERSION, frozen_schemas, json_schemas

    generated = json_schemas()
    if check:
        frozen = frozen_schemas()
        drifted = sorted(name for name in {*generated, *frozen} if generated.get(name) != frozen.get(name))
        for name in drifted:
            typer.echo(f"{name} is not what was frozen as {SCHEMA_VERSION}")
        raise typer.Exit(1 if drifted else 0)
    for name, content in generated.items():
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            (out / name).write_text(content, "utf-8")
        typer.echo(f"{name}  {len(content)} characters")
