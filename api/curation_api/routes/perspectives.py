"""Declarations of where one stands on a topic."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from curation.topics.declare import DeclarePerspective, declare_perspective
from curation_api.bodies import STANDPOINT, read_body
from curation_api.once import TheOnce
from curation_api.openapi import act
from curation_api.rendering import act_view
from curation_api.views import ActView

router = APIRouter(tags=["topics"])


@router.post("/v1/perspectives", **act("Declare a perspective on a topic", ActView, body="Standpoint"))
def declare(request: Request, once: TheOnce) -> Response:
    """Declare from where one judges a topic. A first declaration counts at once, a changed one from the next epoch."""
    form = read_body(request, STANDPOINT)
    command = DeclarePerspective(topic=form.topic, perspective=form.perspective)
    return once.perform(lambda writing, actor: declare_perspective(writing, actor, command), act_view)
