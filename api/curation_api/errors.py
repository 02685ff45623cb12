"""Every error as RFC 9457 `application/problem+json`, made here and nowhere else.

On top of the domain's tree (curation/errors.py) stand the errors of the HTTP request itself:

    CallerError
    ├── InvalidInput
    │   └── InvalidBody             422  the body is JSON, but not what its schema says
    └── RequestError                     the request could not be read as one of ours; `.status`
        ├── Malformed               400  the body is not strict JSON
        ├── BadHeader               400  a header is not what it must be
        ├── Unauthenticated         401  no bearer token, or one that nobody has
        ├── NoSuchPath              404  nothing is served at this path
        ├── WrongMethod             405  the path is served, with other methods
        ├── ChangedSince            412  what is acted on has changed since the caller read it
        ├── TooLarge                413  the body is larger than the limit
        ├── UnsupportedBody         415  the body is not plain `application/json`
        ├── NoSuchPart              416  the file has no such part
        └── TooMany                 429  more requests in a minute than are allowed

Rules that always hold:
- a problem never repeats what was sent, and never says what broke inside (500);
- `type` is `/problems/<code>`, the same for every problem of a kind; so is `title`;
- a refusal carries `rule`: the rule's id and its sentence.
"""

from __future__ import annotations

import logging
import re
from typing import Any, ClassVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from curation.errors import (
    CallerError,
    Conflict,
    EvenhandError,
    InvalidInput,
    NotAllowed,
    NotFound,
    Refused,
    Unavailable,
)
from curation.rulebook.rules import RULES
from curation_api.views import FieldProblem, Problem, RuleView

MEDIA_TYPE = "application/problem+json"
LOGGER = logging.getLogger("curation_api")


class InvalidBody(InvalidInput):
    """The body is JSON, but not what its schema says; `problems` holds (field path, message) pairs."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        super().__init__(f"{len(problems)} of its fields are wrong" if len(problems) > 1 else "a field of it is wrong")
        self.problems = problems


class RequestError(CallerError):
    """The request could not be read as one of ours."""

    status: ClassVar[int] = 400
    headers: ClassVar[dict[str, str]] = {}


class Malformed(RequestError):
    """The body is not strict JSON."""

    code = "malformed"


class BadHeader(RequestError):
    """A header is not what it must be."""

    code = "bad-header"


class Unauthenticated(RequestError):
    """No bearer token, or one that nobody has."""

    code = "unauthenticated"
    status = 401
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": 'Bearer realm="evenhand"'}


class NoSuchPath(RequestError):
    """Nothing is served at this path."""

    code = "not-found"
    status = 404


class WrongMethod(RequestError):
    """The path is served, with other methods."""

    code = "method-not-allowed"
    status = 405


class ChangedSince(RequestError):
    """What is acted on has changed since the caller read it."""

    code = "changed-since"
    status = 412


class TooLarge(RequestError):
    """The body is larger than the limit."""

    code = "too-large"
    status = 413


class UnsupportedBody(RequestError):
    """The body is not plain `application/json`."""

    code = "unsupported-body"
    status = 415


class NoSuchPart(RequestError):
    """The file has no such part."""

    code = "no-such-part"
    status = 416

    def __init__(self, size: int) -> None:
        super().__init__(f"the file has {size} bytes, and no such part", hint="Leave out the header Range.")
        self.own_headers = {"Content-Range": f"bytes */{size}"}


class TooMany(RequestError):
    """More requests in a minute than are allowed."""

    code = "too-many"
    status = 429

    def __init__(self, headers: dict[str, str], seconds: int) -> None:
        super().__init__("more requests came in this minute than are allowed", hint=f"Go on in {seconds} seconds.")
        self.own_headers = headers


_STATUS: dict[type[EvenhandError], int] = {
    InvalidInput: 422,
    NotFound: 404,
    Refused: 409,
    NotAllowed: 403,
    Conflict: 409,
    Unavailable: 503,
}
_TITLES = {
    "malformed": "The body is not strict JSON",
    "bad-header": "A header is not what it must be",
    "unauthenticated": "A valid bearer token is needed",
    "not-allowed": "The actor lacks the role",
    "not-found": "There is no such thing",
    "method-not-allowed": "The path does not take this method",
    "refused": "A rule forbids the act",
    "conflict": "It exists already, or changed in between",
    "changed-since": "It has changed since it was read",
    "too-large": "The body is too large",
    "no-such-part": "The file has no such part",
    "too-many": "Too many requests",
    "unsupported-body": "The body is not plain application/json",
    "invalid-input": "The request is not what its schema says",
    "internal": "Something broke inside",
    "unavailable": "The platform is busy or out of order",
}
_LATER = {"Retry-After": "2"}
_UNCERTAIN = "The database went away while the act was being kept: it may have been. Look before you repeat it."
_PLAIN_PATH = re.compile(r"[\w.\[\]-]*", re.ASCII)


def status_of(error: EvenhandError) -> int:
    """The HTTP status of an error; 500 for a broken world."""
    if isinstance(error, RequestError):
        return error.status
    return next((_STATUS[cls] for cls in type(error).__mro__ if cls in _STATUS), 500)


def problem_of(error: EvenhandError) -> Problem:
    """An error as a problem. A broken world says nothing of itself."""
    status = status_of(error)
    if status == 500:
        return _problem("internal", 500)
    if isinstance(error, Unavailable):
        return _problem("unavailable", 503, detail=_UNCERTAIN if error.uncertain else None)
    problem = _problem(error.code, status, detail=error.message, hint=error.hint or None)
    if isinstance(error, Refused):
        rule = RuleView(id=error.rule, sentence=RULES.get(error.rule, ""))
        return problem.model_copy(update={"rule": rule})
    if isinstance(error, InvalidInput):
        pairs = error.problems if isinstance(error, InvalidBody) else [(error.where, error.message)]
        return problem.model_copy(update={"errors": [_field_problem(*pair) for pair in pairs]})
    return problem


def _problem(code: str, status: int, **members: Any) -> Problem:
    return Problem(type=f"/problems/{code}", title=_TITLES[code], status=status, **members)


def _field_problem(path: str, message: str) -> FieldProblem:
    # A field's name may be made up by the caller: it does not go back.
    field = ".".join(part if _PLAIN_PATH.fullmatch(part) else "?" for part in path.split("."))
    return FieldProblem(field=field, message=message)


def respond(problem: Problem, headers: dict[str, str] | None = None) -> JSONResponse:
    """The response that carries a problem."""
    content = problem.model_dump(exclude_none=True)
    return JSONResponse(content, problem.status, headers=headers, media_type=MEDIA_TYPE)


def respond_to(error: EvenhandError) -> JSONResponse:
    """The response to an error; a broken world's message goes to the server's own log."""
    if status_of(error) >= 500:
        # Messages of this tree hold no personal data (curation/errors.py).
        LOGGER.error("%s: %s", error.code, error)
    return respond(problem_of(error), _headers_of(error))


def _headers_of(error: EvenhandError) -> dict[str, str] | None:
    if isinstance(error, (NoSuchPart, TooMany)):
        return error.own_headers
    return _LATER if isinstance(error, Unavailable) else error.headers if isinstance(error, RequestError) else None


def internal_problem() -> Problem:
    """What is said of an error that nobody foresaw."""
    return _problem("internal", 500)


async def _on_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, EvenhandError)
    return respond_to(error)


async def _on_http(request: Request, error: Exception) -> JSONResponse:
    """Starlette's own: an unknown path, or a method that the path does not take."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        answer = respond_to(WrongMethod("this path takes other methods"))
        answer.headers["Allow"] = ", ".join(request.app.methods_at(request.url.path))
        return answer
    if error.status_code == 404:
        return respond_to(NoSuchPath("nothing is served at this path"))
    LOGGER.error("an HTTP error nobody foresaw: %d", error.status_code)
    return respond(internal_problem())


async def _on_parameters(_request: Request, error: Exception) -> JSONResponse:
    """A parameter of the path that cannot name anything names nothing; one of the query is the caller's mistake."""
    assert isinstance(error, RequestValidationError)
    if any(item["loc"][0] == "path" for item in error.errors()):
        return respond_to(NotFound("nothing can have such an id"))
    pairs = [(".".join(str(part) for part in item["loc"][1:]), item["msg"]) for item in error.errors()]
    return respond_to(InvalidBody([(path, message.removeprefix("Value error, ")) for path, message in pairs]))


async def _on_unavailable(_request: Request, error: Exception) -> JSONResponse:
    LOGGER.error("the database did not answer: %s", type(error).__name__)
    return respond(_problem("unavailable", 503), _LATER)


def install(app: FastAPI) -> None:
    """Have every error of an application answered as a problem."""
    app.add_exception_handler(EvenhandError, _on_error)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_parameters)
    app.add_exception_handler(OperationalError, _on_unavailable)
    app.add_exception_handler(PoolExhausted, _on_unavailable)
