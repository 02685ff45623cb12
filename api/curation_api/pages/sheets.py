"""Sheets: which form somebody fills in, and its page.

Rules that always hold:
- what was typed is kept, whatever is wrong with it;
- the page says whether a draft is kept, where it lies and when it goes.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.responses import Response

from curation.drafts import find_draft
from curation.errors import NotFound
from curation.examples.questions import is_open_question
from curation_api.pages.complaints import Problems
from curation_api.pages.drafted import ShownTopic, topic_here
from curation_api.pages.look import Look
from curation_api.pages.proposal_form import KINDS, MAX_SOURCES, MAX_TURNS, answering, count, form_of_example
from curation_api.pages.render import show
from curation_api.pages.visit import Form, Visit
from curation_api.public import shown_example
from curation_api.rendering import example_view
from curation_api.views import ExampleView


@dataclass(frozen=True, slots=True)
class Sheet:
    """Which form: a new example's, or a revision's of `example`."""

    topic: ShownTopic
    kind: str
    example: str | None = None

    @property
    def action(self) -> str:
        """Where the form is sent, and what its draft is kept under."""
        return f"/examples/{self.example}/revise" if self.example else f"/propose/{self.topic.id}/{self.kind}"


def sheet_of(visit: Visit, topic: str, kind: str) -> Sheet:
    """The form for a new example. Raises NotFound."""
    if kind not in KINDS:
        raise NotFound(f"there is no form for {kind!r}")
    with visit.platform.read() as loaded:
        return Sheet(topic_here(visit, loaded, topic), kind)


def own_sheet(visit: Visit, example: str) -> tuple[Sheet, Form]:
    """The form of an own example, with its latest revision in it. Raises NotFound."""
    actor = visit.must_act()
    with visit.platform.read() as loaded:
        shown = shown_example(loaded, visit.platform, actor, example)
        view = example_view(loaded.connection, shown)
        form = form_of_example(view) if shown.reader.proposed and view.kind in KINDS else None
        if form is None:
            raise NotFound("you have no such example, or this form cannot hold it", hint="The API can revise it.")
        return Sheet(topic_here(visit, loaded, view.topic), view.kind, example), form


def begun_by(visit: Visit, question: str, kind: str) -> tuple[Sheet, Form]:
    """The form for an answer to an open question that is accepted and trains. Raises NotFound."""
    with visit.platform.read() as loaded:
        view = example_view(loaded.connection, shown_example(loaded, visit.platform, visit.actor, question))
    form = answering(view, kind) if can_be_answered(view) else None
    if form is None:
        raise NotFound("this is no open question that a form of this kind can answer")
    return sheet_of(visit, view.topic, kind), form


def can_be_answered(view: ExampleView) -> bool:
    """Whether an example is a question that waits for answers, and can be read."""
    latest = view.revisions[-1]
    return is_open_question(view.kind, view.status, latest.use) and latest.text is not None


def draft_or(visit: Visit, sheet: Sheet, begun: Form) -> Form:
    """The draft for this form, or the form as it begins; with a token of its own, by which it acts once."""
    with visit.platform.read() as loaded:
        draft = find_draft(loaded, visit.platform, visit.must_act(), sheet.action)
    form = Form(draft.fields) if draft else begun
    form.set("once", secrets.token_hex(16))
    return form


def day_of_draft(visit: Visit, form: str) -> str | None:
    """The day on which the draft for a form, named by its address, goes; None where there is none."""
    with visit.platform.read() as loaded:
        draft = find_draft(loaded, visit.platform, visit.must_act(), form)
    return datetime.fromtimestamp(draft.ends_at, UTC).date().isoformat() if draft else None


def show_sheet(
    visit: Visit,
    sheet: Sheet,
    form: Form,
    problems: Problems | None = None,
    status: int = 200,
    *,
    look: Look | None = None,
    earlier: str | None = None,
    said: str = "",
) -> Response:
    """The form's page.

    Args:
        visit: who looks.
        sheet: which form.
        form: what was typed.
        problems: what is wrong, by field.
        status: of the answer.
        look: how it looks and what the checks say, where that was asked for.
        earlier: the example that this form brought before, with another text.
        said: "kept" or "dropped", where a draft just was.
    """
    return show(
        visit,
        "propose.html",
        status,
        sheet=sheet,
        topic=sheet.topic,
        form=form,
        problems=problems or {},
        look=look,
        earlier=earlier,
        said=said,
        draft=day_of_draft(visit, sheet.action),
        sources=count(form, "sources", 1, MAX_SOURCES),
        turns=count(form, "turns", 2, MAX_TURNS),
    )
