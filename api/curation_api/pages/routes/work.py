"""A volunteer's own page: what is needed, and how one's own work stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select
from starlette.responses import Response

from curation.drafts import forms_of, forms_with_drafts
from curation.tables import examples, reviews, stages
from curation.writing import LoadedExamples
from curation_api.pages.beginnings import own_beginnings
from curation_api.pages.figures import coverage_of
from curation_api.pages.render import show
from curation_api.pages.sitting import sitting_now
from curation_api.pages.standing import Standpoint, standpoints
from curation_api.pages.visit import TheVisit

router = APIRouter()
_MOST = 100


OwnExample = tuple[str, str, str, str]
"""Example, kind, language, status."""


@dataclass(frozen=True, slots=True)
class OwnReview:
    """An own review, and how its round stands."""

    example: str
    revision: str
    language: str
    stand: Standpoint
    verdict: str
    open: bool
    outcome: str | None


@router.get("/work")
def work(visit: TheVisit, done: Annotated[str, Query(max_length=20)] = "") -> Response:
    """The seat that is held, own examples, own reviews, and what is missing."""
    actor = visit.must_act()
    sitting = sitting_now(visit)
    with visit.platform.read() as loaded:
        stands = standpoints(visit, loaded)
        mine = {stand.pseudonym: stand for stand in stands if stand.pseudonym}
        proposed = _proposed(loaded, mine)
        forms = forms_of((stand.topic.id for stand in stands), (row[0] for _, row in proposed))
        drafts = forms_with_drafts(loaded, visit.platform, actor, forms)
        reviewed = _reviewed(loaded, mine)
        coverage = coverage_of(visit, loaded)
        beginnings = own_beginnings(
            loaded, [row[0] for _, row in proposed], {item.example: item.revision for item in reviewed}
        )
    return show(
        visit,
        "work.html",
        sitting=sitting,
        stands=stands,
        proposed=proposed,
        drafts=drafts,
        reviewed=reviewed,
        beginnings=beginnings,
        coverage=coverage,
        done=done,
    )


def _proposed(loaded: LoadedExamples, mine: dict[str, Standpoint]) -> list[tuple[Standpoint, OwnExample]]:
    """The visitor's own examples, as of now, by topic."""
    query = select(examples).where(examples.c.proposer.in_(mine)).order_by(examples.c.topic, examples.c.id)
    rows = loaded.connection.execute(query.limit(_MOST))
    return [(mine[row.proposer], (row.id, row.kind, row.language, row.status)) for row in rows]


def _reviewed(loaded: LoadedExamples, mine: dict[str, Standpoint]) -> list[OwnReview]:
    """The visitor's own reviews that count, as of now, by topic."""
    query = (
        select(
            reviews.c.example,
            reviews.c.revision,
            examples.c.language,
            reviews.c.reviewer,
            reviews.c.verdict,
            stages.c.open,
            stages.c.outcome,
        )
        .join(stages, (stages.c.revision == reviews.c.revision) & (stages.c.stage == reviews.c.stage))
        .join(examples, examples.c.id == reviews.c.example)
        .where(reviews.c.reviewer.in_(mine), reviews.c.superseded.is_(False))
        .order_by(examples.c.topic, reviews.c.example, reviews.c.stage)
    )
    return [
        OwnReview(row.example, row.revision, row.language, mine[row.reviewer], row.verdict, row.open, row.outcome)
        for row in loaded.connection.execute(query.limit(_MOST))
    ]
