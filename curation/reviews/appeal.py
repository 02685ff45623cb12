"""Appeal a round's outcome, once.

Rules that always hold:
- the proposer or a reviewer of the round appeals, with a rationale;
- an appeal adds as many seats again, for people who were not in the first round; the first outcome stands meanwhile.
"""

from __future__ import annotations

from curation.copies.find import check_still_single
from curation.errors import Refused
from curation.log.attestation import Signer
from curation.log.leaf import Opening
from curation.near import check_still_apart
from curation.people.accounts import Actor
from curation.reviews.ending import start_clock
from curation.rulebook.history import History, Revision
from curation.writing import Recorded, Writing
from curation_schemas.base import Wire
from curation_schemas.events import RoundAppealed
from curation_schemas.text import ExampleId, Rationale


class Appeal(Wire):
    """Appeal the round of the latest revision, or of the one that stands while the latest is judged."""

    example: ExampleId
    rationale: Rationale


def _revision_to_appeal(history: History, pseudonym: str) -> Revision:
    """The latest revision; or, while that is being judged, the accepted one that still stands."""
    standing = history.standing
    candidates = [history.latest, *([standing] if standing else [])]
    mine = [item for item in candidates if pseudonym in item.stages[0].people() | {history.first.pseudonym}]
    if not mine:
        raise Refused("appeal/by-party", "only the proposer or a reviewer of the round appeals")
    return next((item for item in mine if item.stages[0].closed is not None), mine[0])


def appeal_round(writing: Writing, actor: Actor, command: Appeal, signer: Signer | None = None) -> Recorded:
    """Take in an appeal and open its stage. Raises Refused, NotFound."""
    writing.admit(actor, "contributor")
    history = writing.existing(command.example)
    pseudonym = writing.pseudonym(actor, history.first.topic)
    revision = _revision_to_appeal(history, pseudonym)
    first = revision.stages[0]
    if first.closed is None:
        raise Refused("appeal/ended", "the round is still open")
    if history.outcome_of(revision) == "rejected":
        check_still_apart(writing, revision.event)
        check_still_single(writing, revision.leaf, command.example)
    openings: list[Opening] = []
    recorded = writing.record(
        RoundAppealed,
        openings=openings,
        signer=signer,
        topic=history.first.topic,
        pseudonym=pseudonym,
        example=command.example,
        revision=revision.leaf,
        round=first.number,
        closing=first.closed,
        rationale=writing.opening(openings, "rationale", {"text": command.rationale}),
    )
    start_clock(writing, revision.leaf, 2, command.example)
    return recorded
