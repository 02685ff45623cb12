"""What the epochs' dates say of time that passed.

Rules that always hold (pure; used alike by commands and verification):
- what was opened in an epoch was opened after the day on which the epoch before it was closed, and that day is all that
  the log proves;
- in the first epoch nothing stands before it, so nothing can be said.
"""

from __future__ import annotations

from curation.clock import days_between


def may_have_passed(closed_before: str | None, today: str, days: int) -> bool:
    """Whether `days` can have passed by `today` since something opened.

    Args:
        closed_before: the day on which the epoch before the opening was closed; None in the first epoch.
        today: the day of the epoch's end at which this is asked.
        days: how many days should have passed.
    """
    return closed_before is None or days_between(closed_before, today) >= days


def must_have_passed(closed_in: str, today: str, days: int) -> bool:
    """Whether `days` have passed by `today` for certain, since something opened.

    Args:
        closed_in: the day on which the epoch of the opening was closed.
        today: the day of the epoch's end at which this is asked.
        days: how many days should have passed. One more is allowed for, because days are all that is known.
    """
    return days_between(closed_in, today) > days
