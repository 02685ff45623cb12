"""Reviewing: one seat at a time, one topic per sitting, sealed until the round ends.

Rules that always hold:
- a seat is taken by a form, never by following a link;
- of a preference pair, the answers stand in the order that was drawn for the seat; what is recorded says which was
  preferred, not where it stood;
- what was typed is kept, whatever is wrong with it.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from curation.errors import NotFound, Refused
from curation.reviews.passing import PassSeat, pass_seat
from curation.reviews.seats import TakeSeat, take_seat
from curation.reviews.submit import SubmitReview, Submitted, submit_review, supersede_review
from curation.rulebook.rules import RULES
from curation_api.pages.complaints import Problems, by_field
from curation_api.pages.proposal_form import field_of, read_source
from curation_api.pages.render import go, show
from curation_api.pages.sitting import Sitting, own_sitting, sitting_now
from curation_api.pages.standing import standpoints
from curation_api.pages.visit import Form, TheForm, TheVisit, Visit
from curation_schemas.parsing import SchemaInvalid, validate
from curation_schemas.review import Judgement
from curation_schemas.text import ExampleId

router = APIRouter()
AnId = Annotated[ExampleId, Path()]
_CRITERIA = ("positions", "accuracy", "sourcing", "tone", "completeness")


@router.get("/review")
def review(visit: TheVisit, topic: Annotated[str, Query(max_length=64)] = "") -> Response:
    """The seat that is held, or the topics on which one can be asked for."""
    visit.must_act()
    sitting = sitting_now(visit)
    if sitting is not None:
        return _page(visit, sitting, Form([]))
    return _topics(visit, topic, {}, 200)


def _topics(visit: Visit, chosen: str, problems: Problems, status: int) -> Response:
    with visit.platform.read() as loaded:
        stands = standpoints(visit, loaded)
    return show(visit, "review-choose.html", status, stands=stands, chosen=chosen, problems=problems)


@router.post("/review/seat")
def sit(visit: TheVisit, form: TheForm) -> Response:
    """Ask the queue for a seat."""
    actor = visit.must_act()
    topic = form.one("topic")
    try:
        with visit.platform.write() as writing:
            take_seat(writing, actor, TakeSeat(topic=topic, language=form.one("language") or None))
    except NotFound as error:
        if error.where == "topic":
            raise
        return _topics(visit, topic, {"nothing": [topic]}, 200)
    except Refused as error:
        return _topics(visit, topic, _refusal(visit, error), 409)
    return go("/review")


@router.post("/review/pass")
def hand_on(visit: TheVisit, form: TheForm) -> Response:
    """«Cannot judge»: hand the seat on."""
    actor = visit.must_act()
    with visit.platform.write() as writing:
        pass_seat(writing, actor, PassSeat(example=form.one("example")))
    return go("/work?done=passed")


@router.post("/review")
def submit(visit: TheVisit, form: TheForm) -> Response:
    """Fill the seat that is held."""
    visit.must_act()
    sitting = sitting_now(visit)
    if sitting is None or sitting.revision != form.one("revision"):
        return go("/work?done=reviewed")  # sent twice, or the round has ended meanwhile: the page of one's work says
    return _judge(visit, sitting, form)


@router.get("/reviews/{example}")
def again(example: AnId, visit: TheVisit) -> Response:
    """The own review in an open round, as it was given, to be replaced."""
    sitting, given = own_sitting(visit, example)
    return _page(visit, sitting, given)


@router.post("/reviews/{example}")
def supersede(example: AnId, visit: TheVisit, form: TheForm) -> Response:
    """Replace the own review."""
    return _judge(visit, own_sitting(visit, example)[0], form)


def _judge(visit: Visit, sitting: Sitting, form: Form) -> Response:
    actor = visit.must_act()
    data = _read(form, sitting)
    try:
        judgement = validate(Judgement, data)
    except SchemaInvalid as error:
        problems = by_field(visit.say, [(field_of(path, data), message) for path, message in error.problems])
        return _page(visit, sitting, form, problems, 422)
    command = SubmitReview(example=sitting.example.id, revision=sitting.revision, judgement=judgement, via="web")
    act = supersede_review if sitting.again else submit_review
    try:
        with visit.platform.write() as writing:
            submitted: Submitted = act(writing, actor, command)
    except Refused as error:
        return _page(visit, sitting, form, _refusal(visit, error), 409)
    if submitted.closing is not None:
        return go(f"/examples/{sitting.example.id}?done=ended")
    return go("/work?done=reviewed")


def _read(form: Form, sitting: Sitting) -> dict[str, Any]:
    """The form as plain data, to be validated."""
    scores = {name: form.one(f"score-{name}") for name in _CRITERIA}
    data: dict[str, Any] = {
        "verdict": form.one("verdict"),
        "scores": {name: int(value) for name, value in scores.items() if value.isdecimal() and len(value) == 1},
    }
    if data["verdict"] != "accept":
        data["reasons"] = form.all("reasons")
        if form.one("rationale"):
            data["rationale"] = form.one("rationale")
        if (source := read_source(form, 0)) is not None:
            data["counter_source"] = source
    elif form.one("rationale"):
        data["rationale"] = form.one("rationale")
    if sitting.example.kind == "preference":
        data["comparison"] = sitting.recorded(form.one("comparison"))
        data["positions_seen"] = {sitting.recorded(letter): form.all(f"seen-{letter}") for letter in ("a", "b")}
    return data


def _refusal(visit: Visit, error: Refused) -> Problems:
    sentence = visit.say(RULES.get(error.rule, error.rule).removesuffix(" (server)"))
    return {"": [sentence], "detail": [f"{error.message}. {error.hint}".strip()]}


def _page(visit: Visit, sitting: Sitting, form: Form, problems: Problems | None = None, status: int = 200) -> Response:
    return show(visit, "review.html", status, sitting=sitting, form=form, problems=problems or {}, criteria=_CRITERIA)
