"""The next release, on which the server works beside requests."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import select

from curation.releases.cut import last_size
from curation.releases.jobs import kept_plan, last_job, start_job
from curation.releases.overrule import OverruleGate
from curation.tables import releases
from curation.writing import Platform
from curation_api.asking import TheActor, ThePlatform
from curation_api.bodies import GATE_OVERRULING, read_body
from curation_api.openapi import operation
from curation_api.oversight import may_oversee
from curation_api.oversight_views import JobView, NextRelease

router = APIRouter(tags=["releases"])
_BEGUN: dict[str, Any] = {"access": "required", "problems": (403, 409)}


@router.get("/v1/next-release", **operation("Read the plan of the next release", access="required", problems=(403,)))
def next_release(platform: ThePlatform, actor: TheActor) -> NextRelease:
    """Read how the last job stands, and the plan, where there is one for the log as it is."""
    may_oversee(actor)
    return _next(platform)


def _next(platform: Platform) -> NextRelease:
    with platform.read() as loaded:
        size = last_size(loaded.connection)
        cut = loaded.connection.execute(select(releases.c.version).where(releases.c.size == size)).scalar()
    plan = kept_plan(platform.home, size) if size is not None else None
    return NextRelease(size=size, cut=cut, job=JobView(**last_job(platform.home)), plan=plan)


@router.post("/v1/next-release/plan", status_code=202, **operation("Begin a plan", **_BEGUN))
def plan(platform: ThePlatform, actor: TheActor) -> NextRelease:
    """Begin to plan the next release. Read the plan when the job is done."""
    start_job(platform, actor, "plan")
    return _next(platform)


@router.post(
    "/v1/next-release/overrulings", status_code=202, **operation("Overrule gates", body="GateOverruling", **_BEGUN)
)
def overrule(request: Request, platform: ThePlatform, actor: TheActor) -> NextRelease:
    """Begin to overrule gates that a topic fails, with a reason. The same said twice is recorded once."""
    wanted = read_body(request, GATE_OVERRULING)
    OverruleGate(topic=wanted.topic, gates=tuple(wanted.gates), reason=wanted.reason).check()
    start_job(platform, actor, "overrule", wanted.model_dump())
    return _next(platform)


@router.post("/v1/next-release/cut", status_code=202, **operation("Begin the cut", **_BEGUN))
def cut(platform: ThePlatform, actor: TheActor) -> NextRelease:
    """Begin to cut the next release. The same log is cut once; a job that comes later fails, and says so."""
    start_job(platform, actor, "cut")
    return _next(platform)
