"""Close an epoch: end what is overdue, seal what is pending, publish the log.

Rules that always hold:
- an epoch is sealed alone: what acts are under way ends before, what comes after belongs to the next epoch;
- rounds and flags whose time is over end first, then what was accepted about topics is adopted, so that the leaves of
  both are sealed in this epoch;
- the database commits before the first file is written; a crash in between is mended by the next run or `doctor`;
- the log's files are written by one at a time, so a checkpoint is never followed by an older one.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, select

from curation.clock import day_of, days_between
from curation.db import reading, taking_turns
from curation.examples.controls import bring_planted, controls_wait, open_ended_controls
from curation.log.epochs import SealedEpoch, seal_epoch
from curation.log.store import LOG_FILES, publish_log
from curation.releases.cut import prove_releases
from curation.reviews.ending import end_overdue_rounds, lapse_overdue_flags
from curation.search.index import add_new_texts
from curation.tables import BEGUN, handed_on, log_epochs, meta, stages
from curation.topics.adopt import adopt_accepted
from curation.webhooks.outbox import queue_messages
from curation.writing import Platform


@dataclass(frozen=True, slots=True)
class ClosedEpoch:
    """A closed epoch, and what its end brought about."""

    sealed: SealedEpoch
    rounds_ended: int
    flags_lapsed: int
    topics_adopted: int


def close_epoch(platform: Platform) -> ClosedEpoch:
    """Close the open epoch now. Its day is the clock's, and never before the last epoch's."""
    closed = _close(platform, only_if_due=False)
    assert closed is not None
    return closed


def close_due_epoch(platform: Platform) -> ClosedEpoch | None:
    """Close the open epoch if it has lasted its days; None if not, also where somebody else closed it just now."""
    return _close(platform, only_if_due=True) if epoch_due(platform) else None


def _close(platform: Platform, *, only_if_due: bool) -> ClosedEpoch | None:
    home = platform.home
    with platform.write(alone=True) as writing:
        if only_if_due and not _is_due(platform, _last_day(writing.connection)):
            return None
        ended = end_overdue_rounds(writing)
        lapsed = lapse_overdue_flags(writing)
        adopted = adopt_accepted(writing)
        open_ended_controls(writing)
        to_bring = controls_wait(writing)
        writing.flush()
        closed = stages.c.open.is_(False)
        writing.connection.execute(
            delete(handed_on).where(handed_on.c.revision.in_(select(stages.c.revision).where(closed)))
        )
        writing.leaves_traces = True
        date = max(day_of(writing.now), _last_day(writing.connection) or "")
        sealed = seal_epoch(writing.connection, home.dataset, home.log_key, date, platform.token_bytes)
        queue_messages(writing, sealed)
        # In here, because it is alone: an erasure that ended while its text is read would leave the words behind.
        add_new_texts(writing.connection)
    with taking_turns(home.engine, LOG_FILES) as connection:
        publish_log(connection, home.log_path)
        for _ in prove_releases(platform):
            pass
    if to_bring:
        # In a transaction of its own, because it belongs to the next epoch; what fails there waits for the one after.
        bring_planted(platform)
    return ClosedEpoch(sealed, len(ended), len(lapsed), len(adopted))


def _last_day(connection: Connection) -> str | None:
    """The day on which the last epoch was closed, or on which the home began."""
    last = connection.execute(select(log_epochs.c.date).order_by(log_epochs.c.epoch.desc()).limit(1)).scalar()
    return last or connection.execute(select(meta.c.value).where(meta.c.name == BEGUN)).scalar()


def _days_since(platform: Platform, last: str | None) -> int | None:
    return None if last is None else days_between(last, day_of(platform.clock.now()))


def _is_due(platform: Platform, last: str | None) -> bool:
    days = _days_since(platform, last)
    return days is not None and days >= platform.epoch_days


def days_open(platform: Platform) -> int | None:
    """Whole days since the last epoch was closed; None when none was."""
    with reading(platform.home.engine) as connection:
        return _days_since(platform, _last_day(connection))


def epoch_due(platform: Platform) -> bool:
    """Whether the open epoch has lasted its days."""
    with reading(platform.home.engine) as connection:
        return _is_due(platform, _last_day(connection))
