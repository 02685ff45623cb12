"""Take lines in, many to a transaction, whatever format they came from.

Rules that always hold:
- a batch is one transaction; in it each line is an attempt of its own, which happens whole or not at all;
- what is refused is reported and leaves nothing behind; the other lines of its batch go in;
- each line is remembered in the transaction of its act, so an import that was interrupted anywhere, and is run again,
  ends as if it had not been;
- a dry run is one transaction that is taken back at its end; others who write wait for it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from sqlalchemy.exc import DBAPIError

from curation.collection import paused_collection, settled_collection
from curation.errors import CallerError, Conflict, HomeUnusable
from curation.imports.remembered import Name, Remembered
from curation.imports.summary import BadLine, Summary, Watch
from curation.writing import Platform, Writing

MOST_LINES, FEWEST_LINES = 1_000, 50
BATCH_SECONDS = 0.5
"""Others who write wait for a batch to end (SQLite has one writer at a time), so batches are as long as this."""
BATCH_BYTES = 8 * 2**20


@dataclass(frozen=True, slots=True)
class Scene:
    """What a line is performed with: the transaction, and what its source's names stand for."""

    writing: Writing
    remembered: Remembered


@dataclass(frozen=True, slots=True)
class Brought:
    """What a performed line brought: an id or nothing, and names for what later lines refer to."""

    what: str | None = None
    names: tuple[tuple[Name, str], ...] = ()


@dataclass(slots=True)
class ReadLine:
    """A line that could be read, and what performs it. `needs` are the names that it refers to."""

    file: str
    number: int
    key: str
    digest: str
    act: str
    perform: Callable[[Scene], Brought]
    needs: tuple[Name, ...] = ()
    by: str = ""
    """Who acts, where the line says so."""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Reached:
    """So many bytes of the source have been read."""

    offset: int


Item = ReadLine | BadLine | Reached
Begin = Callable[[Writing], None]
"""Is called once, before the first batch."""
Prepare = Callable[[Scene, list[ReadLine]], None]
"""Is called before the lines of a batch are performed, to load at once what they need."""


@dataclass
class _Taken:
    """What one batch came to."""

    acts: Counter[str] = field(default_factory=Counter)
    known: int = 0
    bad: list[BadLine] = field(default_factory=list)


@dataclass
class _Pace:
    """How many lines the next batch has, by how long the last one took."""

    lines: int = 200

    def took(self, lines: int, seconds: float) -> None:
        """Note how long a batch took."""
        fitting = int(lines * BATCH_SECONDS / max(seconds, 0.001))
        self.lines = max(FEWEST_LINES, min(MOST_LINES, fitting))


class _Undo(Exception):
    """Leaves a transaction without keeping anything."""


def _nothing(*_: object) -> None:
    return None


def take_lines(
    platform: Platform,
    items: Iterable[Item],
    summary: Summary,
    watch: Watch,
    begin: Begin = _nothing,
    prepare: Prepare = _nothing,
) -> None:
    """Take in every line that can be, and add to the summary what came of it. Raises HomeUnusable, InvalidInput."""
    try:
        if summary.dry_run:
            _rehearse(platform, items, summary, watch, begin, prepare)
            return
        with platform.write(alone=True) as writing:
            begin(writing)
        pace = _Pace()
        batches = _batches(items, pace)
        with settled_collection():
            while _take_next(platform, batches, summary, watch, prepare, pace):
                pass
    except DBAPIError as error:
        reason = str(error.orig).splitlines()[0]
        done = f"{summary.taken.total()} lines were taken in before"
        raise HomeUnusable(f"the database refused: {reason}; {done}", hint="Mend it and run the same again.") from None


def _take_next(
    platform: Platform,
    batches: Iterator[tuple[list[ReadLine | BadLine], int]],
    summary: Summary,
    watch: Watch,
    prepare: Prepare,
    pace: _Pace,
) -> bool:
    with paused_collection():
        batch, offset = next(batches, ([], 0))
        if not batch:
            return False
        with platform.write(alone=True) as writing:
            began = time.perf_counter()
            taken = _take_batch(writing, summary.source, batch, prepare)
            pace.took(len(batch), time.perf_counter() - began)
    _report(taken, offset, summary, watch)
    return True


def _rehearse(
    platform: Platform, items: Iterable[Item], summary: Summary, watch: Watch, begin: Begin, prepare: Prepare
) -> None:
    try:
        with platform.write(alone=True) as writing:
            begin(writing)
            for batch, offset in _batches(items, _Pace()):
                _report(_take_batch(writing, summary.source, batch, prepare), offset, summary, watch)
            raise _Undo
    except _Undo:
        pass


def _batches(items: Iterable[Item], pace: _Pace) -> Iterator[tuple[list[ReadLine | BadLine], int]]:
    """Batches bounded in lines and bytes, each with the offset reached. What is read is read outside transactions."""
    batch: list[ReadLine | BadLine] = []
    offset = size = 0
    for item in items:
        if isinstance(item, Reached):
            offset = item.offset
            continue
        batch.append(item)
        size += item.size if isinstance(item, ReadLine) else 0
        if len(batch) >= pace.lines or size >= BATCH_BYTES:
            yield batch, offset
            batch, size = [], 0
    if batch:
        yield batch, offset


def _report(taken: _Taken, offset: int, summary: Summary, watch: Watch) -> None:
    summary.taken.update(taken.acts)
    summary.known += taken.known
    summary.bad.extend(taken.bad)
    for bad in taken.bad:
        watch.bad(bad)
    watch.reached(offset)


def _take_batch(writing: Writing, source: str, batch: list[ReadLine | BadLine], prepare: Prepare) -> _Taken:
    taken = _Taken()
    lines = [item for item in batch if isinstance(item, ReadLine)]
    scene = Scene(writing, Remembered(writing.connection, writing.home.vault_key, source))
    scene.remembered.load({name for line in lines for name in (("line", line.key), *line.needs)})
    prepare(scene, lines)
    for item in batch:
        if isinstance(item, BadLine):
            taken.bad.append(item)
            continue
        try:
            _take(scene, item, taken)
        except CallerError as error:
            taken.bad.append(BadLine.because(item.file, item.number, error))
    scene.remembered.flush()
    return taken


def _take(scene: Scene, line: ReadLine, taken: _Taken) -> None:
    name: Name = ("line", line.key)
    before = scene.remembered.digest(name)
    if before is not None:
        if before != line.digest:
            raise Conflict(
                "a line of this id was imported from this source before, with other content",
                hint="What was imported stays as it is; give a new line an id of its own.",
            )
        taken.known += 1
        return
    with scene.writing.attempt():
        brought = line.perform(scene)
    scene.remembered.keep(name, brought.what, line.digest)
    for other, what in brought.names:
        scene.remembered.keep(other, what)
    taken.acts[line.act] += 1
