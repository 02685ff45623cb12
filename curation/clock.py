"""The one clock. Tests and the demo move it; nothing else reads the time.

Rules that always hold:
- whole seconds, UTC; nothing finer is ever known to the platform.
"""

from __future__ import annotations

import datetime
import time
from typing import Protocol

DAY = 86_400


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> int:
        """Whole seconds since 1970-01-01 UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Whole seconds since 1970-01-01 UTC."""
        return int(time.time())


class MovableClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: int) -> None:
        self._now = start

    def now(self) -> int:
        """Whole seconds since 1970-01-01 UTC."""
        return self._now

    def advance(self, *, days: float = 0, hours: float = 0) -> None:
        """Move forward."""
        if days < 0 or hours < 0:
            raise ValueError("a clock only goes forward")
        self._now += int(days * DAY + hours * 3600)


def day_of(moment: int) -> str:
    """The UTC calendar day of a moment, as YYYY-MM-DD."""
    return datetime.datetime.fromtimestamp(moment, datetime.UTC).date().isoformat()


def days_between(earlier: str, later: str) -> int:
    """Whole days from one YYYY-MM-DD to another."""
    return (datetime.date.fromisoformat(later) - datetime.date.fromisoformat(earlier)).days
