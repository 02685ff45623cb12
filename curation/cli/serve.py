"""`evenhand serve`: the web pages and the HTTP API."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from curation.cli.opening import home_path, opened_platform


def serve(
    context: typer.Context,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes.")] = 1,
) -> None:
    """Serve the web pages and the HTTP API of this home. No address or user agent is ever logged."""
    import uvicorn

    from curation.demo import GUESTS_FILE

    with opened_platform(context) as platform:
        typer.echo(f"Serving {platform.home.dataset} on http://{host}:{port}/  (stop with Ctrl-C)")
        if (guests := platform.home.path / GUESTS_FILE).is_file():
            typer.echo(guests.read_text("utf-8").strip())
    os.environ["EVENHAND_HOME"] = str(home_path(context).resolve())
    # The app is named by string: the platform never imports the layer above it.
    uvicorn.run(
        "curation_api.app:app_from_environment",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_level="warning",
    )
