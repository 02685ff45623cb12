"""Seats: take one, hand it on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from curation.reviews.passing import PassSeat, pass_seat
from curation.reviews.seats import TakeSeat, take_seat
from curation_api.asking import TheActor, ThePlatform
from curation_api.bodies import SEAT_WANTED, read_body
from curation_api.once import TheOnce
from curation_api.openapi import act, operation
from curation_api.rendering import act_view, seat_view
from curation_api.views import ActView, SeatView
from curation_schemas.text import ExampleId

router = APIRouter(tags=["reviews"])


@router.post("/v1/seats", **operation("Take a seat", access="required", body="SeatWanted", problems=(403, 404, 409)))
def take(request: Request, platform: ThePlatform, actor: TheActor) -> SeatView:
    """Ask the queue for a seat on a topic. Whoever holds one on this topic already gets the same again.

    A lease is no act: it is not in the log, and it ends. Not found means that no seat is free for the actor now.
    """
    wanted = read_body(request, SEAT_WANTED)
    with platform.write() as writing:
        seat = take_seat(writing, actor, TakeSeat(topic=wanted.topic, language=wanted.language))
    return seat_view(platform, seat)


@router.post("/v1/seats/{example}/pass", **act("Hand a seat on", ActView))
def hand_on(
    example: Annotated[ExampleId, Path(description="The example in which the seat is held.")],
    once: TheOnce,
) -> Response:
    """«Cannot judge»: hand the held seat on to somebody else."""
    return once.perform(lambda writing, actor: pass_seat(writing, actor, PassSeat(example=example)), act_view)
