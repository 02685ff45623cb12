"""Search by id or by words.

Rules that always hold:
- an id leads straight to its page;
- words are looked for in the texts that everybody can read (curation.search), and nothing of a text that is held back
  is told;
- every word that was asked for stands in what is found, in any order; a word of three letters or more is found by its
  beginning.
"""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import select
from starlette.responses import Response

from curation.search.index import find_examples
from curation.search.words import Term, has_terms, terms_of
from curation.tables import examples, log_leaves
from curation.writing import LoadedExamples
from curation_api.pages.beginnings import beginnings_in
from curation_api.pages.figures import topics_in_force
from curation_api.pages.render import go, show
from curation_api.pages.visit import TheVisit, Visit
from curation_api.public import shown_example
from curation_api.rendering import example_view
from curation_api.views import ExampleView
from curation_schemas.definition import Topic

router = APIRouter()
MAX_WORDS = 200
_MOST = 25
_CANDIDATES = 200


@router.get("/search")
def search(visit: TheVisit, q: Annotated[str, Query(max_length=MAX_WORDS)] = "") -> Response:
    """What fits an id or words."""
    wanted = " ".join(q.split())
    if (place := _place_of(visit, wanted)) is not None:
        return go(place)
    terms = terms_of(wanted)
    with visit.platform.read() as loaded:
        topics = [topic for topic in topics_in_force(loaded) if _mentions(topic, terms)] if terms else []
        found = _examples(visit, loaded, terms) if terms else []
    told = beginnings_in(found)
    return show(visit, "search.html", wanted=wanted, topics=topics, found=found, beginnings=told, most=_MOST)


def _place_of(visit: Visit, wanted: str) -> str | None:
    """The page of what has this id, if anything has."""
    if re.fullmatch(r"ex_[a-z2-7]{16}", wanted):
        return f"/examples/{wanted}"
    if re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", wanted):
        return f"/releases/{wanted}"
    if re.fullmatch(r"[0-9a-f]{64}", wanted):
        return f"/leaves/{wanted}"
    with visit.platform.read() as loaded:
        if re.fullmatch(r"g_[a-z2-7]{16}", wanted):
            query = select(examples.c.id).where(examples.c.group_id == wanted).order_by(examples.c.id)
            for example in loaded.connection.execute(query).scalars():
                sealed = select(log_leaves.c.idx).where(log_leaves.c.example == example).limit(1)
                if loaded.connection.execute(sealed).first() is not None:
                    return f"/examples/{example}"
        if loaded.definitions.topic_at(wanted, loaded.epoch) is not None:
            return f"/topics/{wanted}"
    return None


def _mentions(topic: Topic, terms: list[Term]) -> bool:
    return has_terms([text for _, labels in topic.texts() for text in labels.values()], terms)


def _examples(visit: Visit, loaded: LoadedExamples, terms: list[Term]) -> list[ExampleView]:
    """The examples whose public text has the words, in the order of their ids."""
    found: list[ExampleView] = []
    for example in find_examples(loaded.connection, terms, _CANDIDATES):
        view = example_view(loaded.connection, shown_example(loaded, visit.platform, None, example))
        if has_terms(_texts(view), terms):
            found.append(view)
        if len(found) >= _MOST:
            break
    return found


def _texts(view: ExampleView) -> list[str]:
    """Every text of an example that is shown to everybody."""
    found = []
    for revision in view.revisions:
        if revision.text is not None:
            content = revision.text.content
            for field in (content.prompt, content.messages, content.chosen, content.rejected, content.answers):
                found += [item.content for item in field or () if item is not None]
            found += [content.synthesis or ""]
    return found
