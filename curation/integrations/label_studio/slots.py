"""What is known of each seat that has a task in Label Studio, and of what else is asked of its people there.

Rules that always hold:
- a row is sealed under its reviewer's own key, and its tag and holder name neither account nor seat without it;
- it is written in the transaction of the act that it tells of, so that no act is done twice;
- what opens a leaf's commitment to an annotation is kept here and nowhere else: whoever is forgotten takes it along.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec
from sqlalchemy import delete, insert, select

from curation.integrations.label_studio.forms import FormKind, form_for
from curation.people.accounts import Actor
from curation.people.vault import Vault
from curation.reviews.seats import Seat
from curation.tables import examples, label_studio_tasks
from curation.writing import LoadedExamples, Writing
from curation_schemas.review import OrderShown

State = Literal["open", "taken", "passed", "refused"]


class Taken(msgspec.Struct, frozen=True):
    """An act that came from an annotation, and what opens its leaf's commitment to it (`salt` as hex)."""

    leaf: str
    commitment: str
    salt: str
    body: str


class Slot(msgspec.Struct, kw_only=True):
    """A seat's task. `seen` is the digest of the annotation that was last looked at; `reason` says why it was refused.

    `rule` and `field`: the id of the rule that forbade it, or the field that was wrong, where one is known.
    `late`: something that came after the review was taken changed nothing, and why. `told`: the reason as the task
    shows it. `form` is that of the task where it is not the one by which the seat's example is judged: a check of
    sources belongs to the seat of the review before it, an answer to no seat.
    """

    example: str
    revision: str
    topic: str
    perspective: str
    stage: int
    seat: int
    kind: str
    order: OrderShown | None = None
    project: int = 0
    task: int | None = None
    state: State = "open"
    annotation: int | None = None
    seen: str | None = None
    reason: str | None = None
    rule: str = ""
    field: str = ""
    late: str | None = None
    told: str | None = None
    taken: list[Taken] = []
    form: FormKind | None = None

    @property
    def task_form(self) -> FormKind:
        """The form of its task."""
        return self.form or form_for(self.kind)

    @property
    def judges(self) -> bool:
        """Whether its task is the judging of a seat."""
        return self.form is None

    def key(self) -> dict[str, str]:
        """What a task says of its seat."""
        seat = f"{self.perspective}/{self.stage}/{self.seat}" if self.perspective else "-"
        seat = f"{seat}/{self.form}" if self.form else seat
        return {"example": self.example, "revision": self.revision, "seat": seat}

    @property
    def name(self) -> str:
        """What the row is called among its reviewer's."""
        more = f" {self.form}" if self.form else ""
        return f"label-studio {self.revision} {self.perspective} {self.seat}{more}"


_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(Slot).decode
_AT_ONCE = 500


def new_slot(seat: Seat, kind: str) -> Slot:
    """What is known of a seat that was just leased."""
    return Slot(
        example=seat.example,
        revision=seat.revision,
        topic=seat.topic,
        perspective=seat.perspective,
        stage=seat.stage,
        seat=seat.seat,
        kind=kind,
        order=seat.order_shown,
    )


def keep_slots(writing: Writing, actor: Actor, slots: Iterable[Slot]) -> None:
    """Write what is known of some seats, instead of what was."""
    rows = [
        {
            "tag": writing.vault.tag(actor.account, slot.name),
            "holder": writing.vault.holder(actor.account, slot.topic),
            "sealed": writing.vault.lock_away(actor.account, slot.name, _ENCODE(slot)),
        }
        for slot in {slot.name: slot for slot in slots}.values()
    ]
    # One sync of a reviewer runs at a time, so nobody else writes these rows meanwhile.
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        tags = [row["tag"] for row in some]
        writing.connection.execute(delete(label_studio_tasks).where(label_studio_tasks.c.tag.in_(tags)))
        writing.connection.execute(insert(label_studio_tasks), some)


def drop_slots(writing: Writing, actor: Actor, slots: Iterable[Slot]) -> None:
    """Forget what is known of some seats."""
    tags = [writing.vault.tag(actor.account, slot.name) for slot in slots]
    writing.connection.execute(delete(label_studio_tasks).where(label_studio_tasks.c.tag.in_(tags)))


def slots_of(loaded: LoadedExamples, vault: Vault, actor: Actor) -> list[Slot]:
    """What is known of all of somebody's seats, in an order that tells nothing."""
    topics = loaded.connection.execute(select(examples.c.topic).distinct()).scalars()
    holders = [vault.holder(actor.account, topic) for topic in topics]
    query = select(label_studio_tasks).where(label_studio_tasks.c.holder.in_(holders))
    rows = loaded.connection.execute(query.order_by(label_studio_tasks.c.tag)).all()
    return [_DECODE(vault.take_out_by_tag(actor.account, row.tag, row.sealed)) for row in rows]
