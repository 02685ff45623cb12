"""Appeal a round's outcome, once.

Rules that always hold:
- the proposer or a reviewer of the round appeals, with a rationale;
- an appeal adds as many seats again, for people who were not in the first round; the first outcome stands meanwhile.
"""

from __future__ import annotations

from curation.errors import Refused
from curation.log.attestation import Signer
from curation.log.leaf import Opening
from curation.people.accounts import Actor
from curation.reviews.ending import start_clock
from curation.writing import Recorded, Writing
from curation_schemas.base import Wire
from curation_schemas.events import RoundAppealed
from curation_schemas.text import ExampleId, Rationale


class Appeal(Wire):
    """Appeal the latest revision's round."""

    example: ExampleId
    rationale: Rationale


def appeal_round(writing: Writing, actor: Actor, command: Appeal, signer: Signer | None = None) -> Recorded:
    """Take in an appeal and open its stage. Raises Refused, NotFound."""
    writing.admit(actor, "contributor")
    history = writing.existing(command.example)
    first = history.latest.stages[0]
    pseudonym = writing.pseudonym(actor, history.first.topic)
    if pseudonym not in first.people() | {history.first.pseudonym}:
        raise Refused("appeal/by-party", "only the proposer or a reviewer of the round appeals")
    if first.closed is None:
        raise Refused("appeal/ended", "the round is still open")
    openings: list[Opening] = []
    recorded = writing.record(
        RoundAppealed,
        openings=openings,
        signer=signer,
        topic=history.first.topic,
        pseudonym=pseudonym,
        example=command.example,
        revision=history.latest.leaf,
        round=first.number,
        closing=first.closed,
        rationale=writing.opening(openings, "rationale", {"text": command.rationale}),
    )
    start_clock(writing, history.latest.leaf, 2, command.example)
    return recorded
