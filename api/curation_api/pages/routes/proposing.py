"""Proposing and revising: one form per kind, with what the checks say beside it.

Rules that always hold:
- what was typed is kept, whatever is wrong with it;
- the same form sent twice proposes once; sent again with another text, it says that the first was taken in already, and
  proposes the other only when it is sent once more;
- nothing is taken in without the licence being granted.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from curation.errors import NotFound, Refused
from curation.examples.intake import Intake, examine
from curation.examples.propose import Propose, Revise, propose_example, revise_example
from curation.repeats import find_answer, keep_answer
from curation.rulebook.rules import RULES
from curation_api.pages.catalogue import N_
from curation_api.pages.complaints import Problems, by_field
from curation_api.pages.proposal_form import (
    KINDS,
    MAX_SOURCES,
    MAX_TURNS,
    count,
    field_of,
    form_of_example,
    read_form,
)
from curation_api.pages.render import go, home_of, show
from curation_api.pages.visit import Form, TheForm, TheVisit, Visit
from curation_api.public import shown_example
from curation_api.rendering import example_view
from curation_schemas.commons import PROPOSAL
from curation_schemas.definition import Topic
from curation_schemas.events import RevisionBrought
from curation_schemas.example import Written
from curation_schemas.parsing import SchemaInvalid, validate
from curation_schemas.text import ExampleId, Slug

router = APIRouter()
AnId = Annotated[ExampleId, Path()]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Which form: a new example's, or a revision's of `example`."""

    topic: Topic
    kind: str
    example: str | None = None

    @property
    def action(self) -> str:
        """Where the form is sent."""
        return f"/examples/{self.example}/revise" if self.example else f"/propose/{self.topic.id}/{self.kind}"


@router.get("/propose")
def choose(visit: TheVisit, topic: Annotated[str, Query(max_length=64)] = "") -> Response:
    """Choose topic and kind."""
    visit.must_act()
    with visit.platform.read() as loaded:
        topics = [item.content for item in loaded.definitions.topics_at(loaded.epoch)]
    return show(visit, "propose-choose.html", topics=topics, chosen=topic, kinds=KINDS)


@router.get("/propose/{topic}/{kind}")
def ask(topic: Annotated[Slug, Path()], kind: str, visit: TheVisit) -> Response:
    """An empty form."""
    visit.must_act()
    defaults = [("language", visit.language), ("claims", "interpretation"), ("origin", "human"), ("use", "training")]
    return _page(visit, _sheet(visit, topic, kind), Form([*defaults, ("once", secrets.token_hex(16))]))


@router.post("/propose/{topic}/{kind}")
def propose(topic: Annotated[Slug, Path()], kind: str, visit: TheVisit, form: TheForm) -> Response:
    """Check the form, or take the example in."""
    return _handle(visit, _sheet(visit, topic, kind), form)


@router.get("/examples/{example}/revise")
def ask_revision(example: AnId, visit: TheVisit) -> Response:
    """The form with the latest revision in it."""
    sheet, form = _own(visit, example)
    form.set("once", secrets.token_hex(16))
    return _page(visit, sheet, form)


@router.post("/examples/{example}/revise")
def revise(example: AnId, visit: TheVisit, form: TheForm) -> Response:
    """Check the form, or take the revision in."""
    sheet, _ = _own(visit, example)
    return _handle(visit, sheet, form)


def _sheet(visit: Visit, topic: str, kind: str) -> Sheet:
    if kind not in KINDS:
        raise NotFound(f"there is no form for {kind!r}")
    with visit.platform.read() as loaded:
        return Sheet(loaded.topic_in_force(topic).content, kind)


def _own(visit: Visit, example: str) -> tuple[Sheet, Form]:
    """The form of an own example. Raises NotFound."""
    actor = visit.must_act()
    with visit.platform.read() as loaded:
        shown = shown_example(loaded, visit.platform, actor, example)
        view = example_view(loaded.connection, shown)
        form = form_of_example(view) if shown.reader.proposed and view.kind in KINDS else None
        if form is None:
            raise NotFound("you have no such example, or this form cannot hold it", hint="The API can revise it.")
        return Sheet(loaded.topic_in_force(view.topic).content, view.kind, example), form


def _handle(visit: Visit, sheet: Sheet, form: Form) -> Response:
    visit.must_act()
    wish = form.one("do")
    for name, by, most in (("sources", 1, MAX_SOURCES), ("turns", 2, MAX_TURNS)):
        if wish == f"more-{name}":
            form.set(name, str(min(count(form, name, by, most) + by, most)))
            return _page(visit, sheet, form)
    data = read_form(form, sheet.topic.id, sheet.kind)
    try:
        written: Any = validate(PROPOSAL, data)
    except SchemaInvalid as error:
        problems = by_field(visit.say, [(field_of(path, data), message) for path, message in error.problems])
        return _page(visit, sheet, form, problems, 422)
    if wish != "propose":
        intake = examine(
            written.model_dump(mode="json", exclude_none=True),
            tuple(home_of(visit)["languages"]),
            visit.platform.home.path,
        )
        return _page(visit, sheet, form, intake=intake)
    if not form.has("grant"):
        return _page(visit, sheet, form, {"grant": [visit.say(N_("Nothing is taken in without this."))]}, 422)
    try:
        taken = _take_in(visit, sheet, form.one("once"), written)
    except Refused as error:
        return _page(visit, sheet, form, _refusal(visit, error), 422)
    if taken.text_digest != _digest(written):
        form.set("once", secrets.token_hex(16))
        return _page(visit, sheet, form, status=409, earlier=taken.example)
    return go(f"/examples/{taken.example}?done=proposed")


class Taken(NamedTuple):
    """What came of a form: the example, and which text was taken in."""

    example: str
    text_digest: str


def _digest(written: Written) -> str:
    return hashlib.sha256(written.model_dump_json().encode()).hexdigest()


def _take_in(visit: Visit, sheet: Sheet, once: str, written: Written) -> Taken:
    """Propose or revise, once; or what this form brought before. Raises Refused, NotFound."""
    actor, key = visit.must_act(), f"form:{once}"
    with visit.platform.write() as writing:
        # Any text under this key is answered with what came first: the page compares the texts, and says so.
        if (before := find_answer(writing, actor, key, "")) is not None:
            return Taken(*before.split())
        if sheet.example:
            recorded = revise_example(writing, actor, Revise(example_id=sheet.example, example=written))
        else:
            recorded = propose_example(writing, actor, Propose(example=written))
        assert isinstance(recorded.event, RevisionBrought)
        taken = Taken(recorded.event.example, _digest(written))
        keep_answer(writing, actor, key, "", " ".join(taken))
    return taken


def _refusal(visit: Visit, error: Refused) -> Problems:
    sentence = visit.say(RULES.get(error.rule, error.rule).removesuffix(" (server)"))
    return {"": [sentence], "detail": [f"{error.message}. {error.hint}".strip()]}


def _page(
    visit: Visit,
    sheet: Sheet,
    form: Form,
    problems: Problems | None = None,
    status: int = 200,
    intake: Intake | None = None,
    earlier: str | None = None,
) -> Response:
    return show(
        visit,
        "propose.html",
        status,
        sheet=sheet,
        topic=sheet.topic,
        form=form,
        problems=problems or {},
        intake=intake,
        earlier=earlier,
        sources=count(form, "sources", 1, MAX_SOURCES),
        turns=count(form, "turns", 2, MAX_TURNS),
    )
