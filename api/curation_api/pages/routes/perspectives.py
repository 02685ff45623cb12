"""Declaring where one stands on a topic, or taking that back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from curation.errors import Conflict, NotFound
from curation.public_handles import handles_of, hide_handle, show_handle
from curation.topics.declare import DeclarePerspective, declare_perspective
from curation_api.pages.render import go, show
from curation_api.pages.standing import standpoint_on
from curation_api.pages.visit import TheForm, TheVisit
from curation_schemas.text import Slug

router = APIRouter()
ATopic = Annotated[Slug, Path()]


@router.get("/topics/{topic}/perspective")
def ask(topic: ATopic, visit: TheVisit) -> Response:
    """The perspectives of a topic, to choose one or none."""
    visit.must_act()
    with visit.platform.read() as loaded:
        stand = standpoint_on(visit, loaded, topic)
        shown = handles_of(loaded.connection, [stand.pseudonym]) if stand else {}
    if stand is None:
        raise NotFound(f"there is no topic {topic!r}")
    return show(visit, "perspective.html", stand=stand, topic=stand.topic, shown=bool(shown))


@router.post("/topics/{topic}/perspective")
def declare(topic: ATopic, visit: TheVisit, form: TheForm) -> Response:
    """Declare one. What was declared already stays as it is."""
    actor = visit.must_act()
    command = DeclarePerspective(topic=topic, perspective=form.one("perspective") or None)
    try:
        with visit.platform.write() as writing:
            declare_perspective(writing, actor, command)
    except Conflict:
        pass  # the same form sent twice
    return go(f"/work?topic={topic}")


@router.post("/topics/{topic}/handle")
def choose_name(topic: ATopic, visit: TheVisit, form: TheForm) -> Response:
    """Show one's handle beside one's pseudonym, or the pseudonym alone again."""
    actor = visit.must_act()
    with visit.platform.write() as writing:
        if form.one("do") == "hide":
            hide_handle(writing, actor, topic)
        elif form.has("sure"):
            show_handle(writing, actor, topic)
    return go(f"/topics/{topic}/perspective")
