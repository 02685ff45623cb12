"""What a form's script asks while somebody types: a piece of a page, swapped into it.

Rules that always hold:
- nothing is kept of what is looked at, unless its author keeps a draft of this very form: that goes on with them;
- an account looks so often a minute and no more; whoever is held up can go on typing and propose.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from curation.drafts import keep_draft
from curation.errors import InvalidInput
from curation_api.errors import TooMany
from curation_api.limiting import RateLimits
from curation_api.pages.look import look_at, look_at_topic
from curation_api.pages.proposal_form import read_form, typed_fields
from curation_api.pages.render import show
from curation_api.pages.sheets import Sheet, own_sheet, sheet_of
from curation_api.pages.topic_sheets import NEW, TopicSheet, amendment_sheet, own_topic_sheet, read_sheet
from curation_api.pages.visit import Form, TheForm, TheVisit, Visit
from curation_schemas.text import ExampleId, Slug

router = APIRouter()
AnId = Annotated[ExampleId, Path()]
ATopic = Annotated[Slug, Path()]
A_MINUTE = 40
"""Looks that an account may take. Somebody who types all the time takes some thirty."""


@router.post(f"{NEW}/look")
def look_at_new_topic(visit: TheVisit, form: TheForm) -> Response:
    """A look at a new topic."""
    return _look_at_topic(visit, TopicSheet(), form)


@router.post("/propose/{topic}/topic/look")
def look_at_amendment(topic: ATopic, visit: TheVisit, form: TheForm) -> Response:
    """A look at an amendment of a topic."""
    return _look_at_topic(visit, amendment_sheet(visit, topic), form)


@router.post("/examples/{example}/revise/topic/look")
def look_at_topic_again(example: AnId, visit: TheVisit, form: TheForm) -> Response:
    """A look at a revision of an own proposal about a topic."""
    return _look_at_topic(visit, own_topic_sheet(visit, example)[0], form)


@router.post("/propose/{topic}/{kind}/look")
def look(topic: ATopic, kind: str, visit: TheVisit, form: TheForm) -> Response:
    """A look at a new example."""
    visit.must_act()
    return _look(visit, sheet_of(visit, topic, kind), form)


@router.post("/examples/{example}/revise/look")
def look_again(example: AnId, visit: TheVisit, form: TheForm) -> Response:
    """A look at a revision of an own example."""
    sheet, _ = own_sheet(visit, example)
    return _look(visit, sheet, form)


def _look(visit: Visit, sheet: Sheet, form: Form) -> Response:
    if (held_up := _held_up(visit)) is not None:
        return held_up
    made = look_at(visit, read_form(form, sheet.topic.id, sheet.kind))
    saved = _go_on_keeping(visit, sheet.action, form)
    return show(visit, "look.html", look=made, sheet=sheet, topic=sheet.topic, form=form, saved=saved)


def _look_at_topic(visit: Visit, sheet: TopicSheet, form: Form) -> Response:
    if (held_up := _held_up(visit)) is not None:
        return held_up
    made = look_at_topic(visit, sheet.base, read_sheet(visit, sheet, form))
    saved = _go_on_keeping(visit, sheet.action, form)
    return show(visit, "look-topic.html", look=made, base=sheet.base, saved=saved)


def _held_up(visit: Visit) -> Response | None:
    """The answer to an account that looked too often, else None."""
    limits: RateLimits = visit.request.app.state.looks
    try:
        limits.count_account(visit.must_act().account)
    except TooMany as error:
        answer = show(visit, "look-later.html", 429)
        answer.headers.update(error.own_headers)
        return answer
    return None


def _go_on_keeping(visit: Visit, action: str, form: Form) -> str:
    """Keep what was typed where there is a draft of this form already. Returns what to say of that."""
    if form.one("draft") != "kept":
        return ""
    try:
        with visit.platform.write() as writing:
            kept = keep_draft(writing, visit.must_act(), action, typed_fields(form), anew=False)
    except InvalidInput:
        return "too-long"
    return "yes" if kept else "gone"
