"""One's own account: languages, passphrase, tokens, everything that is held, and leaving."""

from __future__ import annotations

import json

from fastapi import APIRouter
from starlette.responses import Response

from curation.errors import InvalidInput
from curation.holdings import holdings_of
from curation.integrations.label_studio.connection import server_url
from curation.membership import change_passphrase, check_own_passphrase, confirms_by_handle, is_linked, leave
from curation.people.accounts import change_languages, issue_token, list_tokens, revoke_token
from curation.people.credentials import codes_left, new_recovery_codes
from curation_api.pages.catalogue import N_
from curation_api.pages.complaints import Problems, by_field
from curation_api.pages.render import go, home_of, show
from curation_api.pages.standing import standpoints
from curation_api.pages.visit import TheForm, TheVisit, Visit, drop_session, keep_session

router = APIRouter()
MAX_TOKENS = 10
_LABEL = 60


@router.get("/account")
def account(visit: TheVisit) -> Response:
    """The account's page."""
    return account_page(visit, {}, 200)


def account_page(
    visit: Visit, problems: Problems, status: int, token: str | None = None, onward: str | None = None
) -> Response:
    """The account's page, with what is wrong beside its fields, a new token, or the way on to the provider."""
    actor = visit.must_act()
    with visit.platform.read() as loaded:
        tokens = list_tokens(loaded.connection, actor.account)
        codes = codes_left(loaded.connection, actor.account)
        stands = standpoints(visit, loaded)
        label_studio = server_url(loaded) is not None
    return show(
        visit,
        "account.html",
        status,
        tokens=tokens,
        codes=codes,
        stands=stands,
        problems=problems,
        by_handle=confirms_by_handle(visit.platform, actor),
        linked=is_linked(visit.platform, actor),
        label_studio=label_studio,
        new_token=token,
        onward=onward,
        said=visit.request.query_params.get("done") == "1",
    )


@router.post("/account/languages")
def languages(visit: TheVisit, form: TheForm) -> Response:
    """Change which languages one reads."""
    actor = visit.must_act()
    chosen = [code for code in home_of(visit)["languages"] if code in form.all("language")]
    if not chosen:
        return account_page(visit, {"languages": [visit.say(N_("Choose at least one language."))]}, 422)
    with visit.platform.write() as writing:
        writing.admit(actor)
        change_languages(writing.connection, actor.account, chosen)
    return go("/account?done=1")


@router.post("/account/passphrase")
def passphrase(visit: TheVisit, form: TheForm) -> Response:
    """Change the passphrase; every other browser is signed out."""
    actor = visit.must_act()
    if form.typed("passphrase") != form.typed("again"):
        return account_page(visit, {"again": [visit.say(N_("The two are not the same."))]}, 422)
    try:
        session = change_passphrase(visit.platform, actor, form.typed("own"), form.typed("passphrase"))
    except InvalidInput as error:
        return account_page(visit, by_field(visit.say, [(error.where, error.message)]), 422)
    answer: Response = go("/account?done=1")
    keep_session(answer, visit.request, session)
    return answer


@router.post("/account/codes")
def codes(visit: TheVisit, form: TheForm) -> Response:
    """New recovery codes, shown once, instead of those before."""
    actor = visit.must_act()
    try:
        check_own_passphrase(visit.platform, actor, form.typed("own"))
    except InvalidInput as error:
        return account_page(visit, {"codes-own": by_field(visit.say, [("", error.message)])[""]}, 422)
    with visit.platform.write() as writing:
        made = new_recovery_codes(writing.connection, actor.account, writing.token_bytes)
    return show(visit, "codes.html", codes=made, fresh=False)


@router.post("/account/tokens")
def new_token(visit: TheVisit, form: TheForm) -> Response:
    """A new token for programs, shown once."""
    actor = visit.must_act()
    with visit.platform.write() as writing:
        writing.admit(actor)
        if len(list_tokens(writing.connection, actor.account)) >= MAX_TOKENS:
            problems = {"label": [visit.say(N_("You have ten tokens already. Revoke one first."))]}
            token = None
        else:
            problems, label = {}, form.one("label")[:_LABEL] or None
            token = issue_token(writing.connection, actor.account, writing.token_bytes, label)
    return account_page(visit, problems, 422 if problems else 200, token)


@router.post("/account/tokens/revoke")
def revoke(visit: TheVisit, form: TheForm) -> Response:
    """Take one token back."""
    actor = visit.must_act()
    with visit.platform.write() as writing:
        revoke_token(writing.connection, actor.account, form.one("token"))
    return go("/account?done=1")


@router.post("/account/export")
def export(visit: TheVisit, form: TheForm) -> Response:
    """Everything that is held about this person, as a file."""
    held = holdings_of(visit.platform, visit.must_act())
    content = json.dumps(held, ensure_ascii=False, indent=2) + "\n"
    headers = {"Content-Disposition": 'attachment; filename="evenhand-account.json"'}
    return Response(content, media_type="application/json", headers=headers)


@router.get("/account/leave")
def ask_leave(visit: TheVisit) -> Response:
    """What leaving does, and the form."""
    return _leave(visit, {}, 200)


def _leave(visit: Visit, problems: Problems, status: int) -> Response:
    by_handle = confirms_by_handle(visit.platform, visit.must_act())
    return show(visit, "leave.html", status, problems=problems, by_handle=by_handle)


@router.post("/account/leave")
def left(visit: TheVisit, form: TheForm) -> Response:
    """Forget the account."""
    actor = visit.must_act()
    if not form.has("sure"):
        return _leave(visit, {"sure": [visit.say(N_("Say that you are sure."))]}, 422)
    try:
        leave(visit.platform, actor, form.typed("own"))
    except InvalidInput as error:
        return _leave(visit, by_field(visit.say, [(error.where, error.message)]), 422)
    visit.actor, visit.secret = None, None
    answer = show(visit, "left.html")
    drop_session(answer)
    return answer
