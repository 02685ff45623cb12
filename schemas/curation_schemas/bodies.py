"""What may stand behind a commitment, by unit: a server can commit to any bytes, so a reader checks their shape.

Rules that always hold:
- a body is one of these models and nothing else; the same limits and the same text hygiene hold as at intake.
"""

from __future__ import annotations

from typing import Any

import msgspec
from pydantic import ValidationError

from curation_schemas.base import Wire
from curation_schemas.definition import Topic
from curation_schemas.example import Answer, KeptPage, Message, Origin, Source, Synthesis
from curation_schemas.parsing import SchemaInvalid, problems_of, validator_of
from curation_schemas.text import Rationale


class Statement(Wire):
    """A rationale, or a flag's evidence."""

    text: Rationale


_VALIDATORS = {
    "message": validator_of(Message),
    "answers": validator_of(Answer),
    "synthesis": validator_of(Synthesis),
    "topic": validator_of(Topic),
    "reason": validator_of(Synthesis),
    "source": validator_of(Source),
    "page": validator_of(KeptPage),
    "origin": validator_of(Origin),
    "rationale": validator_of(Statement),
    "evidence": validator_of(Statement),
}


def unit_of(field: str) -> str:
    """The unit of a content field's texts."""
    return "topic" if field == "proposal" else "message"


def read_body(unit: str, body: bytes, field: str = "") -> dict[str, Any]:
    """Read the body of a unit (for messages: of a content field). Raises SchemaInvalid."""
    try:
        value = msgspec.json.decode(body)
        _VALIDATORS.get(field, _VALIDATORS[unit]).validate_python(value)
    except (msgspec.DecodeError, RecursionError):
        raise SchemaInvalid([("", f"is no {unit}: it is not JSON")]) from None
    except ValidationError as error:
        path, message = problems_of(error)[0]
        raise SchemaInvalid([(path, f"is no {unit}: {message}")]) from None
    return dict(value)
