"""How a round's stage opens its clock and how it ends.

Rules that always hold:
- a stage ends the moment its last seat is filled, when its revision is replaced or withdrawn, or out of time;
- its end is one event that counts every vote, and what was kept privately for it (leases, clock) is deleted;
- clocks live in private tables only and go when the stage ends.
"""

from __future__ import annotations

from typing import Literal

from sqlalchemy import bindparam, delete, insert, select

from curation.clock import DAY, day_of
from curation.rulebook.elapsed import may_have_passed, must_have_passed
from curation.rulebook.history import History
from curation.rulebook.rounds import Round
from curation.tables import flag_clocks, leases, log_epochs, proposer_organisations, stage_clocks
from curation.writing import Recorded, Writing
from curation_schemas.events import FlagLapsed, RoundClosed

# Made once: building a statement costs more than running it, and the bulk path ends many rounds.
_END_LEASES = delete(leases).where(leases.c.revision == bindparam("of"))
_STOP_CLOCK = delete(stage_clocks).where(
    stage_clocks.c.revision == bindparam("of"), stage_clocks.c.stage == bindparam("at")
)

How = Literal["full", "time", "revised", "withdrawn"]


def start_clock(writing: Writing, revision: str, stage: int, example: str) -> None:
    """Note when a stage opened."""
    row = {"revision": revision, "stage": stage, "example": example, "opened_at": writing.today}
    writing.connection.execute(insert(stage_clocks), row)


def end_stage(writing: Writing, history: History, stage: Round, how: How, by: str | None = None) -> Recorded:
    """Record a stage's end and delete what was kept for it."""
    recorded = writing.record(
        RoundClosed, topic=history.first.topic, example=history.example, **stage.closing_fields(how, by)
    )
    connection = writing.connection
    connection.execute(_END_LEASES, {"of": stage.revision})
    connection.execute(_STOP_CLOCK, {"of": stage.revision, "at": stage.stage})
    if history.withdrawn is not None:
        connection.execute(delete(proposer_organisations).where(proposer_organisations.c.example == history.example))
    return recorded


def end_if_full(writing: Writing, history: History, stage: Round) -> Recorded | None:
    """End the stage if its last seat was just filled."""
    if not stage.full:
        return None
    return end_stage(writing, history, stage, "full")


def _dates_allow(writing: Writing, opened_in: int, days: int) -> bool:
    """Whether the epochs' dates, which are all that a verifier has, show that these days can have passed.

    They may not, where the clock was ahead once: then it is the dates that decide, and the end waits.
    """
    rows = writing.connection.execute(select(log_epochs.c.epoch, log_epochs.c.date))
    dates = {row.epoch: row.date for row in rows}
    last = max(dates.values(), default="")
    return may_have_passed(dates.get(opened_in - 1), max(day_of(writing.now), last), days)


def _dates_demand(writing: Writing, opened_in: int, days: int) -> bool:
    """Whether the epochs' dates show that these days have passed, whatever the clock says now."""
    rows = writing.connection.execute(select(log_epochs.c.epoch, log_epochs.c.date))
    dates = {row.epoch: row.date for row in rows}
    today = max(day_of(writing.now), max(dates.values(), default=""))
    return opened_in in dates and must_have_passed(dates[opened_in], today, days)


def end_overdue_rounds(writing: Writing) -> list[Recorded]:
    """End every stage whose time is over, with empty seats: silence never accepts and never rejects."""
    ended = []
    for row in writing.connection.execute(select(stage_clocks).order_by(stage_clocks.c.revision)).all():
        history = writing.existing(row.example)
        revision = next(item for item in history.revisions if item.leaf == row.revision)
        days = writing.definitions.policy_by_leaf[revision.event.policy].content.round_days
        stage = revision.stages[row.stage - 1]
        over = writing.now - row.opened_at >= days * DAY and _dates_allow(writing, stage.epoch, days)
        if over or _dates_demand(writing, stage.epoch, days):
            ended.append(end_stage(writing, history, stage, "time"))
    return ended


def lapse_overdue_flags(writing: Writing) -> list[Recorded]:
    """Lapse every flag whose time is over and which two people of different perspectives did not uphold."""
    lapsed = []
    days = writing.definitions.policy_at(writing.epoch).content.flag_days
    for row in writing.connection.execute(select(flag_clocks).order_by(flag_clocks.c.flag)).all():
        if writing.now - row.raised_at < days * DAY:
            continue
        history = writing.existing(row.example)
        flag = history.flags[row.flag]
        if not _dates_allow(writing, flag.epoch, days):
            continue
        if not flag.stands and history.withdrawn is None:
            upheld = sorted(flag.upheld)
            lapsed.append(
                writing.record(FlagLapsed, topic=history.first.topic, example=row.example, flag=row.flag, upheld=upheld)
            )
        writing.connection.execute(delete(flag_clocks).where(flag_clocks.c.flag == row.flag))
    return lapsed
