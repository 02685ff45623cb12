"""Submit a review, and supersede one.

Rules that always hold:
- a review needs the seat that the queue leased; only simulated people may take the first empty one;
- it waits as a pending leaf until its round ends, so an open round stays blind to everybody;
- filling the last seat ends the round in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from curation.errors import CallerError, InvalidInput, Refused
from curation.log.attestation import Signer
from curation.log.leaf import Opening
from curation.people.accounts import Actor
from curation.reviews.ending import end_if_full
from curation.reviews.seats import Seat, held_seat, release_seat, seat_fields
from curation.rulebook.history import History
from curation.rulebook.rounds import Round
from curation.writing import Platform, Recorded, Writing
from curation_schemas.events import ReviewSubmitted, RoundClosed
from curation_schemas.parsing import SchemaInvalid, validate
from curation_schemas.review import Judgement, OrderShown, Via


@dataclass(frozen=True, kw_only=True, slots=True)
class SubmitReview:
    """A judgement of the revision in the held seat. `revision` guards against judging another than was read."""

    example: str
    judgement: Judgement
    revision: str | None = None
    via: Via = "cli"
    annotation: str | None = None
    """The annotation as Label Studio had it, as JSON; a review from there has it, and no other."""


@dataclass(frozen=True, slots=True)
class Submitted:
    """The review, and the round's end if this review filled the last seat."""

    review: Recorded
    closing: RoundClosed | None
    annotation: Opening | None = None
    """What opens the leaf's commitment to the annotation. It is in no table of openings: it is the reviewer's own."""


def read_judgement(value: object, where: str = "review") -> Judgement:
    """Read a judgement from plain data. Raises InvalidInput naming every field that is wrong."""
    try:
        return validate(Judgement, value)
    except SchemaInvalid as error:
        raise InvalidInput(str(error), where=where) from None


def submit_review(
    writing: Writing, actor: Actor, command: SubmitReview, signer: Signer | None = None, seat: Seat | None = None
) -> Submitted:
    """Fill the held seat. Raises Refused, NotFound.

    `seat` is that seat, under a lease that has not ended, where it was read in this transaction already: one for each
    of many reviews costs far more than the reviews.
    """
    writing.admit(actor, "contributor")
    seat = seat or held_seat(writing, actor, command.example, command.revision)
    submitted = _record(writing, actor, command, seat, None, signer)
    if submitted.closing is None:
        release_seat(writing, seat)
    return submitted


def submit_simulated_review(
    writing: Writing, actor: Actor, command: SubmitReview, signer: Signer | None = None
) -> Submitted:
    """Fill the first empty seat of the actor's perspective, without a lease: for simulated people only."""
    if not actor.simulated:
        raise Refused("seat/queue-assigns", "only simulated people choose their seats")
    writing.admit(actor)
    history = writing.existing(command.example)
    topic = history.first.topic
    pseudonym = writing.pseudonym(actor, topic)
    declaration = writing.latest_declaration(pseudonym)
    if declaration is None or declaration.perspective is None:
        raise Refused("review/declared", f"declare a perspective on {topic} first")
    wanted = command.revision or history.latest.leaf
    stage = history.revision_of(wanted, "review/revision-known").round
    empty = stage.empty_seats(declaration.perspective) or [stage.seat_numbers()[0]]
    order: OrderShown | None = None
    if history.first.kind == "preference":
        order = "chosen_first" if writing.token_bytes(1)[0] % 2 else "rejected_first"
    seat = Seat(
        command.example,
        stage.revision,
        topic,
        declaration.perspective,
        stage.stage,
        empty[0],
        declaration.leaf,
        order,
        0,
    )
    return _record(writing, actor, command, seat, None, signer)


def supersede_review(writing: Writing, actor: Actor, command: SubmitReview, signer: Signer | None = None) -> Submitted:
    """Replace the own review while the round is open. Raises Refused, NotFound."""
    writing.admit(actor, "contributor")
    history = writing.existing(command.example)
    pseudonym = writing.pseudonym(actor, history.first.topic)
    named = [item.round for item in reversed(history.revisions) if command.revision in (None, item.leaf)]
    cast_by_me = [(stage, mine) for stage in named if (mine := stage.cast_by(pseudonym)) is not None]
    # Who one is comes first, how the round stands second: only its reviewers learn that.
    if not cast_by_me:
        raise Refused("review/supersede-own", "you have no review in an open round of this example")
    # An appeal of what stands can be open beside the latest revision's round: the latest comes first.
    stage, ((perspective, number), cast) = max(cast_by_me, key=lambda item: item[0].closed is None)
    if stage.closed is not None:
        raise Refused("review/round-open", "the round has ended; a review can no longer be superseded")
    earlier = history.reviews[cast.leaf]
    seat = Seat(
        command.example,
        stage.revision,
        history.first.topic,
        perspective,
        stage.stage,
        number,
        earlier.declaration,
        earlier.order_shown,
        0,
    )
    return _record(writing, actor, command, seat, cast.leaf, signer)


def _record(
    writing: Writing, actor: Actor, command: SubmitReview, seat: Seat, supersedes: str | None, signer: Signer | None
) -> Submitted:
    history = writing.existing(seat.example)
    stage = _stage(history, seat)
    openings: list[Opening] = []
    annotation = None
    if command.annotation is not None:
        annotation = Opening.fresh("annotation", {"json": command.annotation}, writing.token_bytes)
    recorded = writing.record(
        ReviewSubmitted,
        openings=openings,
        signer=signer,
        pseudonym=writing.pseudonym(actor, seat.topic),
        **seat_fields(seat, stage),
        order_shown=seat.order_shown,
        supersedes=supersedes,
        via=command.via,
        annotation=annotation.commitment() if annotation else None,
        **_judgement_fields(writing, command.judgement, openings),
    )
    closing = end_if_full(writing, history, stage)
    ended = closing.event if closing is not None and isinstance(closing.event, RoundClosed) else None
    return Submitted(recorded, ended, annotation)


def _stage(history: History, seat: Seat) -> Round:
    return history.revision_of(seat.revision, "review/revision-known").stages[seat.stage - 1]


def _judgement_fields(writing: Writing, judgement: Judgement, openings: list[Opening]) -> dict[str, Any]:
    counter, rationale = judgement.counter_source, judgement.rationale
    return {
        "verdict": judgement.verdict,
        "scores": judgement.scores,
        "reasons": judgement.reasons,
        "rationale": writing.opening(openings, "rationale", {"text": rationale}) if rationale else None,
        "counter_source": (
            writing.opening(openings, "source", counter.model_dump(exclude_none=True)) if counter else None
        ),
        "comparison": judgement.comparison,
        "positions_seen": judgement.positions_seen,
    }


@dataclass(frozen=True, slots=True)
class RefusedReview:
    """A review of a bulk submission that was not taken in, and why."""

    number: int
    error: CallerError


def submit_reviews(
    platform: Platform, items: Iterable[tuple[Actor, SubmitReview]], batch: int = 1_000
) -> Iterator[RefusedReview]:
    """The bulk path: simulated reviewers, `batch` reviews a transaction. Yields those that were refused.

    Every rule is the same as one by one; what is refused changes nothing, and the rest go in.
    """
    waiting: list[tuple[int, Actor, SubmitReview]] = []
    for number, (actor, command) in enumerate(items, 1):
        waiting.append((number, actor, command))
        if len(waiting) >= batch:
            yield from _submit_batch(platform, waiting)
            waiting = []
    yield from _submit_batch(platform, waiting)


def _submit_batch(platform: Platform, waiting: list[tuple[int, Actor, SubmitReview]]) -> list[RefusedReview]:
    refused = []
    with platform.write() as writing:
        writing.lock_accounts({actor.account for _, actor, _ in waiting})
        writing.preload(command.example for _, _, command in waiting)
        histories = ((actor, writing.history(command.example)) for _, actor, command in waiting)
        writing.preload_people((actor.account, item.first.topic) for actor, item in histories if item.revisions)
        for number, actor, command in waiting:
            try:
                submit_simulated_review(writing, actor, command)
            except CallerError as error:
                refused.append(RefusedReview(number, error))
    return refused
