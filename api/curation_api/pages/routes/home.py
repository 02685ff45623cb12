"""The home page: what this is, what is missing, and where to go."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from curation_api.pages.figures import coverage_of, newest_release, topics_in_force
from curation_api.pages.render import show
from curation_api.pages.visit import TheVisit

router = APIRouter()


@router.get("/")
def home(visit: TheVisit) -> Response:
    """What this is, the coverage map, the latest release."""
    with visit.platform.read() as loaded:
        coverage = coverage_of(visit, loaded)
        topics = topics_in_force(loaded)
        release = newest_release(loaded)
    return show(visit, "home.html", coverage=coverage, topics=topics, release=release)


@router.get("/how-it-works")
def how_it_works(visit: TheVisit) -> Response:
    """How an example becomes a row of a release, and what that does not prove."""
    return show(visit, "how-it-works.html")
