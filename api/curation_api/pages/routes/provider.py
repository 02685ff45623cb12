"""Signing in, and joining, through an OpenID Connect provider; and letting it vouch for an account that is there.

Rules that always hold:
- what a try must fit, and whom the provider named, is carried by the browser itself, signed, for some minutes: nothing
  of a try is kept here, and another browser cannot end it;
- of whom the provider named, a keyed hash is carried and nothing else: no claim of theirs is shown, kept or suggested
  as a handle;
- an account is linked by the browser and the session in which its owner confirmed it, and by no other.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from curation.errors import Conflict, InvalidInput, NotFound
from curation.membership import JoinUs, check_own_passphrase, enter, join_us, link_identity
from curation.people.accounts import Joining
from curation.people.identities import identity_of
from curation.people.provider import Provider, Try
from curation.people.vault import Vault
from curation_api.pages.catalogue import N_
from curation_api.pages.complaints import Problems, by_field
from curation_api.pages.render import go, home_of, show
from curation_api.pages.routes.account import account_page
from curation_api.pages.visit import Form, TheForm, TheVisit, Visit, keep_cookie, keep_session
from curation_schemas.parsing import SchemaInvalid, validate

router = APIRouter()
BACK = "/sign-in/provider/back"
COOKIE = "evenhand_provider"
_TRY_SECONDS, _JOIN_SECONDS = 600, 3_600


def _provider(visit: Visit) -> Provider:
    found: Provider | None = visit.request.app.state.provider
    if found is None:
        raise NotFound("nobody signs in here through a provider")
    return found


@router.get("/sign-in/provider")
def begin(visit: TheVisit) -> Response:
    """Send the browser to the provider."""
    provider = _provider(visit)
    if visit.actor is not None:
        return go("/work")
    url, made = provider.begin()
    answer = RedirectResponse(url, 303)
    _carry(visit, answer, asdict(made), _TRY_SECONDS)
    return answer


@router.post("/account/provider")
def link(visit: TheVisit, form: TheForm) -> Response:
    """Show the way to the provider, so that it vouches for this account from now on.

    A link and no redirection: by their policy our pages send no form on to anybody else.
    """
    provider = _provider(visit)
    actor = visit.must_act()
    try:
        check_own_passphrase(visit.platform, actor, form.typed("own"))
    except InvalidInput as error:
        return account_page(visit, {"provider-own": by_field(visit.say, [("", error.message)])[""]}, 422)
    url, made = provider.begin()
    answer = account_page(visit, {}, 200, onward=url)
    _carry(visit, answer, {**asdict(made), "link": _session(visit)}, _TRY_SECONDS)
    return answer


def _session(visit: Visit) -> str:
    """What a try to link is bound to: the session, in a form that is of no use to anybody who reads it."""
    return hashlib.sha256(b"link\x00" + (visit.secret or "").encode()).hexdigest()


@router.get(BACK)
def back(visit: TheVisit) -> Response:
    """Take the provider's answer: sign in, or go on to joining."""
    provider = _provider(visit)
    carried = _carried(visit)
    try:
        if carried is None or "state" not in carried:
            raise InvalidInput("this browser began no try, or too long ago", where="provider")
        linking = carried.pop("link", None)
        answered = dict(visit.request.query_params)
        stranger = provider.finish(Try(**carried), answered, visit.platform.clock.now())
    except InvalidInput as error:
        return _failed(visit, error)
    with visit.platform.read() as loaded:
        vault = Vault(loaded.connection, visit.platform.home.vault_key, visit.platform.token_bytes)
        identity = identity_of(vault, stranger)
    if linking is not None:
        return _linked(visit, identity, linking)
    session = enter(visit.platform, identity)
    if session is None:
        answer: Response = go("/join/provider")
        _carry(visit, answer, {"identity": identity}, _JOIN_SECONDS)
        return answer
    answer = go("/work")
    keep_session(answer, visit.request, session)
    answer.delete_cookie(COOKIE, path="/")
    return answer


def _linked(visit: Visit, identity: str, session: str) -> Response:
    if visit.actor is None or not hmac.compare_digest(session, _session(visit)):
        return _failed(visit, InvalidInput("another session began this try", where="provider"))
    try:
        link_identity(visit.platform, visit.actor, identity)
        answer: Response = go("/account?done=1")
    except Conflict as error:
        answer = account_page(visit, {"provider-own": by_field(visit.say, [("", error.message)])[""]}, 409)
    answer.delete_cookie(COOKIE, path="/")
    return answer


def _failed(visit: Visit, error: InvalidInput) -> Response:
    said = visit.say(N_("The provider did not sign you in, or its answer does not fit. Please try again."))
    answer = show(visit, "sign-in.html", 422, form=Form([]), problems={"": [said]}, detail=error.message)
    answer.delete_cookie(COOKIE, path="/")
    return answer


@router.get("/join/provider")
def ask(visit: TheVisit) -> Response:
    """What joining means, and the form without a passphrase."""
    identity = _identity(visit)
    if visit.actor is not None:
        return go("/work")
    if identity is None:
        return go("/sign-in")
    read = [("language", code) for code in home_of(visit)["languages"] if code == visit.language]
    return _form(visit, Form(read), {}, 200)


@router.post("/join/provider")
def join(visit: TheVisit, form: TheForm) -> Response:
    """Open an account for whom the provider named, and show the recovery codes."""
    identity = _identity(visit)
    if identity is None:
        return go("/sign-in")
    problems: Problems = {}
    if not (form.has("publish") and form.has("understood")):
        problems["consent"] = [visit.say(N_("Nobody can join without agreeing to both."))]
    try:
        joining = validate(Joining, {"handle": form.one("handle").lower(), "languages": form.all("language")})
    except SchemaInvalid as error:
        problems |= by_field(visit.say, error.problems)
    if problems:
        return _form(visit, form, problems, 422)
    try:
        joined = join_us(visit.platform, JoinUs(joining=joining, consents=True, identity=identity))
    except (Conflict, InvalidInput) as error:
        return _form(visit, form, by_field(visit.say, [(error.where, error.message)]), 422)
    visit.actor, visit.secret = joined.actor, joined.session
    answer = show(visit, "codes.html", codes=joined.recovery_codes, fresh=True)
    keep_session(answer, visit.request, joined.session)
    answer.delete_cookie(COOKIE, path="/")
    return answer


def _form(visit: Visit, form: Form, problems: Problems, status: int) -> Response:
    return show(visit, "join.html", status, form=form, problems=problems, through=_provider(visit).name)


def _identity(visit: Visit) -> str | None:
    _provider(visit)
    carried = _carried(visit)
    found = carried.get("identity") if carried else None
    return found if isinstance(found, str) else None


def _carry(visit: Visit, answer: Response, plain: dict[str, Any], seconds: int) -> None:
    """Give the browser something to bring back, so that nobody else can have made it."""
    content = json.dumps({**plain, "ends_at": visit.platform.clock.now() + seconds}).encode()
    value = base64.urlsafe_b64encode(content).decode() + "." + _signature(visit, content)
    keep_cookie(answer, visit.request, COOKIE, value, seconds)


def _carried(visit: Visit) -> dict[str, Any] | None:
    """What the browser brings back, while it holds."""
    encoded, _, signature = visit.request.cookies.get(COOKIE, "").partition(".")
    try:
        content = base64.urlsafe_b64decode(encoded.encode())
    except ValueError:
        return None
    if not hmac.compare_digest(signature.encode(), _signature(visit, content).encode()):
        return None
    found: dict[str, Any] = json.loads(content)
    return found if found.pop("ends_at") > visit.platform.clock.now() else None


def _signature(visit: Visit, content: bytes) -> str:
    key = visit.platform.home.vault_key
    return hmac.new(key, b"carried by a browser\x00" + content, hashlib.sha256).hexdigest()
