"""Signing in and out, and coming back with a recovery code."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from curation.errors import InvalidInput
from curation.membership import SignedIn, recover, sign_in
from curation.people.sessions import close_session
from curation_api.pages.catalogue import N_
from curation_api.pages.complaints import Problems, by_field
from curation_api.pages.render import go, show
from curation_api.pages.visit import SESSION_COOKIE, Form, TheForm, TheVisit, Visit, drop_session, keep_session

router = APIRouter()


@router.get("/sign-in")
def ask(visit: TheVisit) -> Response:
    """The form."""
    if visit.actor is not None:
        return go("/work")
    return show(visit, "sign-in.html", form=Form([]), problems={})


@router.post("/sign-in")
def enter(visit: TheVisit, form: TheForm) -> Response:
    """Sign in with handle and passphrase."""
    done = sign_in(visit.platform, form.one("handle").lower(), form.typed("passphrase"))
    return _entered(visit, form, done, "sign-in.html", N_("Handle or passphrase is wrong."))


@router.get("/recover")
def ask_recovery(visit: TheVisit) -> Response:
    """The form for a recovery code."""
    return show(visit, "recover.html", form=Form([]), problems={})


@router.post("/recover")
def recovered(visit: TheVisit, form: TheForm) -> Response:
    """Set a new passphrase with a recovery code."""
    handle, passphrase = form.one("handle").lower(), form.typed("passphrase")
    try:
        done = recover(visit.platform, handle, form.one("code"), passphrase)
    except InvalidInput as error:
        problems = by_field(visit.say, [(error.where, error.message)])
        return show(visit, "recover.html", 422, form=form, problems=problems)
    return _entered(visit, form, done, "recover.html", N_("Handle or code is wrong. A code works once."))


def _entered(visit: Visit, form: Form, done: SignedIn, template: str, wrong: str) -> Response:
    if done.session is not None:
        answer: Response = go("/work")
        keep_session(answer, visit.request, done.session)
        return answer
    problems: Problems = {"": [visit.say(wrong)]}
    if done.wait:
        minutes = -(-done.wait // 60)
        waiting = N_("Too many wrong tries for this handle: wait %(minutes)s min. A recovery code works at once.")
        problems[""].append(visit.say(waiting) % {"minutes": minutes})
    return show(visit, template, 422, form=form, problems=problems)


@router.post("/sign-out")
def leave(visit: TheVisit, form: TheForm) -> Response:
    """Sign this browser out."""
    token = visit.request.cookies.get(SESSION_COOKIE, "")
    with visit.platform.write() as writing:
        close_session(writing.connection, token)
    answer: Response = go("/")
    drop_session(answer)
    return answer
