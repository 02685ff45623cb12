"""One leaf of the log, as its bytes are, with what it commits to and its proof."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from curation_api.pages.render import show
from curation_api.pages.visit import TheVisit
from curation_api.proving import find_leaf, proof_of
from curation_schemas.text import Hash

router = APIRouter()
ALeaf = Annotated[Hash, Path()]


@router.get("/leaves/{leaf}")
def leaf(leaf: ALeaf, visit: TheVisit) -> Response:
    """The leaf, its openings and its proof."""
    with visit.platform.read() as loaded:
        found = find_leaf(loaded, visit.platform, leaf)
    return show(visit, "leaf.html", leaf=found, proof=proof_of(visit.platform, found).decode())


@router.get("/leaves/{leaf}/proof")
def proof(leaf: ALeaf, visit: TheVisit) -> Response:
    """The leaf's C2SP tlog-proof, as a file."""
    with visit.platform.read() as loaded:
        found = find_leaf(loaded, visit.platform, leaf)
    return _download(proof_of(visit.platform, found), f"{leaf[:16]}.tlog-proof")


@router.get("/leaves/{leaf}/raw")
def raw(leaf: ALeaf, visit: TheVisit) -> Response:
    """The leaf's bytes, as a file."""
    with visit.platform.read() as loaded:
        found = find_leaf(loaded, visit.platform, leaf)
    return _download(found.content, f"{leaf[:16]}.json")


def _download(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/octet-stream", headers=headers)
