"""Contributions as JSON lines: the acts of many people, one a line, each with an id of its own.

Rules that always hold:
- `as` names an example within the file; `of`, `mirrors`, `translation_of` and `group` refer to such names;
- stage directions (`advance`, `close_epoch`, `release`) belong to demonstrations; an import refuses them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, TypeAdapter

from curation_schemas.base import Wire
from curation_schemas.example import Source
from curation_schemas.parsing import validator_of
from curation_schemas.review import (
    Comparison,
    FlagGround,
    Judgement,
    PositionsSeen,
    ReasonCode,
    Scores,
    Verdict,
    WithdrawalReason,
)
from curation_schemas.text import Rationale, ShortText, Slug, WrittenLanguage

Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$", max_length=128)]


class Person(Wire):
    """A simulated person: where they stand on each topic, what they read, and whether they sign their acts."""

    person: Slug
    simulated: Literal[True]
    languages: list[WrittenLanguage] = Field(min_length=1)
    organisations: list[ShortText] = []
    perspectives: dict[Slug, Slug] = {}
    signs: bool = False
    roles: list[Literal["contributor", "maintainer"]] = ["contributor"]


class Line(Wire):
    """What every line has."""

    id: Reference


class PersonLine(Line):
    """An act of one person."""

    by: Slug


class ProposeLine(PersonLine):
    """Propose an example; its links are names within the file."""

    act: Literal["propose"]
    as_: Reference = Field(alias="as")
    example: dict[str, Any]


class ReviseLine(PersonLine):
    """Bring a new revision."""

    act: Literal["revise"]
    of: Reference
    example: dict[str, Any]


_JUDGED = tuple(Judgement.model_fields)


class JudgementLine(PersonLine):
    """What review and supersede share."""

    of: Reference
    perspective: Slug
    verdict: Verdict
    scores: Scores = {}
    reasons: list[ReasonCode] = []
    rationale: Rationale | None = None
    counter_source: Source | None = None
    comparison: Comparison | None = None
    positions_seen: PositionsSeen | None = None

    def judgement(self) -> Judgement:
        """The judgement in it. Raises pydantic's ValidationError when it lacks reasons."""
        made: Judgement = validator_of(Judgement).validate_python({name: getattr(self, name) for name in _JUDGED})
        return made


class ReviewLine(JudgementLine):
    """Fill a seat."""

    act: Literal["review"]


class SupersedeLine(JudgementLine):
    """Replace the own review while the round is open."""

    act: Literal["supersede"]


class PassLine(PersonLine):
    """«Cannot judge»."""

    act: Literal["pass"]
    of: Reference
    perspective: Slug


class WithdrawLine(PersonLine):
    """Take the own example back."""

    act: Literal["withdraw"]
    of: Reference
    reason: WithdrawalReason


class AppealLine(PersonLine):
    """Appeal the round."""

    act: Literal["appeal"]
    of: Reference
    perspective: Slug | None = None
    rationale: Rationale


class FlagLine(PersonLine):
    """Flag the latest revision."""

    act: Literal["flag"]
    of: Reference
    ground: FlagGround
    evidence: Rationale


class UpholdLine(PersonLine):
    """Uphold the flag that the line `flag` raised."""

    act: Literal["uphold"]
    flag: Reference


class AdvanceLine(Line):
    """Stage direction: let days pass."""

    act: Literal["advance"]
    days: int = Field(ge=0, le=366)


class CloseEpochLine(Line):
    """Stage direction: close the epoch."""

    act: Literal["close_epoch"]


class ReleaseLine(Line):
    """Stage direction: cut a release."""

    act: Literal["release"]


AnyLine = (
    ProposeLine
    | ReviseLine
    | ReviewLine
    | SupersedeLine
    | PassLine
    | WithdrawLine
    | AppealLine
    | FlagLine
    | UpholdLine
    | AdvanceLine
    | CloseEpochLine
    | ReleaseLine
)
LINE: TypeAdapter[AnyLine] = TypeAdapter(Annotated[AnyLine, Field(discriminator="act")])
PERSON: TypeAdapter[Person] = TypeAdapter(Person)
