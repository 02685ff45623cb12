"""Proposing and revising: one form per kind, with what the checks say beside it.

Rules that always hold:
- what was typed is kept, whatever is wrong with it;
- the same form sent twice proposes once; sent again with another text, it says that the first was taken in already, and
  proposes the other only when it is sent once more;
- nothing is taken in without the licence being granted, and no draft is kept that was not asked for.
"""

from __future__ import annotations

import secrets
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from curation.drafts import drop_draft, keep_draft
from curation.errors import InvalidInput, Refused
from curation_api.pages.catalogue import N_
from curation_api.pages.complaints import by_field
from curation_api.pages.look import look_at
from curation_api.pages.proposal_form import KINDS, MAX_SOURCES, MAX_TURNS, count, field_of, read_form, typed_fields
from curation_api.pages.render import go, show
from curation_api.pages.sheets import Sheet, begun_by, draft_or, own_sheet, sheet_of, show_sheet
from curation_api.pages.standing import standpoints
from curation_api.pages.taken import take_in, what_forbids
from curation_api.pages.visit import Form, TheForm, TheVisit, Visit
from curation_schemas.commons import PROPOSAL
from curation_schemas.parsing import SchemaInvalid, validate
from curation_schemas.text import ExampleId, Slug

router = APIRouter()
AnId = Annotated[ExampleId, Path()]
ATopic = Annotated[Slug, Path()]
AName = Annotated[str, Query(max_length=64)]


@router.get("/propose")
def choose(visit: TheVisit, topic: AName = "", position: AName = "", language: AName = "") -> Response:
    """Choose topic and kind. A cell of the coverage map names position and language too: the form begins with them."""
    visit.must_act()
    with visit.platform.read() as loaded:
        topics = [stand.topic for stand in standpoints(visit, loaded)]
    begun = urlencode({name: text for name, text in (("position", position), ("language", language)) if text})
    return show(visit, "propose-choose.html", topics=topics, chosen=topic, kinds=KINDS, begun=begun)


@router.get("/propose/{topic}/{kind}")
def ask(
    topic: ATopic,
    kind: str,
    visit: TheVisit,
    answers: ExampleId | Literal[""] = "",
    position: AName = "",
    language: AName = "",
) -> Response:
    """The draft of a form, or one that is empty, begins with an open question, or is for a cell of the coverage map."""
    visit.must_act()
    if answers:
        sheet, form = begun_by(visit, answers, kind)
        begun = draft_or(visit, sheet, form)
        return show_sheet(visit, sheet, begun, said="" if begun is form else "unfinished")
    sheet = sheet_of(visit, topic, kind)
    defaults = [
        ("language", language or visit.language),
        ("positions", position),
        ("claims", "interpretation"),
        ("origin", "human"),
        ("use", "training"),
    ]
    return show_sheet(visit, sheet, draft_or(visit, sheet, Form(defaults)))


@router.post("/propose/{topic}/{kind}")
def propose(topic: ATopic, kind: str, visit: TheVisit, form: TheForm) -> Response:
    """Check the form, keep it as a draft, or take the example in."""
    return _handle(visit, sheet_of(visit, topic, kind), form)


@router.get("/examples/{example}/revise")
def ask_revision(example: AnId, visit: TheVisit) -> Response:
    """The form with the latest revision in it, or the draft of the next."""
    sheet, form = own_sheet(visit, example)
    return show_sheet(visit, sheet, draft_or(visit, sheet, form))


@router.post("/examples/{example}/revise")
def revise(example: AnId, visit: TheVisit, form: TheForm) -> Response:
    """Check the form, keep it as a draft, or take the revision in."""
    sheet, _ = own_sheet(visit, example)
    return _handle(visit, sheet, form)


def _handle(visit: Visit, sheet: Sheet, form: Form) -> Response:
    visit.must_act()
    wish = form.one("do")
    for name, by, most in (("sources", 1, MAX_SOURCES), ("turns", 2, MAX_TURNS)):
        if wish == f"more-{name}":
            form.set(name, str(min(count(form, name, by, most) + by, most)))
            return show_sheet(visit, sheet, form)
    if wish in ("keep", "drop"):
        return _keep_or_drop(visit, sheet, form, wish)
    data = read_form(form, sheet.topic.id, sheet.kind)
    try:
        written: Any = validate(PROPOSAL, data)
    except SchemaInvalid as error:
        problems = by_field(visit.say, [(field_of(path, data), message) for path, message in error.problems])
        return show_sheet(visit, sheet, form, problems, 422)
    if wish != "propose":
        return show_sheet(visit, sheet, form, look=look_at(visit, data))
    if not form.has("grant"):
        return show_sheet(visit, sheet, form, {"grant": [visit.say(N_("Nothing is taken in without this."))]}, 422)
    try:
        taken = take_in(visit, sheet.action, form.one("once"), sheet.example, written)
    except Refused as error:
        return show_sheet(visit, sheet, form, what_forbids(visit.say, error), 422)
    if not taken.is_text(written):
        form.set("once", secrets.token_hex(16))
        return show_sheet(visit, sheet, form, status=409, earlier=taken.example)
    return go(f"/examples/{taken.example}?done=proposed")


def _keep_or_drop(visit: Visit, sheet: Sheet, form: Form, wish: str) -> Response:
    actor = visit.must_act()
    try:
        with visit.platform.write() as writing:
            if wish == "keep":
                keep_draft(writing, actor, sheet.action, typed_fields(form), anew=True)
            else:
                drop_draft(writing, actor, sheet.action)
    except InvalidInput:
        too_long = visit.say(
            N_("This is too long to be kept as a draft. Copy it to a place of your own, or propose it.")
        )
        return show_sheet(visit, sheet, form, {"draft": [too_long]}, 422)
    return show_sheet(visit, sheet, form, said="kept" if wish == "keep" else "dropped")
