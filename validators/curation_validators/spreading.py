"""Work on rows, one by one, spread over processes where there is enough of it to pay.

Rules that always hold:
- results come in the order of the rows, and are the same wherever they were made;
- the first rows are worked on here: a small set starts no process. A process that dies costs time and no result.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context
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
        first: how many items are worked on before a process is started.
    """
    rest = iter(items)
    for item in rest if processes < 2 else islice(rest, first):
        yield item, here(item)
    batch = list(islice(rest, _BATCH))
    if batch:
        # Spawned, not forked: libraries with threads of their own do not outlive a fork.
        with ProcessPoolExecutor(processes, get_context("spawn"), _start, (there,)) as pool:
            yield from _in_order(pool, batch, rest, here, processes)


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


def _start(there: Callable[[], Callable[[Any], Any]]) -> None:
    global _work  # noqa: PLW0603  # the process has one kind of work for life
    _work = there()


def _work_on(batch: list[Any]) -> list[Any]:
    assert _work is not None, "the process was not started by `spread`"
    return list(map(_work, batch))
