"""Withdrawing, appealing, flagging: small forms with one act each."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from curation.errors import Refused
from curation.examples.flag import Flag, raise_flag
from curation.examples.withdraw import Withdraw, withdraw_example
from curation.reviews.appeal import Appeal, appeal_round
from curation_api.bodies import Withdrawal
from curation_api.pages.complaints import Problems, by_field, refusal
from curation_api.pages.render import go, show
from curation_api.pages.visit import Form, TheForm, TheVisit, Visit
from curation_api.public import shown_example
from curation_api.rendering import example_view
from curation_schemas.parsing import SchemaInvalid, validate
from curation_schemas.review import FlagForm
from curation_schemas.text import ExampleId

router = APIRouter()
AnId = Annotated[ExampleId, Path()]


def _page(
    visit: Visit, template: str, example: str, form: Form, problems: Problems | None = None, status: int = 200
) -> Response:
    visit.must_act()
    with visit.platform.read() as loaded:
        view = example_view(loaded.connection, shown_example(loaded, visit.platform, visit.actor, example))
    return show(visit, template, status, example=view, form=form, problems=problems or {})


@router.get("/examples/{example}/withdraw")
def ask_withdrawal(example: AnId, visit: TheVisit) -> Response:
    """What withdrawing does, and the form."""
    return _page(visit, "withdraw.html", example, Form([]))


@router.post("/examples/{example}/withdraw")
def withdraw(example: AnId, visit: TheVisit, form: TheForm) -> Response:
    """Take an own example back."""
    actor = visit.must_act()
    try:
        wanted = validate(Withdrawal, {"reason": form.one("reason")})
        with visit.platform.write() as writing:
            withdraw_example(writing, actor, Withdraw(example_id=example, reason=wanted.reason))
    except SchemaInvalid as error:
        return _page(visit, "withdraw.html", example, form, by_field(visit.say, error.problems), 422)
    except Refused as error:
        return _page(visit, "withdraw.html", example, form, refusal(visit.say, error), 409)
    return go("/work?done=withdrawn")


@router.get("/examples/{example}/appeal")
def ask_appeal(example: AnId, visit: TheVisit) -> Response:
    """What an appeal does, and the form."""
    return _page(visit, "appeal.html", example, Form([]))


@router.post("/examples/{example}/appeal")
def appeal(example: AnId, visit: TheVisit, form: TheForm) -> Response:
    """Appeal the outcome."""
    actor = visit.must_act()
    try:
        command = validate(Appeal, {"example": example, "rationale": form.one("rationale")})
        with visit.platform.write() as writing:
            appeal_round(writing, actor, command)
    except SchemaInvalid as error:
        return _page(visit, "appeal.html", example, form, by_field(visit.say, error.problems), 422)
    except Refused as error:
        return _page(visit, "appeal.html", example, form, refusal(visit.say, error), 409)
    return go("/work?done=appealed")


@router.get("/examples/{example}/flag")
def ask_flag(example: AnId, visit: TheVisit) -> Response:
    """What a flag does, and the form."""
    return _page(visit, "flag.html", example, Form([]))


@router.post("/examples/{example}/flag")
def flag(example: AnId, visit: TheVisit, form: TheForm) -> Response:
    """Flag the latest revision."""
    actor = visit.must_act()
    data = {"example": example} | {name: form.one(name) for name in ("revision", "ground", "evidence")}
    try:
        command = Flag(form=validate(FlagForm, data))
        with visit.platform.write() as writing:
            raise_flag(writing, actor, command)
    except SchemaInvalid as error:
        return _page(visit, "flag.html", example, form, by_field(visit.say, error.problems), 422)
    except Refused as error:
        return _page(visit, "flag.html", example, form, refusal(visit.say, error), 409)
    return go("/work?done=flagged")
