"""Releases: the list, one release with its files and rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import FileResponse, Response, StreamingResponse

import curation
from curation.writing import LoadedExamples
from curation.yanked import yanked_releases
from curation_api.asking import ThePlatform
from curation_api.bundles import bundle_here, find_release, ordered, release_rows, row_lines
from curation_api.comparing import compare_releases
from curation_api.exporting import in_turn
from curation_api.matching import check_range, check_state, has_already, tag_of
from curation_api.openapi import JSONL, file, lines, operation
from curation_api.oversight_views import ReleaseDiff
from curation_api.views import FileView, ReleaseDocument, ReleaseList, ReleaseView
from curation_schemas.events import ReleaseYanked
from curation_schemas.release import CONFIGS, SPLITS
from curation_schemas.text import SemVer

router = APIRouter(tags=["releases"])
AVersion = Annotated[SemVer, Path(description="A release's version.")]


def _is_simulated(loaded: LoadedExamples) -> bool:
    terms = loaded.definitions.terms
    return terms is not None and terms.simulated


def _view(row: Any, yanks: Mapping[str, ReleaseYanked], *, simulated: bool) -> ReleaseView:
    yank = yanks.get(row.version)
    return ReleaseView(
        version=row.version,
        size=row.size,
        root=row.root,
        manifest=row.manifest,
        leaf=row.leaf,
        simulated=simulated,
        yanked=None if yank is None else yank.reason,
    )


@router.get("/v1/releases", **operation("List releases", access="none", problems=(422,)))
def releases(
    platform: ThePlatform,
    cursor: Annotated[SemVer | None, Query(description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ReleaseList:
    """List releases, the newest first, with the log prefix that each is a function of and its manifest's SHA-256."""
    with platform.read() as loaded:
        yanks = yanked_releases(loaded.connection)
        rows = release_rows(loaded)
        simulated = _is_simulated(loaded)
    rest = [row for row in rows if cursor is None or ordered(row.version) < ordered(cursor)]
    page = [_view(row, yanks, simulated=simulated) for row in rest[:limit]]
    return ReleaseList(releases=page, next=page[-1].version if len(rest) > limit else None)


@router.get("/v1/releases/{version}", **operation("Read a release", access="none", problems=(404,)))
def read_release(version: AVersion, platform: ThePlatform) -> ReleaseDocument:
    """Read what a release holds: rows by config and split, and its files with their digests.

    `files` and `rows` are empty where the bundle is not on this server.
    """
    with platform.read() as loaded:
        row = find_release(loaded, version)
        yanks = yanked_releases(loaded.connection)
        simulated = _is_simulated(loaded)
    here = bundle_here(platform, version)
    listed = here.manifest.files.items() if here.manifest else ()
    files = [FileView(path=path, bytes=entry.bytes, sha256=entry.sha256) for path, entry in listed]
    files += [FileView(path=path, bytes=(here.folder / path).stat().st_size, sha256=None) for path in here.made_after]
    return ReleaseDocument(
        release=_view(row, yanks, simulated=simulated),
        previous=here.manifest.previous if here.manifest else None,
        rows=here.manifest.rows if here.manifest else {},
        files=sorted(files, key=lambda item: item.path),
    )


_READ_FILE = file("Read a file of a release", "The file.", "application/octet-stream", tagged=True)


@router.get("/v1/releases/{version}/files/{path:path}", **_READ_FILE)
def read_file(
    request: Request,
    version: AVersion,
    path: Annotated[str, Path(description="The file's path in the bundle.")],
    platform: ThePlatform,
) -> Response:
    """Read one file of a release, or with `Range` a part of it. Its `ETag` is the SHA-256 in the manifest."""
    found, digest = bundle_here(platform, version).file(path)
    headers = {"Content-Disposition": "attachment", "Cache-Control": "public, max-age=86400"}
    if digest is not None:
        headers["ETag"] = f'"{digest}"'
        if has_already(request, headers["ETag"]):
            return Response(status_code=304, headers=headers)
    check_range(request, found.stat().st_size)
    return FileResponse(found, media_type="application/octet-stream", headers=headers)


class RowFilters(BaseModel):
    """Where rows go on."""

    model_config = ConfigDict(extra="forbid")

    cursor: int = Field(default=0, ge=0, le=2**53 - 1, description="How many rows the caller has.")


@router.get(
    "/v1/releases/{version}/rows/{config}/{split}",
    **lines("Read a release's rows", "a row, with the columns of its config", problems=(404,)),
)
def read_rows(
    request: Request,
    version: AVersion,
    config: Annotated[str, Path(description=f"One of {', '.join(CONFIGS)}.")],
    split: Annotated[str, Path(description=f"One of {', '.join(SPLITS)}.")],
    platform: ThePlatform,
    filters: Annotated[RowFilters, Query()],
) -> Response:
    """Send the rows of one config and split as the release has them, for whoever reads no Parquet."""
    path, digest = bundle_here(platform, version).table(config, split)
    tag = tag_of(f"{curation.__version__} {digest}".encode())
    if check_state(request, tag):
        return Response(status_code=304, headers={"ETag": tag})
    parts = in_turn(row_lines(path, filters.cursor))
    return StreamingResponse(parts, media_type=JSONL, headers={"ETag": tag})


@router.get("/v1/releases/{version}/diff", **operation("Compare two releases", access="none", problems=(404, 422)))
def diff(
    version: AVersion,
    platform: ThePlatform,
    since: Annotated[SemVer | None, Query(alias="from", description="An earlier release.")] = None,
) -> ReleaseDiff:
    """Say what a release added, changed and removed since another; without one, since the one before it."""
    before, found = compare_releases(platform, version, since)
    return ReleaseDiff(version=version, since=before, added=found.added, changed=found.changed, removed=found.removed)
