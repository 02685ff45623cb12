"""Open flags: the list, and one flag with its evidence, to uphold it or to let it lapse."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from curation.errors import Refused
from curation.examples.flag import Uphold, uphold_flag
from curation.oversight.flags import open_flags
from curation_api.flagged import seen_flag
from curation_api.pages.complaints import Problems, refusal
from curation_api.pages.figures import topics_in_force
from curation_api.pages.render import go, show
from curation_api.pages.visit import TheForm, TheVisit, Visit
from curation_schemas.text import Hash, Slug

router = APIRouter()
AFlag = Annotated[Hash, Path()]


@router.get("/flags")
def flags(visit: TheVisit, topic: Annotated[Slug | Literal[""], Query()] = "") -> Response:
    """The flags that nobody has to wait for, with their evidence."""
    visit.must_act()
    with visit.platform.read() as loaded:
        found = open_flags(loaded, topic or None)
        topics = {item.id: item for item in topics_in_force(loaded)}
    return show(visit, "flags.html", flags=found, topics=topics, chosen=topic)


@router.get("/flags/{flag}")
def flag(flag: AFlag, visit: TheVisit) -> Response:
    """One flag: its evidence, the text where one may see it, and the form."""
    return _page(visit, flag, {}, 200)


def _page(visit: Visit, flag: str, problems: Problems, status: int) -> Response:
    actor = visit.must_act()
    with visit.platform.read() as loaded:
        seen = seen_flag(loaded, visit.platform, actor, flag)
        days = loaded.definitions.policy_at(loaded.epoch).content.flag_days
    return show(visit, "flag-open.html", status, seen=seen, days=days, problems=problems)


@router.post("/flags/{flag}")
def uphold(flag: AFlag, visit: TheVisit, form: TheForm) -> Response:
    """Uphold it. Whoever sends the form twice upholds it once."""
    actor = visit.must_act()
    try:
        with visit.platform.write() as writing:
            uphold_flag(writing, actor, Uphold(flag=flag))
    except Refused as error:
        with visit.platform.read() as loaded:
            if seen_flag(loaded, visit.platform, actor, flag).part != "upheld":
                return _page(visit, flag, refusal(visit.say, error), 409)
    return go(f"/flags/{flag}")
