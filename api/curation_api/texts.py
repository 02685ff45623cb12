"""Texts behind commitments, read from the openings.

Rules that always hold:
- an opening that was erased is shown as null;
- whether a text may be shown is decided elsewhere (public.py), before anything is read here.
"""

from __future__ import annotations

from typing import Any

from curation.opened import Values
from curation.rulebook.history import Brought
from curation_api.views import AnswerView, ContentView, TextView
from curation_schemas.definition import Topic
from curation_schemas.example import CONTENT_FIELDS, Message, Origin, Source


def text_of(values: Values, event: Brought) -> TextView:
    """A revision's text, from what `opened_of` found for it."""
    content: dict[str, Any] = {}
    for field in CONTENT_FIELDS[event.kind]:
        items = [values.get(commitment) for commitment in event.content[field]]
        if field in ("synthesis", "reason"):
            content[field] = items[0]["content"] if items[0] else None
        elif field == "proposal":
            content[field] = Topic(**items[0]) if items[0] else None
        else:
            model = AnswerView if field == "answers" else Message
            content[field] = [model.model_construct(**item) if item else None for item in items]
    origin = values.get(event.origin) if event.origin else {"kind": "human"}
    return TextView(
        content=ContentView(**content),
        sources=[source_of(values, commitment) for commitment in event.sources],
        origin=Origin.model_construct(**origin) if origin else None,
    )


def source_of(values: Values, commitment: str | None) -> Source | None:
    """The source behind a commitment, or None when there is none or it was erased."""
    value = values.get(commitment or "")
    return Source.model_construct(**value) if value else None


def rationale_of(values: Values, commitment: str | None) -> str | None:
    """The rationale behind a commitment, or None when there is none or it was erased."""
    value = values.get(commitment or "")
    return value["text"] if value else None
