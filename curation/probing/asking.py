"""Ask many questions of one backend, several calls at a time.

Rules that always hold:
- each question is answered once; what is in the cache is not asked again;
- where the server has gone, asking stops: what was answered is kept, the rest is named as not asked.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice

from curation.probing.backend import UNREACHED, Backend
from curation.probing.cache import AnswerCache
from curation_validators.probes.asking import Answer, Question

NOT_ASKED = "not asked: the server had stopped answering"
_Call = Future[list[Answer]]


def ask_all(
    backend: Backend, questions: Sequence[Question], cache: AnswerCache, *, concurrency: int
) -> Generator[Answer, None, None]:
    """The answers as they come in, those from the cache first.

    Args:
        concurrency: calls that are under way at the same time.
    """
    waiting = []
    for question in questions:
        known = cache.find(question)
        if known is None:
            waiting.append(question)
        else:
            yield known
    pool = ThreadPoolExecutor(concurrency)
    with cache:
        try:
            yield from _ask_waiting(pool, backend, waiting, cache, concurrency)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _ask_waiting(
    pool: ThreadPoolExecutor, backend: Backend, waiting: Sequence[Question], cache: AnswerCache, concurrency: int
) -> Iterator[Answer]:
    calls = (waiting[start : start + backend.batch] for start in range(0, len(waiting), backend.batch))
    running: dict[_Call, Sequence[Question]] = {}
    in_vain = 0
    while True:
        if in_vain < max(3, concurrency):
            for batch in islice(calls, 2 * concurrency - len(running)):
                running[pool.submit(backend.ask, batch)] = batch
        if not running:
            break
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for call in done:
            batch, answers = running.pop(call), call.result()
            cache.keep(batch, answers)
            in_vain = in_vain + 1 if all((item.fault or "").startswith(UNREACHED) for item in answers) else 0
            yield from answers
    for batch in calls:
        yield from (Answer(question.id, fault=NOT_ASKED) for question in batch)
