"""What is asked of somebody besides reviews, of who asked for it: checks of sources, and answers to open questions.

Rules that always hold:
- sources are checked by who reviewed the revision that cites them, in the seat of that review; where they were flagged,
  nobody is asked any more;
- a question is offered to who declared a perspective on its topic and reads its language;
- of each form somebody has a few tasks at a time. What is no longer to be done is removed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select

from curation.examples.questions import is_open_question
from curation.integrations.label_studio.reviewers import Link
from curation.integrations.label_studio.slots import Slot
from curation.people.accounts import Actor
from curation.rulebook.history import History
from curation.tables import examples
from curation.writing import LoadedExamples

_LOOKED_AT = 200


def new_asked(
    loaded: LoadedExamples, actor: Actor, link: Link, slots: Sequence[Slot], topics: Collection[str], most: int
) -> list[Slot]:
    """What somebody is to be asked now and is not yet.

    Args:
        loaded: the home.
        actor: who.
        link: theirs.
        slots: all that is known of their tasks.
        topics: those on which they declared a perspective.
        most: how many open tasks of one form they have.
    """
    known = {slot.name for slot in slots}
    found: list[Slot] = []
    for form, offers in (("source", _source_checks), ("answer", _questions)):
        if form not in link.also:
            continue
        left = most - sum(slot.form == form and slot.state in ("open", "refused") for slot in slots)
        for slot in offers(loaded, actor, slots, topics):
            if left <= 0:
                break
            if slot.name not in known:
                found.append(slot)
                left -= 1
    return found


def _source_checks(loaded: LoadedExamples, actor: Actor, slots: Sequence[Slot], topics: Collection[str]) -> list[Slot]:
    reviewed = [slot for slot in slots if slot.judges and slot.state == "taken"][-_LOOKED_AT:]
    offered = [
        Slot(
            example=slot.example,
            revision=slot.revision,
            topic=slot.topic,
            perspective=slot.perspective,
            stage=slot.stage,
            seat=slot.seat,
            kind=slot.kind,
            order=slot.order,
            form="source",
        )
        for slot in reviewed
    ]
    return [slot for slot in offered if is_asked_still(loaded, slot)]


def _questions(loaded: LoadedExamples, actor: Actor, slots: Sequence[Slot], topics: Collection[str]) -> list[Slot]:
    open_ones = (examples.c.kind == "prompt", examples.c.status == "accepted")
    readable = (examples.c.topic.in_(topics), examples.c.language.in_(actor.languages))
    query = select(examples.c.id, examples.c.topic, examples.c.latest).where(*open_ones, *readable)
    rows = loaded.connection.execute(query.order_by(examples.c.latest).limit(_LOOKED_AT)).all()
    offered = [
        Slot(
            example=row.id,
            revision=row.latest,
            topic=row.topic,
            perspective="",
            stage=0,
            seat=0,
            kind="prompt",
            form="answer",
        )
        for row in rows
    ]
    return [slot for slot in offered if is_asked_still(loaded, slot)]


def is_asked_still(loaded: LoadedExamples, slot: Slot) -> bool:
    """Whether a check of sources, or an answer, is still to be done."""
    history = loaded.glance(slot.example)
    if not history.revisions or history.latest.leaf != slot.revision:
        return False
    if slot.form == "answer":
        return is_open_question(history.first.kind, history.status, history.latest.event.use)
    return _stands(history) and bool(history.latest.event.sources) and not _flagged(history)


def _stands(history: History) -> bool:
    return history.withdrawn is None and history.retracted is None


def _flagged(history: History) -> bool:
    return any(not flag.lapsed for flag in history.flags_on(history.latest.leaf, "source"))
