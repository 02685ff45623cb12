"""From the answers in a form to a judgement.

Rules that always hold (pure):
- what may be judged how is the rubric's business (`curation_schemas.review`): here it is only put together;
- of a preference pair, what is recorded says which answer was preferred, not where it stood; where it stood comes from
  the seat, never from Label Studio.
"""

from __future__ import annotations

from typing import Any

from curation.errors import InvalidInput
from curation.integrations.label_studio.forms import PASS, SOURCE_PARTS, Answers
from curation_schemas.parsing import SchemaInvalid, validate
from curation_schemas.review import Judgement, OrderShown


def passes(answers: Answers) -> bool:
    """Whether somebody says that they cannot judge."""
    return PASS in (answers.get("verdict"), answers.get("comparison"))


def judgement_of(answers: Answers, order: OrderShown | None) -> Judgement:
    """The judgement that the answers make. Raises InvalidInput naming the field that is wrong.

    Args:
        answers: as `read_result` gives them.
        order: for a preference pair, the order in which the answers were shown in this seat.
    """
    plain: dict[str, Any] = {
        "verdict": answers.get("verdict"),
        "scores": {name.removeprefix("score-"): value for name, value in answers.items() if name.startswith("score-")},
        "reasons": answers.get("reasons", []),
        "rationale": answers.get("rationale"),
        "counter_source": source_in(answers, "counter"),
    }
    if order is not None:
        first, second = ("chosen", "rejected") if order == "chosen_first" else ("rejected", "chosen")
        compared = answers.get("comparison")
        plain["comparison"] = {"a": first, "b": second}.get(str(compared), compared)
        seen = {first: answers.get("seen-a", []), second: answers.get("seen-b", [])}
        plain["positions_seen"] = seen if any(seen.values()) else None
    try:
        return validate(Judgement, {name: value for name, value in plain.items() if value is not None})
    except SchemaInvalid as error:
        path, message = error.problems[0]
        raise InvalidInput(message, where=path) from None


def source_in(answers: Answers, prefix: str) -> dict[str, str] | None:
    """The source in the fields whose names begin so; None where none of them is answered."""
    parts = {part: answers[name] for part in SOURCE_PARTS if (name := f"{prefix}-{part}") in answers}
    return parts or None
