"""Roles and suspensions, for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from curation.standing import ChangeRoles, SuspendPerson, change_roles, restore_person, suspend_person
from curation_api.asking import TheActor, ThePlatform
from curation_api.bodies import ROLES_WANTED, SUSPENSION, read_body
from curation_api.once import TheOnce
from curation_api.openapi import act, operation
from curation_api.oversight_views import SuspensionList, SuspensionView
from curation_api.rendering import act_view
from curation_api.views import ActView
from curation_schemas.text import Pseudonym

router = APIRouter(tags=["people"])


@router.post("/v1/roles", **act("Change the roles of an account", ActView, body="RolesWanted"))
def roles(request: Request, once: TheOnce) -> Response:
    """Give an account these roles and no others. The log names the pseudonym that it has in the dataset."""
    wanted = read_body(request, ROLES_WANTED)
    command = ChangeRoles(handle=wanted.handle, roles=wanted.roles)
    return once.perform(lambda writing, actor: change_roles(writing, actor, command), act_view)


@router.get("/v1/suspensions", **operation("List suspensions", access="required", problems=(403,)))
def suspensions(platform: ThePlatform, actor: TheActor) -> SuspensionList:
    """List who is suspended now, by topic and pseudonym."""
    actor.require("administrator")
    with platform.read() as loaded:
        found = loaded.definitions.standings.suspended_now()
    return SuspensionList(
        suspensions=[
            SuspensionView(
                leaf=item.leaf,
                topic=item.event.topic,
                pseudonym=item.event.pseudonym,
                ground=item.event.ground,
                epoch=item.epoch,
            )
            for item in found
        ]
    )


@router.post("/v1/suspensions", **act("Suspend somebody on a topic", ActView, body="SuspensionForm"))
def suspend(request: Request, once: TheOnce) -> Response:
    """Suspend a person as the topic knows them. Nobody is told who it is."""
    wanted = read_body(request, SUSPENSION)
    command = SuspendPerson(topic=wanted.topic, pseudonym=wanted.pseudonym, ground=wanted.ground)
    return once.perform(lambda writing, actor: suspend_person(writing, actor, command), act_view)


@router.post("/v1/suspensions/{pseudonym}/end", **act("End a suspension", ActView))
def restore(
    pseudonym: Annotated[Pseudonym, Path(description="Who is suspended, as the topic knows them.")], once: TheOnce
) -> Response:
    """End a person's suspension."""
    return once.perform(lambda writing, actor: restore_person(writing, actor, pseudonym), act_view)
