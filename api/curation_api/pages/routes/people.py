"""Roles and suspensions, for administrators.

Rules that always hold:
- accounts are not listed; whoever knows a handle finds it by a form, for a handle never stands in an address;
- a suspension names a pseudonym on one topic, and nobody is told whose it is.
"""

from __future__ import annotations

from typing import get_args

from fastapi import APIRouter
from starlette.responses import Response

from curation.errors import Conflict, NotFound, Refused
from curation.people.accounts import ROLES, Actor, actor_by_handle
from curation.standing import ChangeRoles, SuspendPerson, change_roles, restore_person, suspend_person
from curation_api.bodies import ROLES_WANTED, SUSPENSION
from curation_api.pages.catalogue import N_
from curation_api.pages.complaints import Problems, by_field, refusal
from curation_api.pages.figures import topics_in_force
from curation_api.pages.render import go, show
from curation_api.pages.visit import Form, TheForm, TheVisit, Visit
from curation_schemas.parsing import SchemaInvalid, validate
from curation_schemas.review import SuspensionGround

router = APIRouter()
PAGE = "/maintain/people"


@router.get(PAGE)
def people(visit: TheVisit) -> Response:
    """The forms, and who is suspended now."""
    visit.must_act().require("administrator")
    return _page(visit)


def _page(
    visit: Visit,
    form: Form | None = None,
    problems: Problems | None = None,
    status: int = 200,
    found: Actor | None = None,
) -> Response:
    with visit.platform.read() as loaded:
        topics = {topic.id: topic for topic in topics_in_force(loaded)}
        suspended = loaded.definitions.standings.suspended_now()
    return show(
        visit,
        "people.html",
        status,
        form=form or Form([]),
        problems=problems or {},
        found=found,
        topics=topics,
        suspended=suspended,
        roles=ROLES,
        grounds=get_args(SuspensionGround),
        said=visit.request.query_params.get("done") == "1",
    )


def _account(visit: Visit, handle: str) -> Actor | None:
    with visit.platform.read() as loaded:
        try:
            return actor_by_handle(loaded.connection, handle)
        except NotFound:
            return None


@router.post(PAGE + "/find")
def find(visit: TheVisit, form: TheForm) -> Response:
    """Find an account by its handle."""
    visit.must_act().require("administrator")
    found = _account(visit, form.one("handle"))
    if found is None:
        return _page(visit, form, {"handle": [visit.say(N_("There is no account of this handle."))]}, 422)
    return _page(visit, form, found=found)


@router.post(PAGE + "/roles")
def roles(visit: TheVisit, form: TheForm) -> Response:
    """Give an account the chosen roles and no others."""
    actor = visit.must_act()
    actor.require("administrator")
    found = _account(visit, form.one("handle"))
    if found is None:
        return _page(visit, form, {"handle": [visit.say(N_("There is no account of this handle."))]}, 422)
    try:
        wanted = validate(ROLES_WANTED, {"handle": found.handle, "roles": form.all("role")})
        with visit.platform.write() as writing:
            change_roles(writing, actor, ChangeRoles(handle=wanted.handle, roles=wanted.roles))
    except SchemaInvalid as error:
        return _page(visit, form, by_field(visit.say, error.problems), 422, found)
    except Conflict:
        problems = {"roles": [visit.say(N_("Nothing was changed: these are the roles already."))]}
        return _page(visit, form, problems, 409, found)
    except Refused as error:
        return _page(visit, form, {"roles": refusal(visit.say, error)[""]}, 409, found)
    return go(f"{PAGE}?done=1")


@router.post(PAGE + "/suspend")
def suspend(visit: TheVisit, form: TheForm) -> Response:
    """Suspend somebody on a topic, by pseudonym."""
    actor = visit.must_act()
    actor.require("administrator")
    try:
        wanted = validate(SUSPENSION, {name: form.one(name) for name in ("topic", "pseudonym", "ground")})
        with visit.platform.write() as writing:
            command = SuspendPerson(topic=wanted.topic, pseudonym=wanted.pseudonym, ground=wanted.ground)
            suspend_person(writing, actor, command)
    except SchemaInvalid as error:
        return _page(visit, form, by_field(visit.say, error.problems), 422)
    except NotFound:
        problems = {"pseudonym": [visit.say(N_("Nobody has acted on this topic under this pseudonym."))]}
        return _page(visit, form, problems, 422)
    except Refused as error:
        return _page(visit, form, {"pseudonym": refusal(visit.say, error)[""]}, 409)
    return go(f"{PAGE}?done=1")


@router.post(PAGE + "/restore")
def restore(visit: TheVisit, form: TheForm) -> Response:
    """End a suspension. Whoever sends the form twice ends it once."""
    actor = visit.must_act()
    actor.require("administrator")
    try:
        with visit.platform.write() as writing:
            restore_person(writing, actor, form.one("pseudonym"))
    except NotFound:
        pass  # it has ended already
    return go(f"{PAGE}?done=1")
