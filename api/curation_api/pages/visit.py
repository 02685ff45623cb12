"""Who visits a page, in which language, and with which form token.

Rules that always hold:
- the language is the one chosen (a cookie), else the best that the browser accepts;
- a session is looked up by the hash of its cookie, in a session of the database that closes before the route begins;
- a form's token is a keyed hash of the visitor's cookie: who cannot read the cookie cannot make one. It is masked with
  other bytes in every answer, so that the length of a compressed page tells nothing of it;
- cookies are HttpOnly and SameSite=Lax, and Secure unless the page is on this machine.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from starlette.responses import Response

from curation.people.accounts import Actor
from curation.people.sessions import SESSION_SECONDS, actor_by_session
from curation.writing import Platform
from curation_api.errors import Malformed, RequestError, UnsupportedBody
from curation_api.pages.catalogue import LOCALES, negotiate, translations
from curation_api.pages.words import word

LANGUAGE_COOKIE = "evenhand_language"
SESSION_COOKIE = "evenhand_session"
FORM_COOKIE = "evenhand_form"
_YEAR = 365 * 86_400
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})
MAX_FIELDS = 600


class FormRefused(RequestError):
    """The form was not sent from a page of ours, or its page is too old."""

    code = "form-refused"
    status = 403


class SignInFirst(RequestError):
    """The page is for people who are signed in."""

    code = "sign-in-first"
    status = 401


@dataclass(frozen=True, slots=True)
class Voice:
    """What is said outside of templates, in one language."""

    language: str

    def __call__(self, sentence: str) -> str:
        """A sentence of the catalogues."""
        return translations(self.language).gettext(sentence)

    def word(self, group: str, code: str | None) -> str:
        """The word for a code of the domain."""
        return self(word(group, code))


@dataclass(slots=True)
class Visit:
    """One request for a page."""

    request: Request
    platform: Platform
    language: str
    actor: Actor | None
    secret: str | None
    """The cookie that form tokens are made from; None until a form is shown."""
    fresh_secret: bool = False
    mask: bytes | None = None
    """What hides the form token in this answer; None until a form is shown."""

    @property
    def path(self) -> str:
        """The path asked for."""
        return self.request.url.path

    @property
    def local(self) -> bool:
        """Whether the page is served on this machine, where there is no TLS."""
        return is_local(self.request)

    @property
    def provider_name(self) -> str | None:
        """What the provider is called through which people can sign in, if there is one."""
        provider = self.request.app.state.provider
        return provider.name if provider is not None else None

    @property
    def say(self) -> Voice:
        """The sentences of the visitor's language."""
        return Voice(self.language)

    def form_token(self) -> str:
        """The token that the forms of this answer carry."""
        if self.secret is None:
            self.secret, self.fresh_secret = secrets.token_urlsafe(32), True
        if self.mask is None:
            self.mask = secrets.token_bytes(hashlib.sha256().digest_size)
        return (self.mask + _masked(_form_key(self.secret), self.mask)).hex()

    def knows(self, token: str) -> bool:
        """Whether a token came from a form of this visitor's."""
        try:
            given = bytes.fromhex(token)
        except ValueError:
            return False
        size = hashlib.sha256().digest_size
        if self.secret is None or len(given) != 2 * size:
            return False
        return hmac.compare_digest(_masked(given[size:], given[:size]), _form_key(self.secret))

    def must_act(self) -> Actor:
        """Whoever is signed in. Raises SignInFirst."""
        if self.actor is None:
            raise SignInFirst("sign in first")
        return self.actor


def _form_key(secret: str) -> bytes:
    return hmac.digest(secret.encode(), b"form", "sha256")


def _masked(content: bytes, mask: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(content, mask, strict=True))


def is_local(request: Request) -> bool:
    """Whether a request came to this machine's own name."""
    return (request.url.hostname or "") in _LOCAL_HOSTS


def language_of(request: Request) -> str:
    """The language to answer in."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LOCALES else negotiate(request.headers.get("accept-language", ""))


def platform_of(request: Request) -> Platform:
    """The platform that this application serves."""
    platform: Platform = request.app.state.platform
    return platform


def visit_of(request: Request) -> Visit:
    """Who asks for this page. Not signed in is no error."""
    platform = platform_of(request)
    token = request.cookies.get(SESSION_COOKIE, "")
    actor = None
    if token:
        with platform.read() as loaded:
            actor = actor_by_session(loaded.connection, token, platform.clock.now())
    secret = token if actor is not None else request.cookies.get(FORM_COOKIE) or None
    return Visit(request, platform, language_of(request), actor, secret)


TheVisit = Annotated[Visit, Depends(visit_of)]


def keep_cookie(response: Response, request: Request, name: str, value: str, seconds: int) -> None:
    """Set a cookie that no script can read and no other site sends."""
    response.set_cookie(
        name, value, max_age=seconds, path="/", httponly=True, samesite="lax", secure=not is_local(request)
    )


def keep_language(response: Response, request: Request, language: str) -> None:
    """Remember the language that was chosen."""
    keep_cookie(response, request, LANGUAGE_COOKIE, language, _YEAR)


def keep_session(response: Response, request: Request, token: str) -> None:
    """Sign a browser in."""
    keep_cookie(response, request, SESSION_COOKIE, token, SESSION_SECONDS)


def drop_session(response: Response) -> None:
    """Sign a browser out."""
    response.delete_cookie(SESSION_COOKIE, path="/")


class Form:
    """The fields of a form that was sent. Every look-up gives text; what was not sent is empty."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._fields: dict[str, list[str]] = {}
        for name, value in pairs:
            # A browser sends line ends as CR LF; contributed text has LF only.
            self._fields.setdefault(name, []).append(value.replace("\r\n", "\n").replace("\r", "\n"))

    def one(self, name: str) -> str:
        """A field's text, without blanks around it."""
        return self._fields.get(name, [""])[0].strip()

    def typed(self, name: str) -> str:
        """A field's text exactly as it was typed."""
        return self._fields.get(name, [""])[0]

    def all(self, name: str) -> list[str]:
        """Every text sent under a name."""
        return [value.strip() for value in self._fields.get(name, [])]

    def set(self, name: str, value: str) -> None:
        """Put another text into a field, to show the form again."""
        self._fields[name] = [value]

    def pairs(self) -> list[tuple[str, str]]:
        """Every name with each of its texts, as they were typed."""
        return [(name, text) for name, several in self._fields.items() for text in several]

    def has(self, name: str) -> bool:
        """Whether the field was sent."""
        return name in self._fields


def form_of(request: Request, visit: TheVisit) -> Form:
    """The form that was sent, from a page of ours. Raises UnsupportedBody, Malformed, FormRefused."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise UnsupportedBody("a form is sent as application/x-www-form-urlencoded")
    body: bytes = request.state.body
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict", encoding="utf-8"
        )
    except ValueError:
        raise Malformed("the form is not UTF-8, or has too many fields") from None
    form = Form(pairs)
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise FormRefused("this form came from another site")
    if not visit.knows(form.one("form_token")):
        raise FormRefused("this form is too old, or did not come from this site")
    return form


TheForm = Annotated[Form, Depends(form_of)]


def context_of(visit: Visit) -> dict[str, Any]:
    """What every template knows of the visit."""
    return {"visit": visit, "actor": visit.actor, "path": visit.path}
