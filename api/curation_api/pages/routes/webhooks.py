"""Webhooks, for maintainers: which programs elsewhere are told what became public."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from curation.errors import Conflict, InvalidInput
from curation.settings import read_settings
from curation.webhooks.receivers import NewSecret, add_receiver, list_receivers, remove_receiver, replace_secret
from curation_api.oversight import may_oversee
from curation_api.pages.complaints import Problems, by_field
from curation_api.pages.render import go, show
from curation_api.pages.visit import Form, TheForm, TheVisit, Visit

router = APIRouter()
PAGE = "/maintain/webhooks"


@router.get(PAGE)
def webhooks(visit: TheVisit) -> Response:
    """Every receiver, and how its messages stand."""
    return _page(visit)


def _page(
    visit: Visit,
    form: Form | None = None,
    problems: Problems | None = None,
    status: int = 200,
    made: NewSecret | None = None,
) -> Response:
    may_oversee(visit.must_act())
    with visit.platform.read() as loaded:
        receivers = list_receivers(loaded.connection)
    given = {"form": form or Form([]), "problems": problems or {}, "receivers": receivers, "made": made}
    return show(visit, "webhooks.html", status, **given, said=visit.request.query_params.get("done") == "1")


@router.post(PAGE)
def add(visit: TheVisit, form: TheForm) -> Response:
    """Register a receiver, and show its secret, once."""
    actor = visit.must_act()
    try:
        with visit.platform.write() as writing:
            made = add_receiver(writing, actor, form.one("url"), private=read_settings().webhooks_private)
    except (Conflict, InvalidInput) as error:
        return _page(visit, form, by_field(visit.say, [("url", error.message)]), 422)
    return _page(visit, made=made)


@router.post(PAGE + "/secret")
def rotate(visit: TheVisit, form: TheForm) -> Response:
    """Make a receiver a new secret, and show it, once."""
    actor = visit.must_act()
    with visit.platform.write() as writing:
        made = replace_secret(writing, actor, form.one("receiver"))
    return _page(visit, made=made)


@router.post(PAGE + "/remove")
def remove(visit: TheVisit, form: TheForm) -> Response:
    """Send nothing more to a receiver."""
    actor = visit.must_act()
    with visit.platform.write() as writing:
        remove_receiver(writing, actor, form.one("receiver"))
    return go(f"{PAGE}?done=1")
