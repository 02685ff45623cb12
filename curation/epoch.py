"""Close an epoch: end what is overdue, seal what is pending, publish the log.

Rules that always hold:
- rounds and flags whose time is over end first, so that their leaves are sealed in this epoch;
- the database commits before the first file is written; a crash in between is mended by the next run or `doctor`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from curation.clock import day_of, days_between
from curation.db import reading
from curation.log.epochs import SealedEpoch, seal_epoch
from curation.log.store import publish_log
from curation.releases.cut import prove_releases
from curation.reviews.ending import end_overdue_rounds, lapse_overdue_flags
from curation.tables import log_epochs
from curation.writing import Platform


@dataclass(frozen=True, slots=True)
class ClosedEpoch:
    """A closed epoch, and what its end brought about."""

    sealed: SealedEpoch
    rounds_ended: int
    flags_lapsed: int


def close_epoch(platform: Platform) -> ClosedEpoch:
    """Close the open epoch now. Its day is the clock's, and never before the last epoch's."""
    home = platform.home
    with platform.write() as writing:
        ended = end_overdue_rounds(writing)
        lapsed = lapse_overdue_flags(writing)
        writing.flush()
        last = writing.connection.execute(
            select(log_epochs.c.date).order_by(log_epochs.c.epoch.desc()).limit(1)
        ).scalar()
        date = max(day_of(writing.now), last or "")
        sealed = seal_epoch(writing.connection, home.dataset, home.log_key, date)
    with reading(home.engine) as connection:
        publish_log(connection, home.log_path)
    for _ in prove_releases(platform):
        pass
    return ClosedEpoch(sealed, len(ended), len(lapsed))


def days_open(platform: Platform) -> int | None:
    """Whole days since the last epoch was closed; None when none was."""
    with reading(platform.home.engine) as connection:
        last = connection.execute(select(log_epochs.c.date).order_by(log_epochs.c.epoch.desc()).limit(1)).scalar()
    return None if last is None else days_between(last, day_of(platform.clock.now()))


def epoch_due(platform: Platform) -> bool:
    """Whether the open epoch has lasted its days."""
    days = days_open(platform)
    return days is not None and days >= platform.epoch_days
