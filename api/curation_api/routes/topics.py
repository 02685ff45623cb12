"""Topics in force, topics that are proposed, and what people object to in a topic's words."""

from __future__ import annotations

from dataclasses import asdict
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Path, Query

from curation.errors import NotFound
from curation.topics.objections import list_objections
from curation_api.asking import TheActor, ThePlatform, TheReader
from curation_api.openapi import operation
from curation_api.proposed import Proposed, proposed_topic, proposed_topics
from curation_api.views import (
    ObjectionId,
    ObjectionList,
    ObjectionView,
    ProposedTopicList,
    ProposedTopicView,
    TopicList,
)
from curation_schemas.definition import Topic
from curation_schemas.text import Slug

router = APIRouter(tags=["topics"])
ATopic = Annotated[Slug, Path(description="A topic's id.")]
AfterTopic = Annotated[Slug | None, Query(description="`next` of the page before.")]
ALimit = Annotated[int, Query(ge=1, le=200)]


@router.get("/v1/topics", **operation("List topics", access="none", problems=(422,)))
def topics(platform: ThePlatform, cursor: AfterTopic = None, limit: ALimit = 50) -> TopicList:
    """List the topics in force, each with its positions and perspectives in every language of the dataset."""
    with platform.read() as loaded:
        found = [item.content for item in loaded.definitions.topics_at(loaded.epoch)]
    rest = sorted((topic for topic in found if cursor is None or topic.id > cursor), key=lambda topic: topic.id)
    return TopicList(topics=rest[:limit], next=rest[limit - 1].id if len(rest) > limit else None)


@router.get("/v1/topics/{topic}", **operation("Read a topic", access="none", problems=(404,)))
def read_topic(topic: ATopic, platform: ThePlatform) -> Topic:
    """Read a topic in force: what is disputed, the positions as their holders put them, the perspectives."""
    with platform.read() as loaded:
        return loaded.topic_in_force(topic).content


@router.get(
    "/v1/topics/{topic}/objections",
    **operation("List objections to a topic's words", access="required", problems=(404, 422)),
)
def objections(
    topic: ATopic,
    platform: ThePlatform,
    _actor: TheActor,
    cursor: Annotated[ObjectionId | None, Query(description="`next` of the page before.")] = None,
    limit: ALimit = 50,
) -> ObjectionList:
    """List what people object to in the words of a topic in force, for whoever wants to propose better ones.

    They are notes, kept for 60 days: nobody knows whose, and they count in no round.
    """
    with platform.read() as loaded:
        known = loaded.topic_in_force(topic).content.id
        found = [ObjectionView(**asdict(item)) for item in list_objections(loaded, known, platform.clock.now())]
    rest = sorted((item for item in found if cursor is None or item.id > cursor), key=lambda item: item.id)
    return ObjectionList(objections=rest[:limit], next=rest[limit - 1].id if len(rest) > limit else None)


@router.get("/v1/proposed-topics", **operation("List proposed topics", access="optional", problems=(422,)))
def proposed(
    platform: ThePlatform, reader: TheReader, cursor: AfterTopic = None, limit: ALimit = 50
) -> ProposedTopicList:
    """List the topics that are proposed and not in force, as of the last closed epoch; the reader's own as of now.

    One can declare a perspective on them, and write examples for them. `/v1/examples?kind=topic` lists every proposal,
    amendments too.
    """
    with platform.read() as loaded:
        found = islice(proposed_topics(loaded, platform, reader, cursor or ""), limit + 1)
        rest = [_proposed(item) for item in found]
    return ProposedTopicList(topics=rest[:limit], next=rest[limit - 1].id if len(rest) > limit else None)


@router.get("/v1/proposed-topics/{topic}", **operation("Read a proposed topic", access="optional", problems=(404,)))
def read_proposed(topic: ATopic, platform: ThePlatform, reader: TheReader) -> ProposedTopicView:
    """Read a topic that is proposed and not in force: its names, and its words where the reader may see them."""
    with platform.read() as loaded:
        found = proposed_topic(loaded, platform, reader, topic)
    if found is None:
        raise NotFound("no such topic is proposed", hint="A new one appears when its epoch is closed.")
    return _proposed(found)


def _proposed(found: Proposed) -> ProposedTopicView:
    return ProposedTopicView(
        id=found.id, proposal=found.proposal, status=found.status, outline=found.outline, topic=found.topic
    )
