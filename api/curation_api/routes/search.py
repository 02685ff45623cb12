"""Search by words, and one leaf of the log with its openings and its proof."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from curation.search.words import terms_of
from curation_api.asking import ThePlatform
from curation_api.openapi import operation
from curation_api.proving import find_leaf, proof_of
from curation_api.searching import MAX_WORDS, examples_with, topics_with
from curation_api.views import ExampleLine, Found, LeafView, OpeningView
from curation_schemas.text import Hash

router = APIRouter(tags=["log"])


@router.get("/v1/search", tags=["examples"], **operation("Search by words", access="none", problems=(422,)))
def search(
    platform: ThePlatform, q: Annotated[str, Query(max_length=MAX_WORDS, description="Words, in any order.")] = ""
) -> Found:
    """Find topics in force and examples whose public text has all of these words; 25 examples at most."""
    terms = terms_of(q)
    with platform.read() as loaded:
        topics = [topic.id for topic in topics_with(loaded, terms)]
        views = examples_with(loaded, terms)
    fields = set(ExampleLine.model_fields)
    return Found(topics=topics, examples=[ExampleLine(**view.model_dump(include=fields)) for view in views])


@router.get("/v1/leaves/{leaf}", **operation("Read a leaf of the log", access="none", problems=(404, 422)))
def read_leaf(leaf: Annotated[Hash, Path(description="A leaf's hash.")], platform: ThePlatform) -> LeafView:
    """Read a sealed leaf as its bytes are, with the openings that are public, and its proof for today's checkpoint."""
    with platform.read() as loaded:
        found = find_leaf(loaded, platform, leaf)
    return LeafView(
        hash=found.hash,
        index=found.index,
        epoch=found.epoch,
        date=found.date,
        leaf=found.content.decode(),
        openings=[
            OpeningView(unit=item.unit, commitment=item.commitment(), salt=item.salt.hex(), body=item.body.decode())
            for item in found.opened
        ],
        proof=proof_of(platform, found).decode(),
    )
