"""Sheets for proposals about topics: which form somebody fills in, what it says, and its page.

Rules that always hold:
- what was typed is kept, whatever is wrong with it;
- what a proposal changes is computed from the topic in force, also while it is a revision of an older proposal.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from curation.drafts import find_draft
from curation.errors import NotFound
from curation_api.pages.complaints import Problems
from curation_api.pages.look import look_at_topic
from curation_api.pages.render import home_of, show
from curation_api.pages.sheets import day_of_draft
from curation_api.pages.topic_form import LEAST, blocks, form_of_topic, read_topic_form
from curation_api.pages.visit import Form, Visit
from curation_api.public import shown_example
from curation_api.rendering import example_view
from curation_schemas.definition import Topic

NEW = "/propose-topic"
_BEGUN = [("sensitivity", "standard"), ("perspectives", "2"), ("positions", "2")]
_BEGUN += [(f"perspectives-{number}-required", "yes") for number in range(LEAST)]


@dataclass(frozen=True, slots=True)
class TopicSheet:
    """Which form: a new topic's, an amendment's, or a revision's of the own proposal `example`."""

    topic: str | None = None
    """The topic that is amended, or whose proposal is revised."""
    base: Topic | None = None
    """The topic in force, where there is one."""
    example: str | None = None

    @property
    def action(self) -> str:
        """Where the form is sent, and what its draft is kept under."""
        if self.example is not None:
            return f"/examples/{self.example}/revise/topic"
        return f"/propose/{self.topic}/topic" if self.topic is not None else NEW


def amendment_sheet(visit: Visit, topic: str) -> TopicSheet:
    """The form for an amendment. Raises NotFound."""
    visit.must_act()
    with visit.platform.read() as loaded:
        return TopicSheet(topic, loaded.topic_in_force(topic).content)


def own_topic_sheet(visit: Visit, example: str) -> tuple[TopicSheet, Form]:
    """The form of an own proposal about a topic, with its latest revision in it. Raises NotFound."""
    actor = visit.must_act()
    with visit.platform.read() as loaded:
        shown = shown_example(loaded, visit.platform, actor, example)
        view = example_view(loaded.connection, shown)
        text = view.revisions[-1].text
        told = text.content.proposal if text else None
        if not shown.reader.proposed or text is None or told is None:
            raise NotFound("you have no such proposal, or its text is gone")
        base = loaded.definitions.topic_at(view.topic, loaded.epoch)
    form = form_of_topic(told)
    form.set("language", view.language)
    form.set("license", view.revisions[-1].license)
    form.set("reason", text.content.reason or "")
    return TopicSheet(view.topic, base.content if base else None, example), form


def begun_topic(visit: Visit, sheet: TopicSheet) -> Form:
    """The form of a new topic or an amendment as it begins."""
    form = form_of_topic(sheet.base) if sheet.base else Form(list(_BEGUN))
    form.set("language", visit.language)
    return form


def draft_or_begun(visit: Visit, sheet: TopicSheet, begun: Form) -> Form:
    """The draft of it, or the form as it begins; with a token of its own, by which it acts once."""
    with visit.platform.read() as loaded:
        draft = find_draft(loaded, visit.platform, visit.must_act(), sheet.action)
    form = Form(draft.fields) if draft else begun
    form.set("once", secrets.token_hex(16))
    return form


def read_sheet(visit: Visit, sheet: TopicSheet, form: Form) -> dict[str, Any]:
    """The form as plain data, to be validated."""
    topic = sheet.topic if sheet.topic is not None else form.one("id")
    return read_topic_form(form, topic, home_of(visit)["languages"], sheet.base)


def show_topic_sheet(
    visit: Visit,
    sheet: TopicSheet,
    form: Form,
    problems: Problems | None = None,
    status: int = 200,
    *,
    looked: bool = False,
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
        looked: whether a look at it was asked for.
        earlier: the proposal that this form brought before, with another text.
        said: "kept" or "dropped", where a draft just was.
    """
    return show(
        visit,
        "propose-topic.html",
        status,
        sheet=sheet,
        base=sheet.base,
        form=form,
        problems=problems or {},
        look=look_at_topic(visit, sheet.base, read_sheet(visit, sheet, form)) if looked else None,
        earlier=earlier,
        said=said,
        draft=day_of_draft(visit, sheet.action),
        blocks=blocks(form),
    )
