"""Perform what an annotation says, by the command that a page would call too.

Rules that always hold:
- an answer in a form becomes one act: a review, a flag of sources, a proposal, or a seat that is handed on;
- a review is superseded while its round is open; a flag or a proposal that was taken in is changed by nothing here;
- each act's leaf commits, salted, to the whole annotation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from curation.errors import Conflict, InvalidInput
from curation.examples.flag import Flag, raise_flag
from curation.examples.propose import Propose, propose_example
from curation.integrations.label_studio.annotations import Annotation
from curation.integrations.label_studio.answering import Question, answer_of
from curation.integrations.label_studio.forms import HOLDS, Answers, read_result
from curation.integrations.label_studio.judging import judgement_of, passes
from curation.integrations.label_studio.slots import Slot, Taken
from curation.log.leaf import Opening
from curation.opened import opened_of
from curation.people.accounts import Actor
from curation.reviews.passing import PassSeat, pass_seat
from curation.reviews.seats import Seat
from curation.reviews.submit import SubmitReview, submit_review, supersede_review
from curation.writing import Writing
from curation_schemas.parsing import SchemaInvalid, validate
from curation_schemas.review import FlagForm

Came = Literal["taken", "superseded", "passed"]


def perform(writing: Writing, actor: Actor, slot: Slot, annotation: Annotation, seat: Seat | None = None) -> Came:
    """Do what an annotation says, and note it in its slot. Raises CallerError.

    Args:
        writing: the transaction.
        actor: the reviewer.
        slot: whose task was annotated.
        annotation: as the server has it.
        seat: the seat that it fills, where that was read in this transaction already.
    """
    if annotation.problem is not None:
        raise Conflict(annotation.problem)
    answers = read_result(slot.task_form, annotation.result, _positions(writing, slot))
    if slot.form is None:
        return _judge(writing, actor, slot, annotation, answers, seat)
    if slot.taken:
        raise Conflict("it is submitted, and is changed on the pages only")
    if slot.form == "source":
        taken = _check_sources(writing, actor, slot, annotation, answers)
    else:
        taken = _propose(writing, actor, slot, annotation, answers)
    return _note(slot, annotation, taken)


def _positions(writing: Writing, slot: Slot) -> Sequence[str]:
    topic = writing.definitions.topic_at(slot.topic, writing.epoch)
    return [position.id for position in topic.content.positions] if topic else []


def _judge(
    writing: Writing, actor: Actor, slot: Slot, annotation: Annotation, answers: Answers, seat: Seat | None
) -> Came:
    if passes(answers):
        if slot.taken:
            raise InvalidInput("a review is replaced, not handed on", where="verdict")
        pass_seat(writing, actor, PassSeat(example=slot.example))
        slot.state, slot.reason = "passed", None
        return "passed"
    command = SubmitReview(
        example=slot.example,
        revision=slot.revision,
        judgement=judgement_of(answers, slot.order if slot.kind == "preference" else None),
        via="label-studio",
        annotation=annotation.raw,
    )
    if slot.taken:
        submitted = supersede_review(writing, actor, command)
    else:
        submitted = submit_review(writing, actor, command, seat=seat)
    assert submitted.annotation is not None
    return _note(slot, annotation, _taken(submitted.review.leaf, submitted.annotation))


def _note(slot: Slot, annotation: Annotation, taken: Taken | None) -> Came:
    came: Came = "superseded" if slot.state == "taken" else "taken"
    slot.taken = [*slot.taken, taken] if taken else slot.taken
    slot.state, slot.annotation, slot.reason, slot.late = "taken", annotation.id, None, None
    return came


def _check_sources(
    writing: Writing, actor: Actor, slot: Slot, annotation: Annotation, answers: Answers
) -> Taken | None:
    """A flag of the sources; nothing where they hold: nobody has to hear of that, and it counts for nothing."""
    if answers["finding"] == HOLDS:
        if "evidence" in answers:
            raise InvalidInput("sources that hold need no evidence against them", where="evidence")
        return None
    if "evidence" not in answers:
        raise InvalidInput("it is not answered, and it has to be", where="evidence")
    plain = {"example": slot.example, "revision": slot.revision, "ground": "source", "evidence": answers["evidence"]}
    try:
        form = validate(FlagForm, plain)
    except SchemaInvalid as error:
        path, message = error.problems[0]
        raise InvalidInput(message, where=path) from None
    opening = _commit(writing, annotation)
    recorded = raise_flag(writing, actor, Flag(form=form, annotation=opening.commitment()))
    return _taken(recorded.leaf, opening)


def _propose(writing: Writing, actor: Actor, slot: Slot, annotation: Annotation, answers: Answers) -> Taken:
    history = writing.existing(slot.example)
    revision = history.revision_of(slot.revision, "review/revision-known")
    values = opened_of(writing.connection, [revision.leaf])
    question = Question.of(history, revision, values)
    if question is None:
        raise Conflict("the question is no longer open")
    opening = _commit(writing, annotation)
    command = Propose(example=answer_of(answers, question), annotation=opening.commitment())
    return _taken(propose_example(writing, actor, command).leaf, opening)


def _commit(writing: Writing, annotation: Annotation) -> Opening:
    return Opening.fresh("annotation", {"json": annotation.raw}, writing.token_bytes)


def _taken(leaf: str, opening: Opening) -> Taken:
    return Taken(leaf, opening.commitment(), opening.salt.hex(), opening.body.decode())
