"""The log's static files, as C2SP tlog-tiles lays them out.

Rules that always hold:
- only a path that tlog-tiles would write is ever looked up (curation/log/tiles.py), so no path leads elsewhere;
- a tile never changes and may be kept for ever; the checkpoint changes and is asked for anew each time.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from curation.errors import InvalidInput, NotFound
from curation.log.store import CHECKPOINT
from curation.log.tiles import parse_path
from curation.writing import Platform
from curation_api.asking import ThePlatform
from curation_api.openapi import file

router = APIRouter(tags=["log"])

_TEXT = "text/plain; charset=utf-8"
_BYTES = "application/octet-stream"


def _file(platform: Platform, path: str) -> bytes:
    try:
        return (platform.home.log_path / path).read_bytes()
    except FileNotFoundError:
        raise NotFound("the log has no such file", hint="A log begins when its first epoch is closed.") from None


_checkpoint = file("Read the log's checkpoint", "A signed note (C2SP tlog-checkpoint).", _TEXT, counted=False)
_tile = file("Read a tile of the log", "A tile or an entry bundle (C2SP tlog-tiles).", _BYTES, counted=False)


@router.get("/log/checkpoint", **_checkpoint)
def checkpoint(platform: ThePlatform) -> Response:
    """Read the latest checkpoint: origin, size and Merkle root, signed by the log's key."""
    return Response(_file(platform, CHECKPOINT), media_type=_TEXT, headers={"Cache-Control": "no-cache"})


@router.get("/log/tile/{path:path}", **_tile)
def tile(
    path: Annotated[str, Path(description="`<level>/<index>[.p/<width>]`, or `entries/` and the same without level.")],
    platform: ThePlatform,
) -> Response:
    """Read a tile of hashes or a bundle of entries, at the path that tlog-tiles gives it."""
    try:
        name = parse_path(f"tile/{path}").path
    except InvalidInput:
        raise NotFound("no tile has such a path", hint="C2SP tlog-tiles says how tiles are named.") from None
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(_file(platform, name), media_type=_BYTES, headers=headers)
