"""Topics: the positions side by side, who judges, under which policy, and what there is so far."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from curation_api.pages.drafted import drafted_topic, drafted_topics
from curation_api.pages.figures import coverage_of, topics_in_force
from curation_api.pages.render import go, show
from curation_api.pages.visit import TheVisit
from curation_schemas.text import Slug

router = APIRouter()


@router.get("/topics")
def topics(visit: TheVisit) -> Response:
    """Every topic in force, and those that are proposed."""
    with visit.platform.read() as loaded:
        coverage = coverage_of(visit, loaded)
        found = topics_in_force(loaded)
        drafts = drafted_topics(visit, loaded)
    return show(visit, "topics.html", topics=found, coverage=coverage, drafts=drafts)


@router.get("/topics/{topic}")
def topic(topic: Annotated[Slug, Path()], visit: TheVisit) -> Response:
    """One topic; of one that is not in force yet, its proposal."""
    with visit.platform.read() as loaded:
        if (draft := drafted_topic(visit, loaded, topic)) is not None:
            return go(f"/examples/{draft.proposal}")
        definition = loaded.topic_in_force(topic)
        policy = loaded.definitions.policy_at(loaded.epoch)
        coverage = coverage_of(visit, loaded)
    return show(
        visit,
        "topic.html",
        topic=definition.content,
        definition=definition,
        policy=policy,
        rule=policy.content.rule_for(definition.content.sensitivity),
        coverage=coverage,
    )
