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
from curation_api.pages.look import look_at
from curation_api.pages.proposal_form import read_form, typed_fields
from curation_api.pages.render import show
from curation_api.pages.sheets import Sheet, own_sheet, sheet_of
from curation_api.pages.visit import Form, TheForm, TheVisit, Visit
from curation_schemas.text import ExampleId, Slug

router = APIRouter()
A_MINUTE = 40
"""Looks that an account may take. Somebody who types all the time takes some thirty."""


@router.post("/propose/{topic}/{kind}/look")
def look(topic: Annotated[Slug, Path()], kind: str, visit: TheVisit, form: TheForm) -> Response:
    """A look at a new example."""
    visit.must_act()
    return _look(visit, sheet_of(visit, topic, kind), form)


@router.post("/examples/{example}/revise/look")
def look_again(example: Annotated[ExampleId, Path()], visit: TheVisit, form: TheForm) -> Response:
    """A look at a revision of an own example."""
    sheet, _ = own_sheet(visit, example)
    return _look(visit, sheet, form)


def _look(visit: Visit, sheet: Sheet, form: Form) -> Response:
    actor = visit.must_act()
    limits: RateLimits = visit.request.app.state.looks
    try:
        limits.count_account(actor.account)
    except TooMany as error:
        answer = show(visit, "look-later.html", 429)
        answer.headers.update(error.own_headers)
        return answer
    saved = ""
    if form.one("draft") == "kept":
        try:
            with visit.platform.write() as writing:
                saved = "yes" if keep_draft(writing, actor, sheet.action, typed_fields(form), anew=False) else "gone"
        except InvalidInput:
            saved = "too-long"
    data = read_form(form, sheet.topic.id, sheet.kind)
    made = look_at(visit, data)
    return show(visit, "look.html", look=made, sheet=sheet, topic=sheet.topic, form=form, saved=saved)
