"""Flags: raise one, uphold one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from curation.examples.flag import Flag, Uphold, raise_flag, uphold_flag
from curation_api.bodies import FLAG_FORM, read_body
from curation_api.once import TheOnce
from curation_api.openapi import act
from curation_api.rendering import act_view
from curation_api.views import ActView
from curation_schemas.text import Hash

router = APIRouter(tags=["flags"])


@router.post("/v1/flags", **act("Flag a revision", ActView, body="FlagForm"))
def flag(request: Request, once: TheOnce) -> Response:
    """Hold a revision's publication, with evidence on one of the closed grounds. The flag's id is its leaf's hash."""
    command = Flag(form=read_body(request, FLAG_FORM))
    return once.perform(lambda writing, actor: raise_flag(writing, actor, command), act_view)


@router.post("/v1/flags/{flag}/upholds", **act("Uphold a flag", ActView))
def uphold(flag: Annotated[Hash, Path(description="The flag's id.")], once: TheOnce) -> Response:
    """Uphold a flag as an uninvolved person. It stands once two people of different perspectives uphold it."""
    return once.perform(lambda writing, actor: uphold_flag(writing, actor, Uphold(flag=flag)), act_view)
