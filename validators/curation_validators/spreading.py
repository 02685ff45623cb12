"""Work on rows, one by one, spread over processes where there is enough of it to pay.

Rules that always hold:
- results come in the order of the rows, and are the same wherever they were made;
- a small set starts no process, and until one is ready the first rows are worked on here. A process that dies costs
  time and no result.
"""

from __future__ import annotations

import os
import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import chain, islice
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
HERE_FIRST, _BATCH, _MOST = 5_000, 200, 4
_work: Callable[[Any], Any] | None = None


def usable_cores() -> int:
    """The cores that this process may use, four at most."""
    given = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(given, _MOST)


def spread(
    items: Iterable[Item],
    here: Callable[[Item], Result],
    there: Callable[[], Callable[[Item], Result]],
    processes: int,
    first: int = HERE_FIRST,
) -> Iterator[tuple[Item, Result]]:
    """Each item with its result.

    Args:
        items: what can be sent to another process.
        here: the work.
        there: makes the same work in another process; a function of a module, or a partial of one.
        processes: under 2, all is done here.
        first: how many items there are at most that no process is started for.
    """
    rest = iter(items)
    head = list(islice(rest, first if processes > 1 else 0))
    ahead = list(islice(rest, 1))
    if processes < 2 or not ahead:
        yield from ((item, here(item)) for item in chain(head, ahead, rest))
        return
    with TemporaryDirectory() as folder:
        work = Path(folder) / "work"
        # In a file: a process that dies before it has read more than a pipe holds would be waited for for ever.
        work.write_bytes(pickle.dumps(there))
        # Spawned, not forked: libraries with threads of their own do not outlive a fork.
        with ProcessPoolExecutor(processes, get_context("spawn"), _start, (str(work),)) as pool:
            ready = [pool.submit(_is_ready) for _ in range(processes)]
            waiting = deque(head)
            while waiting and not any(future.done() for future in ready):
                item = waiting.popleft()
                yield item, here(item)
            rest = chain(waiting, ahead, rest)
            yield from _in_order(pool, list(islice(rest, _BATCH)), rest, here, processes)


def _in_order(
    pool: ProcessPoolExecutor,
    batch: list[Item],
    rest: Iterator[Item],
    here: Callable[[Item], Result],
    processes: int,
) -> Iterator[tuple[Item, Result]]:
    waiting: deque[tuple[list[Item], Future[list[Result]] | None]] = deque()
    while batch or waiting:
        while batch and len(waiting) < 2 * processes:
            waiting.append((batch, _submit(pool, batch)))
            batch = list(islice(rest, _BATCH))
        done, future = waiting.popleft()
        try:
            results = future.result() if future is not None else list(map(here, done))
        except BrokenProcessPool:
            results = list(map(here, done))
        yield from zip(done, results, strict=True)


def _submit(pool: ProcessPoolExecutor, batch: list[Item]) -> Future[list[Any]] | None:
    try:
        return pool.submit(_work_on, batch)
    except BrokenProcessPool:
        return None


def _start(work: str) -> None:
    global _work  # noqa: PLW0603  # the process has one kind of work for life
    _work = pickle.loads(Path(work).read_bytes())()  # noqa: S301  # the process that started this one wrote it


def _is_ready() -> None:
    """Nothing to do: it is done when a process has made its work."""


def _work_on(batch: list[Any]) -> list[Any]:
    assert _work is not None, "the process was not started by `spread`"
    return list(map(_work, batch))
