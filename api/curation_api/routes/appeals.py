"""Appeals of a round's outcome."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from curation.reviews.appeal import Appeal, appeal_round
from curation_api.bodies import APPEAL_FORM, read_body
from curation_api.once import TheOnce
from curation_api.openapi import act
from curation_api.rendering import act_view
from curation_api.views import ActView

router = APIRouter(tags=["reviews"])


@router.post("/v1/appeals", **act("Appeal a round's outcome", ActView, body="AppealForm"))
def appeal(request: Request, once: TheOnce) -> Response:
    """Open the one appeal of the latest revision's round: as many seats again, for people who were not in the first."""
    form = read_body(request, APPEAL_FORM)
    command = Appeal(example=form.example, rationale=form.rationale)
    return once.perform(lambda writing, actor: appeal_round(writing, actor, command), act_view)
