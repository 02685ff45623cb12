"""Appeals of a round's outcome."""

from __future__ import annotations

from fastapi import APIRouter, Request

from curation.reviews.appeal import Appeal, appeal_round
from curation_api.asking import TheActor, ThePlatform
from curation_api.bodies import APPEAL_FORM, read_body
from curation_api.openapi import act
from curation_api.rendering import act_view
from curation_api.views import ActView

router = APIRouter(tags=["reviews"])


@router.post("/v1/appeals", **act("Appeal a round's outcome", body="AppealForm"))
def appeal(request: Request, platform: ThePlatform, actor: TheActor) -> ActView:
    """Open the one appeal of the latest revision's round: as many seats again, for people who were not in the first."""
    form = read_body(request, APPEAL_FORM)
    with platform.write() as writing:
        recorded = appeal_round(writing, actor, Appeal(example=form.example, rationale=form.rationale))
    return act_view(platform, recorded)
