"""A volunteer's own page: what is needed, and how one's own work stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select
from starlette.responses import Response

from curation.tables import examples, reviews
from curation.writing import LoadedExamples
from curation_api.pages.figures import coverage_of
from curation_api.pages.render import show
from curation_api.pages.sitting import sitting_now
from curation_api.pages.standing import Standpoint, standpoints
from curation_api.pages.visit import TheVisit

router = APIRouter()
_MOST = 100


@dataclass(frozen=True, slots=True)
class OwnReview:
    """An own review, and how its round stands."""

    example: str
    stand: Standpoint
    verdict: str
    open: bool
    outcome: str | None


@router.get("/work")
def work(visit: TheVisit, done: Annotated[str, Query(max_length=20)] = "") -> Response:
    """The seat that is held, own examples, own reviews, and what is missing."""
    visit.must_act()
    sitting = sitting_now(visit)
    with visit.platform.read() as loaded:
        stands = standpoints(visit, loaded)
        proposed = [(stand, row) for stand in stands for row in _proposed(loaded, stand)]
        reviewed = [review for stand in stands for review in _reviewed(loaded, stand)]
        coverage = coverage_of(visit, loaded)
    return show(
        visit,
        "work.html",
        sitting=sitting,
        stands=stands,
        proposed=proposed[:_MOST],
        reviewed=reviewed[:_MOST],
        coverage=coverage,
        done=done,
    )


def _proposed(loaded: LoadedExamples, stand: Standpoint) -> list[tuple[str, str, str, str]]:
    """(example, kind, language, status) of the visitor's own examples on a topic, as of now."""
    if stand.pseudonym is None:
        return []
    query = select(examples.c.id, examples.c.kind, examples.c.language, examples.c.status)
    rows = loaded.connection.execute(query.where(examples.c.proposer == stand.pseudonym).order_by(examples.c.id))
    return [(row.id, row.kind, row.language, row.status) for row in rows]


def _reviewed(loaded: LoadedExamples, stand: Standpoint) -> list[OwnReview]:
    if stand.pseudonym is None:
        return []
    mine = (reviews.c.reviewer == stand.pseudonym, reviews.c.superseded.is_(False))
    rows = loaded.connection.execute(select(reviews).where(*mine).order_by(reviews.c.example, reviews.c.stage)).all()
    found = []
    for row in rows[:_MOST]:
        history = loaded.history(row.example)
        revision = next(item for item in history.revisions if item.leaf == row.revision)
        stage = revision.stages[row.stage - 1]
        found.append(OwnReview(row.example, stand, row.verdict, stage.closed is None, stage.outcome))
    return found
