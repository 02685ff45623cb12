"""Topics in force."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from curation_api.asking import ThePlatform
from curation_api.openapi import operation
from curation_api.views import TopicList
from curation_schemas.definition import Topic
from curation_schemas.text import Slug

router = APIRouter(tags=["topics"])


@router.get("/v1/topics", **operation("List topics", access="none", problems=(422,)))
def topics(
    platform: ThePlatform,
    cursor: Annotated[Slug | None, Query(description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> TopicList:
    """List the topics in force, each with its positions and perspectives in every language of the dataset."""
    with platform.read() as loaded:
        found = [item.content for item in loaded.definitions.topics_at(loaded.epoch)]
    rest = sorted((topic for topic in found if cursor is None or topic.id > cursor), key=lambda topic: topic.id)
    return TopicList(topics=rest[:limit], next=rest[limit - 1].id if len(rest) > limit else None)


@router.get("/v1/topics/{topic}", **operation("Read a topic", access="none", problems=(404,)))
def read_topic(topic: Annotated[Slug, Path(description="A topic's id.")], platform: ThePlatform) -> Topic:
    """Read a topic in force: what is disputed, the positions as their holders put them, the perspectives."""
    with platform.read() as loaded:
        return loaded.topic_in_force(topic).content
