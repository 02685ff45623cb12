"""Search by id or by words. An id leads straight to its page."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select
from starlette.responses import Response

from curation.search.words import terms_of
from curation.tables import examples, log_leaves
from curation_api.pages.beginnings import beginnings_in
from curation_api.pages.render import go, show
from curation_api.pages.visit import TheVisit, Visit
from curation_api.searching import MAX_WORDS, MOST, examples_with, topics_with

router = APIRouter()


@router.get("/search")
def search(visit: TheVisit, q: Annotated[str, Query(max_length=MAX_WORDS)] = "") -> Response:
    """What fits an id or words."""
    wanted = " ".join(q.split())
    if (place := _place_of(visit, wanted)) is not None:
        return go(place)
    terms = terms_of(wanted)
    with visit.platform.read() as loaded:
        topics = topics_with(loaded, terms)
        found = examples_with(loaded, terms)
    told = beginnings_in(found)
    return show(visit, "search.html", wanted=wanted, topics=topics, found=found, beginnings=told, most=MOST)


def _place_of(visit: Visit, wanted: str) -> str | None:
    """The page of what has this id, if anything has."""
    if re.fullmatch(r"ex_[a-z2-7]{16}", wanted):
        return f"/examples/{wanted}"
    if re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", wanted):
        return f"/releases/{wanted}"
    if re.fullmatch(r"[0-9a-f]{64}", wanted):
        return f"/leaves/{wanted}"
    with visit.platform.read() as loaded:
        if re.fullmatch(r"g_[a-z2-7]{16}", wanted):
            query = select(examples.c.id).where(examples.c.group_id == wanted).order_by(examples.c.id)
            for example in loaded.connection.execute(query).scalars():
                sealed = select(log_leaves.c.idx).where(log_leaves.c.example == example).limit(1)
                if loaded.connection.execute(sealed).first() is not None:
                    return f"/examples/{example}"
        if loaded.definitions.topic_at(wanted, loaded.epoch) is not None:
            return f"/topics/{wanted}"
    return None
