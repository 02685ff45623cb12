"""Proposing a topic, or an amendment of one: a form that holds the whole topic, and what it would change.

Rules that always hold:
- what was typed is kept, whatever is wrong with it;
- what a proposal changes, and who will judge it, is shown before it is proposed;
- the same form sent twice proposes once.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from curation.drafts import drop_draft, find_draft, keep_draft
from curation.errors import InvalidInput, Refused
from curation.examples.propose import Propose, propose_example
from curation.repeats import find_answer, keep_answer
from curation.rulebook.rules import RULES
from curation_api.pages.catalogue import N_
from curation_api.pages.complaints import Problems, by_field
from curation_api.pages.findings import findings_in, say_finding
from curation_api.pages.proposal_form import typed_fields
from curation_api.pages.render import go, home_of, show
from curation_api.pages.sheets import day_of_draft
from curation_api.pages.topic_form import (
    LEAST,
    MOST,
    PARTS,
    blocks,
    field_of,
    filled_blocks,
    form_of_topic,
    read_topic_form,
)
from curation_api.pages.visit import Form, TheForm, TheVisit, Visit
from curation_schemas.commons import TopicProposal, changes_between
from curation_schemas.definition import Topic
from curation_schemas.events import RevisionBrought
from curation_schemas.parsing import SchemaInvalid, validate
from curation_schemas.text import Slug

router = APIRouter()
ATopic = Annotated[Slug, Path()]
NEW = "/propose-topic"
_BEGUN = [("sensitivity", "standard"), ("perspectives", "2"), ("positions", "2")]
_BEGUN += [(f"perspectives-{number}-required", "yes") for number in range(LEAST)]


@dataclass(frozen=True, slots=True)
class TopicSheet:
    """Which form: a new topic's, or an amendment's of `base`."""

    base: Topic | None

    @property
    def action(self) -> str:
        """Where the form is sent, and what its draft is kept under."""
        return f"/propose/{self.base.id}/topic" if self.base else NEW


@router.get(NEW)
def ask_new(visit: TheVisit) -> Response:
    """An empty form, or the draft of it."""
    return _ask(visit, TopicSheet(None))


@router.post(NEW)
def propose_new(visit: TheVisit, form: TheForm) -> Response:
    """Check the form, or propose the topic."""
    return _handle(visit, TopicSheet(None), form)


@router.get("/propose/{topic}/topic")
def ask_amendment(topic: ATopic, visit: TheVisit) -> Response:
    """The form with the topic in force in it, or the draft of it."""
    visit.must_act()
    return _ask(visit, _sheet(visit, topic))


@router.post("/propose/{topic}/topic")
def amend(topic: ATopic, visit: TheVisit, form: TheForm) -> Response:
    """Check the form, or propose the amendment."""
    visit.must_act()
    return _handle(visit, _sheet(visit, topic), form)


def _sheet(visit: Visit, topic: str) -> TopicSheet:
    with visit.platform.read() as loaded:
        return TopicSheet(loaded.topic_in_force(topic).content)


def _ask(visit: Visit, sheet: TopicSheet) -> Response:
    with visit.platform.read() as loaded:
        draft = find_draft(loaded, visit.platform, visit.must_act(), sheet.action)
    begun = form_of_topic(sheet.base) if sheet.base else Form(list(_BEGUN))
    begun.set("language", visit.language)
    form = Form(draft.fields) if draft else begun
    form.set("once", secrets.token_hex(16))
    return _page(visit, sheet, form)


def _handle(visit: Visit, sheet: TopicSheet, form: Form) -> Response:
    actor, wish = visit.must_act(), form.one("do")
    for name in PARTS:
        if wish == f"more-{name}":
            form.set(name, str(min(blocks(form)[name] + 1, MOST)))
            return _page(visit, sheet, form)
    if wish in ("keep", "drop"):
        return _keep_or_drop(visit, sheet, form, wish)
    languages = home_of(visit)["languages"]
    data = read_topic_form(form, sheet.base.id if sheet.base else form.one("id"), languages, sheet.base)
    try:
        proposed = validate(TopicProposal, data)
    except SchemaInvalid as error:
        kept = filled_blocks(form)
        pairs = [(field_of(path, languages, kept), message) for path, message in error.problems]
        return _page(visit, sheet, form, by_field(visit.say, pairs), 422)
    if sheet.base is not None and not changes_between(sheet.base, proposed.proposal):
        return _page(visit, sheet, form, {"": [visit.say(N_("It changes nothing of the topic in force."))]}, 422)
    if wish != "propose":
        return _page(visit, sheet, form, proposed=proposed)
    if not form.has("grant"):
        return _page(visit, sheet, form, {"grant": [visit.say(N_("Nothing is taken in without this."))]}, 422)
    try:
        with visit.platform.write() as writing:
            key = f"form:{form.one('once')}"
            place = find_answer(writing, actor, key, "")
            if place is None:
                event = propose_example(writing, actor, Propose(example=proposed)).event
                assert isinstance(event, RevisionBrought)
                place = f"/examples/{event.example}?done=proposed"
                keep_answer(writing, actor, key, "", place)
                drop_draft(writing, actor, sheet.action)
    except Refused as error:
        return _page(visit, sheet, form, _refusal(visit, error), 422)
    return go(place)


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
        return _page(visit, sheet, form, {"draft": [visit.say(too_long)]}, 422)
    return _page(visit, sheet, form, said="kept" if wish == "keep" else "dropped")


def _refusal(visit: Visit, error: Refused) -> Problems:
    sentence = visit.say(RULES.get(error.rule, error.rule).removesuffix(" (server)"))
    found = findings_in(error.message) if error.rule == "propose/intake" else []
    if found:
        return {"": [sentence, *(f"{item.where.partition(', ')[2]}: {say_finding(visit.say, item)}" for item in found)]}
    return {"": [sentence], "detail": [f"{error.message}. {error.hint}".strip()]}


def _page(
    visit: Visit,
    sheet: TopicSheet,
    form: Form,
    problems: Problems | None = None,
    status: int = 200,
    *,
    proposed: TopicProposal | None = None,
    said: str = "",
) -> Response:
    return show(
        visit,
        "propose-topic.html",
        status,
        sheet=sheet,
        base=sheet.base,
        form=form,
        problems=problems or {},
        proposed=proposed,
        changes=changes_between(sheet.base, proposed.proposal) if proposed else [],
        said=said,
        draft=day_of_draft(visit, sheet.action),
        blocks=blocks(form),
    )
