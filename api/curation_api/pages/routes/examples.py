"""Examples: the list, and one example's page with its whole public story."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import select
from starlette.responses import Response

from curation.contained import newest_with, yanked_with
from curation.examples.intake import examine_revision
from curation.public_handles import handles_of
from curation.shown import sealed_histories
from curation.tables import examples as example_rows
from curation.writing import LoadedExamples
from curation_api.listing import Wanted, list_examples
from curation_api.pages.beginnings import public_beginnings
from curation_api.pages.drafted import topic_if_any
from curation_api.pages.figures import topics_in_force
from curation_api.pages.narrowing import Narrowing
from curation_api.pages.render import show
from curation_api.pages.sheets import can_be_answered
from curation_api.pages.topic_words import bases_of
from curation_api.pages.visit import TheVisit
from curation_api.public import Shown, shown_example
from curation_api.rendering import example_view
from curation_api.trace import trace_view
from curation_api.views import ExampleLine, ExampleView, TraceView
from curation_schemas.text import ExampleId

router = APIRouter()
AnId = Annotated[ExampleId, Path()]
PAGE = 40
PUBLISHED = ("accepted", "contested", "unresolved")
"""What a release holds, where nothing keeps it out."""


@router.get("/examples")
def examples(visit: TheVisit, narrowing: Annotated[Narrowing, Query()]) -> Response:
    """The examples that fit, a page at a time."""
    wanted = Wanted(
        topic=narrowing.topic or None,
        kind=narrowing.kind or None,
        language=narrowing.language or None,
        status=narrowing.status or None,
        after=narrowing.after or None,
        limit=PAGE,
    )
    with visit.platform.read() as loaded:
        page = list_examples(loaded, wanted)
        topics = {topic.id: topic for topic in topics_in_force(loaded)}
        beginnings = public_beginnings(loaded, [line.id for line in page.examples])
    return show(visit, "examples.html", page=page, topics=topics, narrowing=narrowing, beginnings=beginnings)


@router.get("/examples/{example}")
def example(example: AnId, visit: TheVisit) -> Response:
    """One example: five sentences, its text, its story."""
    with visit.platform.read() as loaded:
        shown = shown_example(loaded, visit.platform, visit.actor, example)
        view = example_view(loaded.connection, shown)
        story = _story(loaded, shown)
        handles = handles_of(loaded.connection, _named(view, story))
        topic = topic_if_any(visit, loaded, view.topic)
        bases = bases_of(loaded, shown)
        siblings = _siblings(loaded, view)
        warned = yanked_with(loaded, example)
        version = newest_with(loaded, example) if view.status in PUBLISHED else None
        mine = shown.reader.proposed
        latest = shown.history.latest.leaf
        intake = examine_revision(loaded, example, latest, visit.platform.home.path) if mine else None
    return show(
        visit,
        "example.html",
        example=view,
        story=story,
        topic=topic,
        bases=bases,
        siblings=siblings,
        mine=mine,
        intake=intake,
        warned=warned,
        handles=handles,
        version=version,
        published=view.status in PUBLISHED,
        address=str(visit.request.base_url).rstrip("/"),
        open_question=can_be_answered(view),
    )


def _named(view: ExampleView, story: TraceView | None) -> list[str | None]:
    """Every pseudonym that the page shows."""
    revisions = story.revisions if story else []
    reviewers = [item.reviewer for one in revisions for stage in one.rounds for item in stage.reviews]
    return [view.proposer, *reviewers]


def _story(loaded: LoadedExamples, shown: Shown) -> TraceView | None:
    """The public story, as of the last closed epoch; None before the proposal is sealed."""
    if not shown.sealed.revisions:
        return None
    return trace_view(loaded.connection, replace(shown, history=shown.sealed))


def _siblings(loaded: LoadedExamples, view: ExampleView) -> list[ExampleLine]:
    """The other public examples of the group: translations and mirrors."""
    query = select(example_rows.c.id).where(example_rows.c.group_id == view.group, example_rows.c.id != view.id)
    ids = list(loaded.connection.execute(query.order_by(example_rows.c.id).limit(60)).scalars())
    found = []
    for history in sealed_histories(loaded, ids).values():
        if history.revisions:
            first = history.first
            found.append(
                ExampleLine.model_validate(
                    {
                        "id": history.example,
                        "group": first.group,
                        "topic": first.topic,
                        "kind": first.kind,
                        "language": first.language,
                        "status": history.status,
                    }
                )
            )
    return found
