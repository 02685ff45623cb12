"""The next release: its plan with every gate, overruling one, and the cut. Long work is done beside the server."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fastapi import APIRouter
from sqlalchemy import select
from starlette.responses import Response

from curation.errors import Conflict, InvalidInput
from curation.releases.cut import last_size
from curation.releases.jobs import Job, kept_plan, last_job, start_job
from curation.releases.overrule import OverruleGate
from curation.rulebook.rules import RULES
from curation.tables import releases
from curation_api.bodies import GATE_OVERRULING
from curation_api.oversight import may_oversee
from curation_api.pages.complaints import Problems, by_field
from curation_api.pages.figures import topics_in_force
from curation_api.pages.render import go, show
from curation_api.pages.visit import Form, TheForm, TheVisit, Visit
from curation_schemas.parsing import SchemaInvalid, validate

router = APIRouter()
PAGE = "/maintain/release"


@router.get(PAGE)
def desk(visit: TheVisit) -> Response:
    """How the last job stands, and the plan, where there is one for the log as it is."""
    return _page(visit)


def _page(visit: Visit, form: Form | None = None, problems: Problems | None = None, status: int = 200) -> Response:
    may_oversee(visit.must_act())
    home = visit.platform.home
    with visit.platform.read() as loaded:
        size = last_size(loaded.connection)
        cut = loaded.connection.execute(select(releases.c.version).where(releases.c.size == size)).scalar()
        topics = {topic.id: topic for topic in topics_in_force(loaded)}
    job = last_job(home)
    plan = kept_plan(home, size) if size is not None else None
    return show(
        visit,
        "cutting.html",
        status,
        job=job,
        sentence=RULES.get(job.get("rule") or "", "").removesuffix(" (server)"),
        plan=plan,
        broken=_broken(plan) if plan else {},
        outcomes=Counter(item["outcome"] for item in _measures(plan)) if plan else Counter(),
        size=size,
        cut=cut,
        topics=topics,
        form=form or Form([]),
        problems=problems or {},
    )


def _measures(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Every measure, those of topics that leave first."""
    return [item for items in plan["gates"]["failing"].values() for item in items] + list(plan["gates"]["measures"])


def _broken(plan: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Topic → the measures that break a gate or a warning, those of gates first."""
    found: dict[str, list[dict[str, Any]]] = {}
    for item in _measures(plan):
        if item["breaks"] or item["outcome"] == "error":
            found.setdefault(item["topic"], []).append(item)
    return {topic: sorted(items, key=lambda item: item["breaks"] != "gate") for topic, items in sorted(found.items())}


@router.post(PAGE + "/plan")
def plan(visit: TheVisit, form: TheForm) -> Response:
    """Begin a plan."""
    return _begin(visit, "plan")


@router.post(PAGE + "/overrule")
def overrule(visit: TheVisit, form: TheForm) -> Response:
    """Begin overruling gates of one topic. The same said twice is recorded once."""
    visit.must_act().require("maintainer")
    topic = form.one("topic")
    given = {"topic": topic, "gates": form.all("gate"), "reason": form.one("reason")}
    try:
        wanted = validate(GATE_OVERRULING, given)
        OverruleGate(topic=wanted.topic, gates=tuple(wanted.gates), reason=wanted.reason).check()
    except SchemaInvalid as error:
        pairs = [(f"{path.partition('.')[0].removesuffix('s')}-{topic}", message) for path, message in error.problems]
        return _page(visit, form, by_field(visit.say, pairs), 422)
    except InvalidInput as error:
        return _page(visit, form, by_field(visit.say, [(f"{error.where}-{topic}", error.message)]), 422)
    return _begin(visit, "overrule", given)


@router.post(PAGE + "/cut")
def cut(visit: TheVisit, form: TheForm) -> Response:
    """Begin the cut of what was planned. Where it was cut already, show that."""
    visit.must_act().require("maintainer")
    with visit.platform.read() as loaded:
        known = {str(row.size): row.version for row in loaded.connection.execute(select(releases))}
    if form.one("size") in known:
        return go(f"/releases/{known[form.one('size')]}")
    return _begin(visit, "cut")


def _begin(visit: Visit, job: Job, given: dict[str, Any] | None = None) -> Response:
    try:
        start_job(visit.platform, visit.must_act(), job, given)
    except Conflict:
        pass  # one is under way, the same form sent twice for instance: the page shows it
    return go(PAGE)
