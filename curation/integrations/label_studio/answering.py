"""From the answers in a form to an example that answers an open question.

Rules that always hold (pure):
- the question's words, positions, framing and licence are the question's own, and the answer stands in its group;
- what the volunteer says of it is the answer, what it claims, who wrote it and its sources; the intake checks the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from curation.errors import InvalidInput
from curation.examples.questions import is_open_question
from curation.integrations.label_studio.forms import MOST_SOURCES, Answers
from curation.integrations.label_studio.judging import source_in
from curation.opened import Values
from curation.rulebook.history import Brought, History, Revision
from curation_schemas.example import SftExample
from curation_schemas.parsing import SchemaInvalid, validate


@dataclass(frozen=True, slots=True)
class Question:
    """An open question: its act, and its turns."""

    event: Brought
    turns: list[dict[str, Any]]

    @classmethod
    def of(cls, history: History, revision: Revision, values: Values) -> Question | None:
        """The question, or None where it is not open any more, or was erased."""
        event = revision.event
        if history.latest.leaf != revision.leaf or not is_open_question(event.kind, history.status, event.use):
            return None
        asked = event.content["prompt"]
        turns = [values[item] for item in asked if item in values]
        return cls(event, turns) if len(turns) == len(asked) else None


def answer_of(answers: Answers, question: Question) -> SftExample:
    """The example. Raises InvalidInput naming the field that is wrong."""
    event = question.event
    named = [source_in(answers, f"source{number}") for number in range(1, MOST_SOURCES + 1)]
    origin: dict[str, Any] = {name: answers[name] for name in ("model", "version") if name in answers}
    origin["kind"] = answers["origin"]
    plain = {
        "kind": "sft",
        "topic": event.topic,
        "language": event.language,
        "group": event.group,
        "positions": event.positions,
        "framing": event.framing,
        "claims": answers["claims"],
        "license": event.license,
        "origin": origin,
        "sources": [source for source in named if source],
        "messages": [*question.turns, {"role": "assistant", "content": answers["answer"]}],
    }
    try:
        return validate(SftExample, plain)
    except SchemaInvalid as error:
        path, message = error.problems[0]
        raise InvalidInput(message, where=path) from None
