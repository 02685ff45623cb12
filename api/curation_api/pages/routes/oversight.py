"""What maintainers and auditors look at: the dashboard, and one topic's agreement and reviewers to look at."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from curation_api.oversight import KeptOversight, may_oversee
from curation_api.pages.charts import OUTCOMES, outcome_chart
from curation_api.pages.figures import coverage_of, topics_in_force
from curation_api.pages.render import show
from curation_api.pages.visit import TheVisit, Visit
from curation_schemas.text import Slug
from curation_validators.statistics import wilson

router = APIRouter()
WAITING = ("needs_reviews", "contested", "unresolved")


def kept_of(visit: Visit) -> KeptOversight:
    """The figures that this process keeps."""
    kept: KeptOversight = visit.request.app.state.oversight
    return kept


@router.get("/maintain")
def dashboard(visit: TheVisit) -> Response:
    """Empty seats, oldest rounds, what waits, agreement, outcomes, controls."""
    may_oversee(visit.must_act())
    with visit.platform.read() as loaded:
        figures = kept_of(visit).at(loaded)
        seats = kept_of(visit).seats(loaded, visit.platform.clock.now())
        topics = topics_in_force(loaded)
        coverage = coverage_of(visit, loaded)
        epoch = loaded.epoch
    totals: Counter[tuple[int, str]] = Counter()
    for (_, ended_in, outcome), number in figures.outcomes.items():
        totals[ended_in, outcome] += number
    controls = figures.controls
    return show(
        visit,
        "maintain.html",
        figures=figures,
        seats=seats,
        topics=topics,
        coverage=coverage,
        epoch=epoch,
        waiting=WAITING,
        chart=outcome_chart(totals),
        outcomes=OUTCOMES,
        slipped=wilson(controls.accepted, controls.judged) if controls.judged else None,
    )


@router.get("/maintain/topics/{topic}")
def topic(topic: Annotated[Slug, Path()], visit: TheVisit) -> Response:
    """One topic: agreement with its interval, outcomes over time, reviewers whose votes somebody should look at."""
    may_oversee(visit.must_act())
    with visit.platform.read() as loaded:
        definition = loaded.topic_in_force(topic).content
        figures = kept_of(visit).at(loaded)
        odd = kept_of(visit).odd(loaded, topic)
    counts = {(epoch, outcome): number for (name, epoch, outcome), number in figures.outcomes.items() if name == topic}
    return show(
        visit,
        "maintain-topic.html",
        topic=definition,
        agreement=figures.agreement[topic],
        chart=outcome_chart(counts),
        outcomes=OUTCOMES,
        odd=odd,
    )
