"""Errors as pages: what happened, and what to do next.

Rules that always hold:
- the status is the one that the API would answer with; the text is in the reader's language, but for the facts of a
  message, which are marked as English;
- a page never says what broke inside, and needs no database to say that something did;
- a program that asks for no HTML gets the API's problem for a path that does not exist.
"""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from curation.errors import EvenhandError, Refused, Unavailable
from curation.rulebook.rules import RULES
from curation_api.errors import LOGGER, NoSuchPath, respond_to, status_of
from curation_api.pages.catalogue import N_
from curation_api.pages.render import go, html
from curation_api.pages.visit import SignInFirst, language_of

TITLES = {
    400: N_("This request could not be read"),
    401: N_("Sign in first"),
    403: N_("This is not allowed"),
    404: N_("There is no such page"),
    405: N_("This page does not take that"),
    409: N_("A rule forbids this"),
    413: N_("That is too much at once"),
    415: N_("This form could not be read"),
    422: N_("Something in the form is not right"),
    500: N_("Something broke on our side"),
    503: N_("The platform is busy"),
}
ADVICE = {
    400: N_("Go back and try again."),
    401: N_("This page is for people who are signed in."),
    403: N_("Your account lacks the role, or the form is too old: load its page again."),
    404: N_("The address may be wrong, or the thing is not public yet: what is new appears when its epoch is closed."),
    405: N_("Go back and use the form."),
    409: N_("Nothing was changed."),
    413: N_("Send less: at most one million bytes."),
    415: N_("Go back and use the form."),
    422: N_("Go back and look at the fields again."),
    500: N_("Nothing was changed. Please try again later."),
    503: N_("Please try again in a few seconds. What you typed was not lost by us: go back to find it."),
}


def error_page(request: Request, status: int, error: EvenhandError | None = None) -> Response:
    """The page that says what happened."""
    known = status if status in TITLES else 500
    language = language_of(request)
    said = error if error is not None and status < 500 else None
    answer = html(
        language,
        "error.html",
        status,
        path=request.url.path,
        request=request,
        title=TITLES[known],
        advice=ADVICE[known],
        said=said,
        sentence=RULES.get(error.rule, "").removesuffix(" (server)") if isinstance(error, Refused) else "",
        uncertain=isinstance(error, Unavailable) and error.uncertain,
    )
    if status == 503:
        answer.headers["Retry-After"] = "2"
    return answer


async def _on_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, EvenhandError)
    if isinstance(error, SignInFirst) and request.method == "GET":
        return go("/sign-in")
    status = status_of(error)
    if status >= 500:
        # Messages of this tree hold no personal data (curation/errors.py).
        LOGGER.error("%s: %s", error.code, error)
    return error_page(request, status, error)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404 and "text/html" not in request.headers.get("accept", ""):
        return respond_to(NoSuchPath("nothing is served at this path"))
    answer = error_page(request, error.status_code)
    answer.headers.update(error.headers or {})
    return answer


async def _on_parameters(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return error_page(request, 404)


async def _on_unavailable(request: Request, error: Exception) -> Response:
    LOGGER.error("the database did not answer: %s", type(error).__name__)
    return error_page(request, 503)


def install(app: FastAPI) -> None:
    """Have every error of an application answered with a page."""
    app.add_exception_handler(EvenhandError, _on_error)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_parameters)
    app.add_exception_handler(OperationalError, _on_unavailable)
    app.add_exception_handler(PoolExhausted, _on_unavailable)


async def crashed(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer an error that nobody foresaw."""
    await error_page(Request(scope), 500)(scope, receive, send)


async def too_large(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a body that is larger than the limit."""
    await error_page(Request(scope), 413)(scope, receive, send)
