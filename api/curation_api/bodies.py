"""Request bodies: the wire models, and how a body becomes one.

Rules that always hold:
- a body is strict JSON (curation_schemas/parsing.py): no duplicate keys, no NaN, no lone surrogate;
- a body is `application/json` in UTF-8, not compressed;
- what a body may say stands in a wire model; unknown fields are errors.
"""

from __future__ import annotations

from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, Field, TypeAdapter

from curation.standing import RolesWanted, SuspensionForm
from curation.topics.define import DraftPolicy
from curation_api.errors import InvalidBody, Malformed, UnsupportedBody
from curation_schemas.base import Wire
from curation_schemas.commons import PROPOSAL
from curation_schemas.parsing import SchemaInvalid, load_json, validate
from curation_schemas.review import FlagForm, Judgement, WithdrawalReason
from curation_schemas.text import ExampleId, Hash, Paragraph, Rationale, RuleId, Slug, WrittenLanguage

Body = TypeVar("Body", bound=BaseModel)


class Withdrawal(Wire):
    """Why an author takes the example back."""

    reason: WithdrawalReason


class SeatWanted(Wire):
    """The topic on which a seat is wanted, and the language if only one will do. The queue chooses the example."""

    topic: Slug
    language: WrittenLanguage | None = None


class SeatReview(Judgement):
    """A judgement of the revision in the held seat, named so that no other is judged than was read."""

    example: ExampleId
    revision: Hash


class AppealForm(Wire):
    """Why the outcome of the example's latest round should be judged again."""

    example: ExampleId
    rationale: Rationale


class Standpoint(Wire):
    """The perspective from which one will judge a topic; null takes the declaration back."""

    topic: Slug
    perspective: Slug | None


class GateOverruling(Wire):
    """The gates that stop nothing for a topic in the next release, and why: for everybody to read, for ever."""

    topic: Slug
    gates: list[RuleId] = Field(min_length=1, max_length=50)
    reason: Paragraph


class ReceiverForm(Wire):
    """Where to send webhooks: an https address of the public internet."""

    url: str = Field(min_length=1, max_length=2_000)


WITHDRAWAL = TypeAdapter(Withdrawal)
SEAT_WANTED = TypeAdapter(SeatWanted)
SEAT_REVIEW = TypeAdapter(SeatReview)
JUDGEMENT = TypeAdapter(Judgement)
APPEAL_FORM = TypeAdapter(AppealForm)
FLAG_FORM = TypeAdapter(FlagForm)
STANDPOINT = TypeAdapter(Standpoint)
POLICY_DRAFT = TypeAdapter(DraftPolicy)
GATE_OVERRULING = TypeAdapter(GateOverruling)
ROLES_WANTED = TypeAdapter(RolesWanted)
SUSPENSION = TypeAdapter(SuspensionForm)
RECEIVER = TypeAdapter(ReceiverForm)

BODIES: dict[str, TypeAdapter[Any]] = {
    "Example": PROPOSAL,
    "Withdrawal": WITHDRAWAL,
    "SeatWanted": SEAT_WANTED,
    "SeatReview": SEAT_REVIEW,
    "Judgement": JUDGEMENT,
    "AppealForm": APPEAL_FORM,
    "FlagForm": FLAG_FORM,
    "Standpoint": STANDPOINT,
    "DraftPolicy": POLICY_DRAFT,
    "GateOverruling": GATE_OVERRULING,
    "RolesWanted": ROLES_WANTED,
    "SuspensionForm": SUSPENSION,
    "ReceiverForm": RECEIVER,
}
"""Every body, by its name in the OpenAPI document."""


def read_body(request: Request, adapter: TypeAdapter[Body]) -> Body:
    """The request's body, which arriving.py has read whole. Raises UnsupportedBody, Malformed, InvalidBody."""
    _check_media_type(request)
    try:
        value = load_json(request.state.body)
    except SchemaInvalid as error:
        raise Malformed(error.problems[0][1]) from None  # without the path, which is a key of the body
    try:
        return validate(adapter, value)
    except SchemaInvalid as error:
        raise InvalidBody(error.problems) from None


def _check_media_type(request: Request) -> None:
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.replace(" ", "").replace('"', "").lower()
    if media_type.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        raise UnsupportedBody("a body is application/json in UTF-8", hint="Set the header Content-Type.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedBody("a body is not compressed", hint="Leave out the header Content-Encoding.")
