"""Topics in force."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from curation_api.asking import ThePlatform
from curation_api.openapi import operation
from curation_api.views import TopicList
from curation_schemas.definition import Topic
from curation_schemas.text import Slug

router = APIRouter(tags=["topics"])


@router.get("/v1/topics", **operation("List topics", access="none"))
def topics(platform: ThePlatform) -> TopicList:
    """List the topics in force, each with its positions and perspectives in every language of the dataset."""
    with platform.read() as loaded:
        found = [item.content for item in loaded.definitions.topics_at(loaded.epoch)]
    return TopicList(topics=sorted(found, key=lambda topic: topic.id))


@router.get("/v1/topics/{topic}", **operation("Read a topic", access="none", problems=(404,)))
def read_topic(topic: Annotated[Slug, Path(description="A topic's id.")], platform: ThePlatform) -> Topic:
    """Read a topic in force: what is disputed, the positions as their holders put them, the perspectives."""
    with platform.read() as loaded:
        return loaded.topic_in_force(topic).content
