"""Flags: list the open ones, read one, raise one, uphold one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from curation.examples.flag import Flag, Uphold, raise_flag, uphold_flag
from curation.oversight.flags import OpenFlag, open_flags
from curation_api.asking import TheActor, ThePlatform
from curation_api.bodies import FLAG_FORM, read_body
from curation_api.flagged import seen_flag
from curation_api.once import TheOnce
from curation_api.openapi import act, operation
from curation_api.oversight_views import OpenFlagList, OpenFlagView, SeenFlagView
from curation_api.rendering import act_view
from curation_api.views import ActView
from curation_schemas.text import Hash, Slug

router = APIRouter(tags=["flags"])
AFlag = Annotated[Hash, Path(description="The flag's id.")]


@router.get("/v1/flags", **operation("List open flags", access="required", problems=(422,)))
def flags(
    platform: ThePlatform,
    actor: TheActor,
    topic: Annotated[Slug | None, Query(description="Those on one topic only.")] = None,
) -> OpenFlagList:
    """List the flags that have not lapsed, with their evidence, as of the last closed epoch.

    One for personal data or law is listed at once, as its text is hidden at once. At most 200 are listed.
    """
    with platform.read() as loaded:
        return OpenFlagList(flags=[_view(item) for item in open_flags(loaded, topic)])


@router.get("/v1/flags/{flag}", **operation("Read an open flag", access="required", problems=(404,)))
def read_flag(flag: AFlag, platform: ThePlatform, actor: TheActor) -> SeenFlagView:
    """Read a flag and, where the reader may see it, the text that it is about.

    Maintainers see that text; for grounds other than personal data and law, so does who can uphold the flag.
    """
    with platform.read() as loaded:
        seen = seen_flag(loaded, platform, actor, flag)
    return SeenFlagView(flag=_view(seen.flag), part=seen.part, text=seen.text)


def _view(flag: OpenFlag) -> OpenFlagView:
    return OpenFlagView(**{**asdict(flag), "upheld_from": list(flag.upheld_from)})


@router.post("/v1/flags", **act("Flag a revision", ActView, body="FlagForm"))
def flag(request: Request, once: TheOnce) -> Response:
    """Hold a revision's publication, with evidence on one of the closed grounds. The flag's id is its leaf's hash."""
    command = Flag(form=read_body(request, FLAG_FORM))
    return once.perform(lambda writing, actor: raise_flag(writing, actor, command), act_view)


@router.post("/v1/flags/{flag}/upholds", **act("Uphold a flag", ActView))
def uphold(flag: AFlag, once: TheOnce) -> Response:
    """Uphold a flag as an uninvolved person. It stands once two people of different perspectives uphold it."""
    return once.perform(lambda writing, actor: uphold_flag(writing, actor, Uphold(flag=flag)), act_view)
