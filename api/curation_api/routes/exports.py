"""Exports: every public example, or every story, as JSON Lines."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response, StreamingResponse

from curation_api.asking import ThePlatform
from curation_api.exporting import PART, What, read_part, rest_of_export, state_of
from curation_api.listing import Wanted
from curation_api.matching import check_state
from curation_api.openapi import JSONL, lines
from curation_api.views import Status
from curation_schemas.example import Kind
from curation_schemas.text import ExampleId, Slug, WrittenLanguage

router = APIRouter(tags=["exports"])


class ExportFilters(BaseModel):
    """What an export is narrowed to, and where it goes on. Text, because it comes from a URL."""

    model_config = ConfigDict(extra="forbid")

    topic: Slug | None = None
    kind: Kind | None = None
    language: WrittenLanguage | None = None
    status: Status | None = None
    cursor: ExampleId | None = Field(default=None, description="The `id` of the last whole line that the caller has.")


TheFilters = Annotated[ExportFilters, Query()]


@router.get("/v1/exports/examples", **lines("Export every example", "an `ExampleView`"))
def export_examples(request: Request, platform: ThePlatform, filters: TheFilters) -> Response:
    """Send every public example as of the last closed epoch, in the order of ids: what `/v1/examples/{example}` says.

    Where the connection breaks, go on after the last whole line: `cursor` with its `id`, and `If-Match` with the `ETag`
    of the part before. Where the state changes while it is sent, the answer ends unfinished.
    """
    return _export(request, platform, "examples", filters)


@router.get("/v1/exports/traces", **lines("Export every story", "a `TraceView`"))
def export_traces(request: Request, platform: ThePlatform, filters: TheFilters) -> Response:
    """Send the story of every public example, every review of its ended rounds: what `/v1/examples/{example}/trace`
    says. It goes on, and ends, as the export of examples does.
    """
    return _export(request, platform, "traces", filters)


def _export(request: Request, platform: ThePlatform, what: What, filters: ExportFilters) -> Response:
    wanted = Wanted(
        topic=filters.topic,
        kind=filters.kind,
        language=filters.language,
        status=filters.status,
        after=filters.cursor,
        limit=PART,
    )
    with platform.read() as loaded:
        state = state_of(loaded)
        if check_state(request, state):
            return Response(status_code=304, headers={"ETag": state})
        first = read_part(loaded, what, wanted, wanted.after)
    parts = rest_of_export(platform, state, first, what, wanted)
    return StreamingResponse(parts, media_type=JSONL, headers={"ETag": state})
