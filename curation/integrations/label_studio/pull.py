"""Take in what somebody annotated, by the same commands as every other review.

Rules that always hold:
- an annotation is checked here, whatever Label Studio let pass: whose it is, its fields, its seat, its revision;
- what is refused changes nothing, and stays refused, with its reason, until it is mended; nothing is taken twice;
- while its round is open, a changed annotation supersedes its author's review; after that nothing changes any more;
- a task that names another seat than the one it was made for is nobody's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from curation.errors import CallerError, Refused
from curation.integrations.label_studio.annotations import Annotation, annotation_of
from curation.integrations.label_studio.performing import perform
from curation.integrations.label_studio.slots import Slot, keep_slots
from curation.people.accounts import Actor
from curation.reviews.seats import Seat, held_seats
from curation.writing import Platform, Writing

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """What was not taken in, and why: for the maintainer. It names the task, not the person or the seat."""

    project: int
    task: int | None
    reason: str


@dataclass
class Pulled:
    """What a pull came to. `late`: what came after a review was taken, and changed nothing."""

    taken: int = 0
    superseded: int = 0
    passed: int = 0
    refused: list[Problem] = field(default_factory=list)
    late: list[Problem] = field(default_factory=list)


def pull_tasks(
    platform: Platform,
    actor: Actor,
    user: int,
    work: Sequence[tuple[Slot, Mapping[str, Any]]],
    came: Pulled,
) -> list[Slot]:
    """Take in the annotations of some tasks. Returns the slots that changed.

    Args:
        platform: the home.
        actor: the reviewer.
        user: their account in Label Studio.
        work: each seat with its task, as the server has it.
        came: where what happened is counted.
    """
    changed: list[Slot] = []
    for start in range(0, len(work), _AT_ONCE):
        # What was annotated is unpacked for so many tasks at a time: a reviewer may have a thousand.
        piece = work[start : start + _AT_ONCE]
        looked = [(slot, task, annotation_of(task, user, slot.annotation)) for slot, task in piece]
        waiting = [(slot, found) for slot, _, (found, _) in looked if found and found.digest != slot.seen]
        if waiting:
            changed += _pull_some(platform, actor, waiting, came)
        for slot, task, (annotation, beside) in looked:
            _note_left(slot, task, annotation, beside, came)
    return changed


def _note_left(
    slot: Slot, task: Mapping[str, Any], annotation: Annotation | None, beside: Sequence[str], came: Pulled
) -> None:
    """Note what of a task was not taken in."""
    came.refused += [Problem(slot.project, slot.task, said) for said in beside]
    if annotation is None and slot.state == "taken" and not task.get("annotations"):
        came.late.append(Problem(slot.project, slot.task, "its annotation was deleted there; what it brought stands"))
    if slot.state == "refused" and slot.reason:
        came.refused.append(Problem(slot.project, slot.task, slot.reason))
    if slot.late:
        came.late.append(Problem(slot.project, slot.task, slot.late))


def _pull_some(
    platform: Platform, actor: Actor, waiting: Sequence[tuple[Slot, Annotation]], came: Pulled
) -> list[Slot]:
    with platform.write() as writing:
        writing.admit(actor)
        writing.preload(slot.example for slot, _ in waiting)
        now = platform.clock.now()
        # Read once: somebody has one seat of a round at most, so that filling one changes nothing about the others.
        held = {seat.revision: seat for seat in held_seats(writing, writing.vault, actor) if seat.ends_at > now}
        for slot, annotation in waiting:
            _take(writing, actor, slot, annotation, held.get(slot.revision), came)
        keep_slots(writing, actor, [slot for slot, _ in waiting])
    return [slot for slot, _ in waiting]


def _take(writing: Writing, actor: Actor, slot: Slot, annotation: Annotation, seat: Seat | None, came: Pulled) -> None:
    slot.seen = annotation.digest
    try:
        with writing.attempt():
            how = perform(writing, actor, slot, annotation, seat)
        setattr(came, how, getattr(came, how) + 1)
    except CallerError as error:
        said = _reason(error)
        if slot.state == "taken":
            slot.late = f"it was changed, and that changed nothing: {said}"
        else:
            slot.state, slot.reason, slot.field = "refused", said, error.where
            slot.rule = error.rule if isinstance(error, Refused) else ""


def _reason(error: CallerError) -> str:
    """What went wrong, in one line: it is shown beside the task."""
    return f"{error.where}: {error.message}" if error.where else error.message
