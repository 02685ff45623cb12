"""Plant controls: examples slanted on purpose, by which a release reports how much slips through.

Rules that always hold:
- only a maintainer plants; what was planted is proposed in a later epoch under a pseudonym that nobody holds, so that
  nothing about it tells reviewers, or readers of the log, what it is;
- when its round has ended it is opened, in the same epoch; its text is never part of a release;
- until it is proposed, its text waits here and nowhere else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, insert, select, update

from curation.errors import CallerError, HomeUnusable, InvalidInput
from curation.examples.intake import check_intake
from curation.examples.propose import propose_unattributed, read_example
from curation.identifiers import new_example_id
from curation.log.leaf import Opening
from curation.people.accounts import Actor
from curation.people.vault import DATASET_SCOPE
from curation.rulebook.controls import control_body
from curation.tables import examples, openings, planted_controls, seats
from curation.writing import Platform, Recorded, Writing
from curation_schemas.commons import TopicProposal
from curation_schemas.events import ControlOpened, ControlPlanted
from curation_schemas.example import Written
from curation_schemas.parsing import SchemaInvalid, load_yaml

AIM_PERCENT = 5
"""The share of seats that controls should have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlantControl:
    """An example, and the position that it is slanted to."""

    example: Written
    direction: str


@dataclass(frozen=True, slots=True)
class ControlStatus:
    """How many controls there are in each state, and what share of all seats is theirs, in percent."""

    waiting: int
    in_review: int
    opened: int
    seats_percent: float


def read_control(path: Path, direction: str) -> PlantControl:
    """Read an example from YAML or JSON. Raises InvalidInput."""
    try:
        found = read_example(load_yaml(path.read_text("utf-8")), str(path))
    except SchemaInvalid as error:
        raise InvalidInput(str(error), where=str(path)) from None
    except (OSError, UnicodeDecodeError):
        raise InvalidInput("cannot be read as UTF-8 text", where=str(path)) from None
    if isinstance(found, TopicProposal):
        raise InvalidInput("a proposal about a topic cannot be a control", where=str(path))
    return PlantControl(example=found, direction=direction)


def plant_control(writing: Writing, actor: Actor, command: PlantControl) -> Recorded:
    """Commit to a control. It is proposed once the epoch is closed. Raises NotAllowed, Refused, InvalidInput."""
    writing.admit(actor, "maintainer")
    frame = writing.frame_now(command.example.topic)
    if command.direction not in frame.positions:
        known = ", ".join(frame.positions)
        raise InvalidInput(f"is no position of {command.example.topic}: {known}", where="direction")
    check_intake(writing, command.example)  # else it would wait to be proposed, for ever
    own = new_example_id(writing.token_bytes)
    held: list[Opening] = []
    commitment = writing.opening(held, "control", control_body(own, command.direction))
    maintainer = writing.vault.pseudonym_for_act(actor.account, DATASET_SCOPE)
    recorded = writing.record(ControlPlanted, openings=held, commitment=commitment, maintainers=[maintainer])
    content = command.example.model_dump_json(exclude_none=True)
    row = {"leaf": recorded.leaf, "commitment": commitment, "example": own, "epoch": writing.epoch, "content": content}
    writing.connection.execute(insert(planted_controls), row)
    return recorded


def controls_wait(writing: Writing) -> bool:
    """Whether controls are committed to and not proposed yet."""
    waiting = select(planted_controls.c.leaf).where(planted_controls.c.content.is_not(None)).limit(1)
    return writing.connection.execute(waiting).first() is not None


def bring_planted(platform: Platform) -> list[Recorded]:
    """Propose the controls that were committed to in an earlier epoch."""
    brought = []
    with platform.write(alone=True) as writing:  # many texts are locked, in no order
        waiting = planted_controls.c.content.is_not(None) & (planted_controls.c.epoch < writing.epoch)
        for row in writing.connection.execute(select(planted_controls).where(waiting)).all():
            example = read_example(json.loads(row.content))
            if isinstance(example, TopicProposal):
                continue
            try:
                with writing.attempt():
                    brought.append(propose_unattributed(writing, example, row.example))
            except CallerError:
                continue  # its topic changed, or the like: it waits, and `controls status` counts it
            mine = planted_controls.c.leaf == row.leaf
            writing.connection.execute(update(planted_controls).where(mine).values(content=None))
        writing.leaves_traces = writing.leaves_traces or bool(brought)
    return brought


def open_ended_controls(writing: Writing) -> list[Recorded]:
    """Open the controls whose rounds have ended: part of closing an epoch."""
    writing.flush()
    opened = []
    in_review = planted_controls.c.content.is_(None) & planted_controls.c.opened.is_(False)
    for row in writing.connection.execute(select(planted_controls).where(in_review)).all():
        history = writing.existing(row.example)
        closing = history.latest.round.closed
        if closing is None:
            continue
        found = writing.connection.execute(select(openings).where(openings.c.commitment == row.commitment)).first()
        if found is None:
            raise HomeUnusable("the opening of a planted control is gone", hint="Run `evenhand doctor`.")
        opening = Opening(found.unit, found.salt, found.body)
        opened.append(
            writing.record(
                ControlOpened,
                topic=history.first.topic,
                example=row.example,
                planted=row.leaf,
                closing=closing,
                direction=opening.value()["direction"],
                salt=opening.salt.hex(),
            )
        )
        mine = planted_controls.c.leaf == row.leaf
        writing.connection.execute(update(planted_controls).where(mine).values(opened=True))
    return opened


def control_status(writing: Writing) -> ControlStatus:
    """How the controls stand. For maintainers' eyes: reviewers must not know which examples are controls."""
    rows = writing.connection.execute(select(planted_controls)).all()
    total = writing.connection.execute(select(func.count()).select_from(seats)).scalar() or 0
    own = select(func.count()).select_from(seats).join(planted_controls, planted_controls.c.example == seats.c.example)
    theirs = writing.connection.execute(own).scalar() or 0
    known = set(writing.connection.execute(select(examples.c.id)).scalars())
    waiting = sum(row.example not in known for row in rows)
    opened = sum(row.opened for row in rows)
    return ControlStatus(waiting, len(rows) - waiting - opened, opened, 100 * theirs / total if total else 0.0)
