"""How often a host is asked, and whether it wants to be.

Rules that always hold:
- between two requests to one host there is a pause, at least as long as its robots.txt asks for, up to a minute;
- a host that says it is busy (429, 503) is asked nothing more in this run;
- robots.txt is read once a run for each origin.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from curation.evidence.robots import Robots

MAX_DELAY_S = 60.0


@dataclass
class Politeness:
    """What one run knows of the hosts that it asks. Seconds throughout."""

    pause_s: float = 5.0
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    robots: dict[str, Robots] = field(default_factory=dict)
    """Origin → its rules."""
    busy: set[str] = field(default_factory=set)
    """Hosts that are asked nothing more."""
    _asked: dict[str, float] = field(default_factory=dict)

    def take_turn(self, host: str, delay: float = 0.0) -> None:
        """Wait until this host may be asked again."""
        pause = max(self.pause_s, min(delay, MAX_DELAY_S))
        if host in self._asked:
            waiting = self._asked[host] + pause - self.now()
            if waiting > 0:
                self.sleep(waiting)
        self._asked[host] = self.now()
