"""Releases, as the log names them."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy import select

from curation.tables import releases as release_rows
from curation_api.asking import ThePlatform
from curation_api.openapi import operation
from curation_api.views import ReleaseList, ReleaseView

router = APIRouter(tags=["releases"])


@router.get("/v1/releases", **operation("List releases", access="none"))
def releases(platform: ThePlatform) -> ReleaseList:
    """List every release with the log prefix that it is a function of and the SHA-256 of its manifest."""
    with platform.read() as loaded:
        rows = loaded.connection.execute(select(release_rows)).all()
    newest_first = sorted(rows, key=lambda row: [int(part) for part in row.version.split(".")], reverse=True)
    return ReleaseList(
        releases=[
            ReleaseView(version=row.version, size=row.size, root=row.root, manifest=row.manifest, leaf=row.leaf)
            for row in newest_first
        ]
    )
