"""Flags: raise one, uphold one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from curation.examples.flag import Flag, Uphold, raise_flag, uphold_flag
from curation_api.asking import TheActor, ThePlatform
from curation_api.bodies import FLAG_FORM, read_body
from curation_api.openapi import act
from curation_api.rendering import act_view
from curation_api.views import ActView
from curation_schemas.text import Hash

router = APIRouter(tags=["flags"])


@router.post("/v1/flags", **act("Flag a revision", body="FlagForm"))
def flag(request: Request, platform: ThePlatform, actor: TheActor) -> ActView:
    """Hold a revision's publication, with evidence on one of the closed grounds. The flag's id is its leaf's hash."""
    command = Flag(form=read_body(request, FLAG_FORM))
    with platform.write() as writing:
        recorded = raise_flag(writing, actor, command)
    return act_view(platform, recorded)


@router.post("/v1/flags/{flag}/upholds", **act("Uphold a flag"))
def uphold(
    flag: Annotated[Hash, Path(description="The flag's id.")], platform: ThePlatform, actor: TheActor
) -> ActView:
    """Uphold a flag as an uninvolved person. It stands once two people of different perspectives uphold it."""
    with platform.write() as writing:
        recorded = uphold_flag(writing, actor, Uphold(flag=flag))
    return act_view(platform, recorded)
