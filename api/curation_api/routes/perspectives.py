"""Declarations of where one stands on a topic."""

from __future__ import annotations

from fastapi import APIRouter, Request

from curation.topics.declare import DeclarePerspective, declare_perspective
from curation_api.asking import TheActor, ThePlatform
from curation_api.bodies import STANDPOINT, read_body
from curation_api.openapi import act
from curation_api.rendering import act_view
from curation_api.views import ActView

router = APIRouter(tags=["topics"])


@router.post("/v1/perspectives", **act("Declare a perspective on a topic", body="Standpoint"))
def declare(request: Request, platform: ThePlatform, actor: TheActor) -> ActView:
    """Declare from where one judges a topic. A first declaration counts at once, a changed one from the next epoch."""
    form = read_body(request, STANDPOINT)
    with platform.write() as writing:
        command = DeclarePerspective(topic=form.topic, perspective=form.perspective)
        recorded = declare_perspective(writing, actor, command)
    return act_view(platform, recorded)
