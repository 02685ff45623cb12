"""«Cannot judge»: hand a seat on.

Rules that always hold:
- it goes to somebody else, and the same round is not offered to the same person again.
"""

from __future__ import annotations

from dataclasses import dataclass

from curation.log.attestation import Signer
from curation.people.accounts import Actor
from curation.reviews.seats import held_seat, note_handed_on, release_seat, seat_fields
from curation.writing import Recorded, Writing
from curation_schemas.events import SeatPassed


@dataclass(frozen=True, kw_only=True, slots=True)
class PassSeat:
    """«Cannot judge»: hand the held seat on."""

    example: str


def pass_seat(writing: Writing, actor: Actor, command: PassSeat, signer: Signer | None = None) -> Recorded:
    """Hand a seat on to somebody else. Raises Refused, NotFound."""
    writing.admit(actor, "contributor")
    seat = held_seat(writing, actor, command.example)
    history = writing.existing(seat.example)
    stage = history.revision_of(seat.revision, "review/revision-known").stages[seat.stage - 1]
    recorded = writing.record(
        SeatPassed,
        signer=signer,
        pseudonym=writing.pseudonym(actor, seat.topic),
        **seat_fields(seat, stage),
    )
    release_seat(writing, seat)
    note_handed_on(writing, seat.revision, writing.vault.holder(actor.account, seat.topic))
    return recorded
