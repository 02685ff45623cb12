"""A look at something in a forked process, while this process looks at something else.

Rules that always hold:
- a process is forked only where this one has no other thread, and on Linux; else the look is taken here, with the same
  result;
- what goes wrong in a forked process is looked at again here, and raised here;
- a forked process says nothing of its own: whoever interrupts a command interrupts the one that asked, which ends it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from multiprocessing.connection import Connection
from typing import Generic, TypeVar

Seen = TypeVar("Seen")
LARGE = 20_000
"""A log with fewer leaves is not worth processes, nor a note that it was verified."""


def usable_processes(most: int = 4) -> int:
    """How many processes may be forked here: as many as there are processors; 0 where none may."""
    if sys.platform != "linux" or threading.active_count() > 1:
        return 0
    return min(most, len(os.sched_getaffinity(0)))


class Beside(Generic[Seen]):
    """One look. It must give plain data, which goes from process to process."""

    def __init__(self, look: Callable[[], Seen], processes: int) -> None:
        """With fewer than two `processes`, `result` looks."""
        self._look = look
        self._process: multiprocessing.process.BaseProcess | None = None
        if processes > 1:
            context = multiprocessing.get_context("fork")
            self._results, sending = context.Pipe(duplex=False)
            self._process = context.Process(target=_send, args=(look, sending), daemon=True)
            self._process.start()
            sending.close()

    def result(self) -> Seen:
        """What the look gave, or raised."""
        if self._process is None:
            return self._look()
        try:
            found: Seen = self._results.recv()
        except (EOFError, OSError):  # It ended before, or while it sent.
            return self._look()
        finally:
            self._process.join()
        return found


def leave_interrupts() -> None:
    """Let the process that asked take what a terminal sends to both: this one would print where it was."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _send(look: Callable[[], Seen], results: Connection) -> None:
    leave_interrupts()
    # Whatever goes wrong: whoever waits looks again, and gets it raised.
    with closing(results), suppress(Exception):
        results.send(look())
