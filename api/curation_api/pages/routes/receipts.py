"""Receipts, for those who want one: what it is good for, what it can cost, and the note itself.

Rules that always hold:
- the page says that a receipt can incriminate before it gives one;
- a receipt is shown and never stored, and no address names it.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from curation.receipts import own_pending_acts, own_receipt
from curation_api.pages.figures import topics_in_force
from curation_api.pages.render import show
from curation_api.pages.visit import TheForm, TheVisit, Visit

router = APIRouter()


@router.get("/receipts")
def receipts(visit: TheVisit) -> Response:
    """The own acts that are pending."""
    return _page(visit)


@router.post("/receipts")
def receipt(visit: TheVisit, form: TheForm) -> Response:
    """One act's receipt."""
    actor, leaf = visit.must_act(), form.one("leaf")
    with visit.platform.write() as writing:
        note = own_receipt(writing, actor, leaf).note(writing.home)
    return _page(visit, leaf, note)


def _page(visit: Visit, leaf: str = "", note: str = "") -> Response:
    actor = visit.must_act()
    with visit.platform.read() as loaded:
        acts = own_pending_acts(loaded, visit.platform, actor)
        topics = {topic.id: topic for topic in topics_in_force(loaded)}
    return show(visit, "receipts.html", acts=acts, topics=topics, note=note, leaf=leaf)
