"""Reviews: submit one in the held seat, supersede the own one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from curation.reviews.submit import SubmitReview, submit_review, supersede_review
from curation_api.bodies import JUDGEMENT, SEAT_REVIEW, read_body
from curation_api.once import TheOnce
from curation_api.openapi import act
from curation_api.rendering import review_act_view
from curation_api.views import ReviewActView
from curation_schemas.review import Judgement
from curation_schemas.text import ExampleId

router = APIRouter(tags=["reviews"])


@router.post("/v1/reviews", **act("Review the revision in the held seat", ReviewActView, body="SeatReview"))
def review(request: Request, once: TheOnce) -> Response:
    """Fill the held seat. The review stays sealed until the round ends; filling the last seat ends it."""
    form = read_body(request, SEAT_REVIEW)
    judgement = Judgement.model_validate(form.model_dump(include=set(Judgement.model_fields), exclude_none=True))
    command = SubmitReview(example=form.example, revision=form.revision, judgement=judgement, via="api")
    return once.perform(lambda writing, actor: submit_review(writing, actor, command), review_act_view)


@router.put("/v1/reviews/{example}", **act("Supersede the own review", ReviewActView, body="Judgement"))
def supersede(
    request: Request,
    example: Annotated[ExampleId, Path(description="The example in whose open round the own review stands.")],
    once: TheOnce,
) -> Response:
    """Replace the own review while the round is open. The log keeps both; only the latest counts."""
    command = SubmitReview(example=example, judgement=read_body(request, JUDGEMENT), via="api")
    return once.perform(lambda writing, actor: supersede_review(writing, actor, command), review_act_view)
