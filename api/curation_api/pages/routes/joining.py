"""Joining: in plain words first, then a handle and a passphrase, then the recovery codes, once."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from curation.errors import Conflict, InvalidInput
from curation.membership import JoinUs, join_us
from curation.people.accounts import Joining
from curation_api.pages.catalogue import N_
from curation_api.pages.complaints import Problems, by_field
from curation_api.pages.render import go, home_of, show
from curation_api.pages.visit import Form, TheForm, TheVisit, Visit, keep_session
from curation_schemas.parsing import SchemaInvalid, validate

router = APIRouter()


@router.get("/join")
def ask(visit: TheVisit) -> Response:
    """What joining means, and the form."""
    if visit.actor is not None:
        return go("/work")
    return _form(visit, Form([("language", code) for code in _read_by(visit)]), {}, 200)


@router.post("/join")
def join(visit: TheVisit, form: TheForm) -> Response:
    """Open an account, sign in, show the recovery codes."""
    problems: Problems = {}
    if form.typed("passphrase") != form.typed("again"):
        problems["again"] = [visit.say(N_("The two are not the same."))]
    if not (form.has("publish") and form.has("understood")):
        problems["consent"] = [visit.say(N_("Nobody can join without agreeing to both."))]
    try:
        joining = validate(Joining, {"handle": form.one("handle").lower(), "languages": form.all("language")})
    except SchemaInvalid as error:
        problems |= by_field(visit.say, error.problems)
    if problems:
        return _form(visit, form, problems, 422)
    try:
        joined = join_us(visit.platform, JoinUs(joining=joining, passphrase=form.typed("passphrase"), consents=True))
    except (Conflict, InvalidInput) as error:
        return _form(visit, form, by_field(visit.say, [(error.where, error.message)]), 422)
    visit.actor, visit.secret = joined.actor, joined.session
    answer = show(visit, "codes.html", codes=joined.recovery_codes, fresh=True)
    keep_session(answer, visit.request, joined.session)
    return answer


def _form(visit: Visit, form: Form, problems: Problems, status: int) -> Response:
    return show(visit, "join.html", status, form=form, problems=problems)


def _read_by(visit: Visit) -> list[str]:
    """The languages of the dataset that this reader most likely reads."""
    return [code for code in home_of(visit)["languages"] if code == visit.language]
