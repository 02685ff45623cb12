"""Proposing a topic, an amendment of one, or a revision of such a proposal: a form that holds the whole topic.

Rules that always hold:
- what was typed is kept, whatever is wrong with it;
- what a proposal changes, and who will judge it, is shown before it is proposed;
- the same form sent twice proposes once; sent again with another text, it says that the first was taken in already, and
  proposes the other only when it is sent once more.
"""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from curation.drafts import drop_draft, keep_draft
from curation.errors import InvalidInput, Refused
from curation_api.pages.catalogue import N_
from curation_api.pages.complaints import by_field
from curation_api.pages.proposal_form import typed_fields
from curation_api.pages.render import go, home_of
from curation_api.pages.taken import take_in, what_forbids
from curation_api.pages.topic_form import MOST, PARTS, blocks, field_of, filled_blocks
from curation_api.pages.topic_sheets import (
    NEW,
    TopicSheet,
    amendment_sheet,
    begun_topic,
    draft_or_begun,
    own_topic_sheet,
    read_sheet,
    show_topic_sheet,
)
from curation_api.pages.topic_words import changes_nothing
from curation_api.pages.visit import Form, TheForm, TheVisit, Visit
from curation_schemas.commons import TopicProposal
from curation_schemas.parsing import SchemaInvalid, validate
from curation_schemas.text import ExampleId, Slug

router = APIRouter()
ATopic = Annotated[Slug, Path()]
AnId = Annotated[ExampleId, Path()]


@router.get(NEW)
def ask_new(visit: TheVisit) -> Response:
    """An empty form, or the draft of it."""
    return _ask(visit, TopicSheet())


@router.post(NEW)
def propose_new(visit: TheVisit, form: TheForm) -> Response:
    """Check the form, or propose the topic."""
    return _handle(visit, TopicSheet(), form)


@router.get("/propose/{topic}/topic")
def ask_amendment(topic: ATopic, visit: TheVisit) -> Response:
    """The form with the topic in force in it, or the draft of it."""
    return _ask(visit, amendment_sheet(visit, topic))


@router.post("/propose/{topic}/topic")
def amend(topic: ATopic, visit: TheVisit, form: TheForm) -> Response:
    """Check the form, or propose the amendment."""
    return _handle(visit, amendment_sheet(visit, topic), form)


@router.get("/examples/{example}/revise/topic")
def ask_revision(example: AnId, visit: TheVisit) -> Response:
    """The form with the latest revision of an own proposal in it, or the draft of the next."""
    sheet, begun = own_topic_sheet(visit, example)
    return show_topic_sheet(visit, sheet, draft_or_begun(visit, sheet, begun))


@router.post("/examples/{example}/revise/topic")
def revise(example: AnId, visit: TheVisit, form: TheForm) -> Response:
    """Check the form, or bring the revision."""
    return _handle(visit, own_topic_sheet(visit, example)[0], form)


def _ask(visit: Visit, sheet: TopicSheet) -> Response:
    visit.must_act()
    return show_topic_sheet(visit, sheet, draft_or_begun(visit, sheet, begun_topic(visit, sheet)))


def _handle(visit: Visit, sheet: TopicSheet, form: Form) -> Response:
    visit.must_act()
    wish = form.one("do")
    for name in PARTS:
        if wish == f"more-{name}":
            form.set(name, str(min(blocks(form)[name] + 1, MOST)))
            return show_topic_sheet(visit, sheet, form)
    if wish in ("keep", "drop"):
        return _keep_or_drop(visit, sheet, form, wish)
    try:
        proposed = validate(TopicProposal, read_sheet(visit, sheet, form))
    except SchemaInvalid as error:
        languages, kept = home_of(visit)["languages"], filled_blocks(form)
        pairs = [(field_of(path, languages, kept), message) for path, message in error.problems]
        return show_topic_sheet(visit, sheet, form, by_field(visit.say, pairs), 422)
    if changes_nothing(sheet.base, proposed.proposal):
        nothing = visit.say(N_("It changes nothing of the topic in force."))
        return show_topic_sheet(visit, sheet, form, {"": [nothing]}, 422)
    if wish != "propose":
        return show_topic_sheet(visit, sheet, form, looked=True)
    if not form.has("grant"):
        ungranted = visit.say(N_("Nothing is taken in without this."))
        return show_topic_sheet(visit, sheet, form, {"grant": [ungranted]}, 422)
    try:
        taken = take_in(visit, sheet.action, form.one("once"), sheet.example, proposed)
    except Refused as error:
        return show_topic_sheet(visit, sheet, form, what_forbids(visit.say, error), 422)
    if not taken.is_text(proposed):
        form.set("once", secrets.token_hex(16))
        return show_topic_sheet(visit, sheet, form, status=409, earlier=taken.example)
    return go(f"/examples/{taken.example}?done=proposed")


def _keep_or_drop(visit: Visit, sheet: TopicSheet, form: Form, wish: str) -> Response:
    actor = visit.must_act()
    try:
        with visit.platform.write() as writing:
            if wish == "keep":
                keep_draft(writing, actor, sheet.action, typed_fields(form), anew=True)
            else:
                drop_draft(writing, actor, sheet.action)
    except InvalidInput:
        too_long = N_("This is too long to be kept as a draft. Copy it to a place of your own, or propose it.")
        return show_topic_sheet(visit, sheet, form, {"draft": [visit.say(too_long)]}, 422)
    return show_topic_sheet(visit, sheet, form, said="kept" if wish == "keep" else "dropped")
