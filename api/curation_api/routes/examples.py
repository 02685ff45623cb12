"""Examples: propose, revise, withdraw; list, read, trace."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from curation.errors import NotFound
from curation.examples.propose import Propose, Revise, propose_example, revise_example
from curation.examples.withdraw import Withdraw, withdraw_example
from curation.people.accounts import Actor
from curation.writing import LoadedExamples, Platform
from curation_api.asking import ThePlatform, TheReader
from curation_api.bodies import WITHDRAWAL, read_body
from curation_api.listing import Wanted, list_examples
from curation_api.matching import document
from curation_api.once import TheOnce
from curation_api.openapi import act, operation
from curation_api.public import shown_example
from curation_api.rendering import act_view, example_view, revision_act_view
from curation_api.trace import trace_view
from curation_api.views import ActView, ExamplePage, ExampleView, RevisionActView, Status, TraceView
from curation_schemas.commons import PROPOSAL
from curation_schemas.example import Kind
from curation_schemas.text import ExampleId, Slug, WrittenLanguage

router = APIRouter(tags=["examples"])
AnId = Annotated[ExampleId, Path(description="An example's id.")]


class ExampleFilters(BaseModel):
    """What a list is narrowed to, and where it goes on. Text, because it comes from a URL."""

    model_config = ConfigDict(extra="forbid")

    topic: Slug | None = None
    kind: Kind | None = None
    language: WrittenLanguage | None = None
    status: Status | None = None
    cursor: ExampleId | None = Field(default=None, description="`next` of the page before.")
    limit: int = Field(default=50, ge=1, le=200)


@router.post("/v1/examples", **act("Propose an example", RevisionActView, body="Example"))
def propose(request: Request, once: TheOnce) -> Response:
    """Take in a new example. Its first round opens at once; the public sees it when the epoch is closed."""
    command = Propose(example=read_body(request, PROPOSAL))
    return once.perform(lambda writing, actor: propose_example(writing, actor, command), revision_act_view)


@router.post(
    "/v1/examples/{example}/revisions", **act("Revise an own example", RevisionActView, body="Example", matches=True)
)
def revise(request: Request, example: AnId, once: TheOnce) -> Response:
    """Take in a new revision of an own example. An open round ends without outcome, and the next one opens."""
    command = Revise(example_id=example, example=read_body(request, PROPOSAL))
    return once.perform(
        lambda writing, actor: revise_example(writing, actor, command), revision_act_view, partial(_read, example)
    )


@router.post(
    "/v1/examples/{example}/withdrawal", **act("Withdraw an own example", ActView, body="Withdrawal", matches=True)
)
def withdraw(request: Request, example: AnId, once: TheOnce) -> Response:
    """Take an own example back: it leaves the next release and every later one. The log keeps that it was there."""
    command = Withdraw(example_id=example, reason=read_body(request, WITHDRAWAL).reason)
    return once.perform(
        lambda writing, actor: withdraw_example(writing, actor, command), act_view, partial(_read, example)
    )


@router.get("/v1/examples", **operation("List examples", access="none", problems=(422,)))
def examples(platform: ThePlatform, filters: Annotated[ExampleFilters, Query()]) -> ExamplePage:
    """List examples as of the last closed epoch, in the order of their ids, which are random and tell nothing."""
    wanted = Wanted(
        topic=filters.topic,
        kind=filters.kind,
        language=filters.language,
        status=filters.status,
        after=filters.cursor,
        limit=filters.limit,
    )
    with platform.read() as loaded:
        return list_examples(loaded, wanted)


@router.get(
    "/v1/examples/{example}",
    **operation("Read an example", access="optional", problems=(404,)),
    response_model=ExampleView,
)
def read_example(example: AnId, platform: ThePlatform, reader: TheReader) -> Response:
    """Read an example as of the last closed epoch; with a seat in it or as its proposer, as of now.

    Text is shown once its round has ended, unless a flag holds it or the example was withdrawn. While a round is open,
    nobody sees who proposed the example or how anybody voted.
    """
    with platform.read() as loaded:
        return document(_read(example, loaded, platform, reader))


def _read(example: str, loaded: LoadedExamples, platform: Platform, reader: Actor | None) -> ExampleView:
    return example_view(loaded.connection, shown_example(loaded, platform, reader, example))


@router.get("/v1/examples/{example}/trace", **operation("Trace an example", access="optional", problems=(404,)))
def trace(example: AnId, platform: ThePlatform, reader: TheReader) -> TraceView:
    """Tell an example's story as of the last closed epoch: every review of every ended round, rejecting ones too."""
    with platform.read() as loaded:
        shown = shown_example(loaded, platform, reader, example)
        if not shown.sealed.revisions:
            raise NotFound("this example has no story yet", hint="It begins when the epoch is closed.")
        return trace_view(loaded.connection, replace(shown, history=shown.sealed))
