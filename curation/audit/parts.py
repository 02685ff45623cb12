"""Derive and compare a large bundle's rows in parts, in processes side by side: less memory at a time, and less time.

Rules that always hold:
- the parts together show no less than the whole: each leaf, row and opening is looked at in exactly one of them, and
  what holds between parts (order, keys, completeness) is looked at here;
- whatever a part does not find sound, for any reason, gives None: the whole is then looked at at once, which names
  what is wrong. Nothing is ever found wrong here, and nothing sound that the whole would not find so.
"""

from __future__ import annotations

import gc
import multiprocessing
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.audit.beside import LARGE, Beside, leave_interrupts
from curation.audit.bundle import Bundle, BundleOpenings, most_rows
from curation.audit.found import UNFORESEEN, Found, check_openings, leaf_only
from curation.audit.report import Failure, Report
from curation.audit.rows import compare_table, files_by_split
from curation.errors import EvenhandError
from curation.log.order import OrderCheck
from curation.log.tiles import TILE_WIDTH, Tile, read_tile
from curation.releases.columns import OPENINGS, SCHEMAS, Columns
from curation.releases.derive import Asked, Papers, Piece, check_prefix, derive_part, facts_of, gates_of
from curation.releases.gates import count_part_of
from curation.releases.project import Projection
from curation.releases.strictest import not_admitted_by_strictest
from curation.rulebook.parts import EVERY, MOST_PARTS, Part, Parts, behind_each
from curation.rulebook.replay import Replay, replay_part
from curation_validators.counting import PartCounts, merge_counts

LEAVES_AT_ONCE = 25_000
"""A part has about so many leaves: those of 3,000 examples with six reviews each. Fewer take less memory, and more
time, because each part goes through the files of the whole log."""


def parts_for(leaves: int, processes: int, leaves_at_once: int = LEAVES_AT_ONCE) -> Parts | None:
    """Parts for a log of so many leaves; None where it is looked at whole."""
    if not processes or leaves < min(LARGE, leaves_at_once):
        return None
    wanted = max(processes, -(-leaves // leaves_at_once))
    return Parts(min(MOST_PARTS, -(-wanted // processes) * processes))


@dataclass(frozen=True)
class _Job:
    bundle: Bundle
    asked: Asked
    parts: Parts
    processes: int
    version: str

    def numbers(self, worker: int) -> range:
        """The parts of one worker."""
        return range(worker, self.parts.count, self.processes)


@dataclass(slots=True)
class _PartFound:
    """What one part gives: plain data, which goes from process to process."""

    piece: Piece
    counts: PartCounts
    left: PartCounts | None
    attested: dict[str, int]
    keys: list[tuple[str, str]]
    """(pseudonym, the key with which it signs)."""
    followed: tuple[array[int], array[int]]
    citing: list[tuple[str, str]]
    """(example, id of a source that it cites), by row."""
    rows: dict[str, int]
    erased: list[Failure]
    strictest: list[tuple[str, str]]
    kept: dict[str, int]
    """File → how many of its rows are of this part."""


class _NotSound(Exception):
    """The whole has to be looked at."""


# --- in a process of its own ------------------------------------------------------------------------------------------


class _Worker:
    """Has read what the bundle's files hold of its parts."""

    def __init__(self, job: _Job, number: int) -> None:
        self.job = job
        self.numbers = job.numbers(number)
        self.tables: dict[tuple[int, str], pa.Table] = {}
        self.sources: dict[str, pa.Table] = {}
        bundle, report = job.bundle, Report("")
        self.files = files_by_split(bundle, report)
        self.openings = bundle.parquet_files("openings/")
        if report.failures:
            raise _NotSound
        for (config, _), path in self.files.items():
            if config == "sources":
                self.sources[path] = bundle.table(path, SCHEMAS[config], most_rows(bundle))
            else:
                self._read(path, SCHEMAS[config])
        for path in self.openings:
            self._read(path, OPENINGS)
        pa.default_memory_pool().release_unused()

    def _read(self, path: str, schema: pa.Schema) -> None:
        mine = pa.array(self.numbers, pa.uint8())
        table = self.job.bundle.table(
            path, schema, most_rows(self.job.bundle), lambda batch: pc.is_in(self._codes(batch), value_set=mine)
        )
        codes = self._codes(table)
        table = table.take(pc.sort_indices(codes))  # which keeps the order of rows of one part
        numbers = Counter(codes.to_pylist())
        start = 0
        for number in self.numbers:
            self.tables[number, path] = table.slice(start, numbers[number])
            start += numbers[number]

    def _codes(self, rows: pa.RecordBatch | pa.Table) -> pa.Array | pa.ChunkedArray:
        """The part of each row: by the example that it is of, or for openings by the leaf."""
        parts = self.job.parts
        if "index" in rows.schema.names:
            codes = pa.Array.from_buffers(pa.uint8(), len(parts.codes), [None, pa.py_buffer(bytes(parts.codes))])
            return codes.take(rows.column("index"))
        examples = rows.column("example_id")
        if isinstance(examples, pa.ChunkedArray):
            examples = examples.combine_chunks()
        if not pa.types.is_dictionary(examples.type):
            examples = examples.dictionary_encode()
        found = [None if item is None else parts.of_example(item) for item in examples.dictionary.to_pylist()]
        return pa.array(found, pa.uint8()).take(examples.indices)

    def look_at(self, number: int) -> _PartFound:
        """Replay, derive and compare one part. Raises _NotSound."""
        job, asked = self.job, self.job.asked
        state = _replayed(job.bundle, asked, job.parts, number)
        openings, kept = BundleOpenings(), {}
        for path in self.openings:
            table = self.tables.pop((number, path))
            kept[path] = table.num_rows
            openings.read(table, path)
        made, piece = derive_part(state, asked, job.version, openings.body)
        report = Report("")
        check_openings(made, openings, report)
        self._compare(number, made, report, kept)
        if openings.problems or report.failures or report.rows["FAILED"]:
            raise _NotSound
        citing = made.columns("sources").column("source_id")
        return _PartFound(
            piece=piece,
            counts=count_part_of(made),
            left=count_part_of(leaf_only(state, asked)) if asked.stated else None,
            attested=state.attested,
            keys=list(state.signing_keys.items()),
            followed=(state.followed.indexes, state.followed.behind),
            citing=list(zip(made.citing, citing, strict=True)),
            rows=report.rows,
            erased=report.erased,
            strictest=list(not_admitted_by_strictest(state, made)),
            kept=kept,
        )

    def _compare(self, number: int, made: Projection, report: Report, kept: dict[str, int]) -> None:
        for (config, split), columns in made.rows.items():
            if len(columns) and (config, split) not in self.files:
                raise _NotSound
        for (config, split), path in self.files.items():
            expected = made.rows.get((config, split), Columns(config))
            if config == "sources":
                ids = pa.array(expected.column("source_id"), pa.string())
                actual = self.sources[path].filter(pc.is_in(self.sources[path].column("source_id"), value_set=ids))
            else:
                actual = self.tables.pop((number, path))
            kept[path] = actual.num_rows
            compare_table(path, actual, expected, report)


def _replayed(bundle: Bundle, asked: Asked, parts: Parts, number: int) -> Replay:
    picked = bundle.picked_leaves(parts.picked(number), parts.starts)
    state = replay_part(picked, asked.rows_at, asked.sizes, Part(parts, number))
    if state.violations:
        raise _NotSound
    check_prefix(state, asked.rows_at)
    return state


def _work(job: _Job, worker: int, results: Connection) -> None:
    """Send what each part of this worker gives; end early where the whole has to be looked at."""
    leave_interrupts()
    # Arrow's own pool keeps what it once had, and each of its threads has some.
    pa.set_memory_pool(pa.system_memory_pool())
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    gc.freeze()  # What was there before the fork is not looked through after each part.
    try:
        reader = _Worker(job, worker)
        for number in reader.numbers:
            results.send(reader.look_at(number))
            gc.collect()  # It is paused while a part is looked at.
    except (_NotSound, EvenhandError, *UNFORESEEN):
        pass  # What goes wrong here goes wrong again, and is named, when the whole is looked at.
    finally:
        results.close()


# --- in the process that asked ----------------------------------------------------------------------------------------


def rows_rise(bundle: Bundle) -> bool:
    """Whether the rows of each file stand in the order of their examples, and each commitment once among openings."""
    try:
        for (config, _), path in files_by_split(bundle, Report("")).items():
            if config != "sources" and not _rises(_column(bundle, path, "example_id"), strictly=config != "reviews"):
                return False
        openings = [_column(bundle, path, "commitment") for path in bundle.parquet_files("openings/")]
        return len(openings) < 2 and all(pc.count_distinct(column).as_py() == len(column) for column in openings)
    except (EvenhandError, pa.ArrowException, *UNFORESEEN):
        return False


@dataclass(slots=True)
class _Whole:
    """What the parts give together."""

    piece: Piece = field(default_factory=Piece)
    counts: list[PartCounts] = field(default_factory=list)
    left: list[PartCounts] = field(default_factory=list)
    attested: Counter[str] = field(default_factory=Counter)
    keys: dict[str, str] = field(default_factory=dict)
    followed: list[tuple[array[int], array[int]]] = field(default_factory=list)
    citing: list[tuple[str, str]] = field(default_factory=list)
    rows: Counter[str] = field(default_factory=Counter)
    erased: list[Failure] = field(default_factory=list)
    strictest: list[tuple[str, str]] = field(default_factory=list)
    kept: Counter[str] = field(default_factory=Counter)

    def add(self, found: _PartFound, common: Replay) -> None:
        """Take in a part. Raises _NotSound where two parts know different keys of one pseudonym."""
        self.piece.add(found.piece)
        self.counts.append(found.counts)
        if found.left is not None:
            self.left.append(found.left)
        for kind, number in found.attested.items():
            self.attested[kind] += number - common.attested[kind]
        for pseudonym, key in found.keys:
            if self.keys.setdefault(pseudonym, key) != key:
                raise _NotSound
        self.followed.append(found.followed)
        self.citing += found.citing
        self.rows.update(found.rows)
        self.erased += found.erased
        self.strictest += found.strictest
        self.kept.update(found.kept)


def look_in_parts(bundle: Bundle, asked: Asked, parts: Parts, processes: int, report: Report) -> Found | None:
    """Derive a release and compare its rows part by part.

    Args:
        bundle: the bundle, whose log is authentic.
        asked: what is derived; `stated` is not None.
        parts: the part of each leaf of the prefix.
        processes: how many are forked; with 1 or 0 this one does it, part after part.
        report: gets the rows' status where all is sound, and nothing else.

    Returns:
        What was found; None when the whole has to be looked at.
    """
    try:
        common = _replayed(bundle, asked, parts, EVERY)
        whole = _gather(_Job(bundle, asked, parts, max(1, processes), bundle.manifest.version), common)
        _check_keys(whole)
        in_order = Beside(lambda: _in_order(bundle, common, whole), processes)
        _check_complete(bundle, whole)
        whole.piece.sort()
        facts = facts_of(common, whole.piece, gates_of(common, merge_counts(whole.counts), asked), asked)
        left = merge_counts(whole.left) if whole.left else None
        if not in_order.result():
            return None
    except (_NotSound, EvenhandError, pa.ArrowException, *UNFORESEEN):
        return None
    common.attested = {kind: number + whole.attested[kind] for kind, number in common.attested.items()}
    for status, number in whole.rows.items():
        report.rows[status] += number
    report.erased += sorted(whole.erased, key=lambda item: item.where)
    papers = Papers(facts, lambda: whole.piece.judged)
    return Found(common, papers, whole.piece.snapshots, sorted(whole.strictest), left)


def _gather(job: _Job, common: Replay) -> _Whole:
    whole = _Whole()
    if job.processes == 1:
        reader = _Worker(job, 0)
        for number in reader.numbers:
            whole.add(reader.look_at(number), common)
        return whole
    # Forked, so that nothing is read or imported anew: this process has no thread yet that a lock could be left by.
    context = multiprocessing.get_context("fork")
    processes: list[multiprocessing.process.BaseProcess] = []
    missing: dict[Connection[Any, Any], int] = {}
    try:
        for worker in range(job.processes):
            receiving, sending = context.Pipe(duplex=False)
            process = context.Process(target=_work, args=(job, worker, sending), daemon=True)
            process.start()
            sending.close()
            processes.append(process)
            missing[receiving] = len(job.numbers(worker))
        while missing:
            for pipe in [item for item in wait(list(missing)) if isinstance(item, Connection)]:
                whole.add(pipe.recv(), common)
                missing[pipe] -= 1
                if not missing[pipe]:
                    del missing[pipe]
    except EOFError:
        raise _NotSound from None
    finally:
        for forked in processes:
            forked.terminate()
            forked.join()
    return whole


def _check_keys(whole: _Whole) -> None:
    """One key for each pseudonym, and one pseudonym for each key (rule auth/one-key)."""
    if len(set(whole.keys.values())) != len(whole.keys):
        raise _NotSound


def _in_order(bundle: Bundle, common: Replay, whole: _Whole) -> bool:
    """Whether each epoch's leaves stand in their canonical order (rule epoch/order)."""
    whole.followed.append((common.followed.indexes, common.followed.behind))
    behind = behind_each(common.size, whole.followed)
    start, hashes = 0, _leaf_hashes(bundle)
    for epoch in common.epochs:
        check = OrderCheck()
        for index in range(start, epoch.size - 1):
            check.take_after(next(hashes).hex(), max(-1, behind[index] - start))
        next(hashes)  # The last leaf of an epoch closes it.
        if not check.kept:
            return False
        start = epoch.size
    return True


def _leaf_hashes(bundle: Bundle) -> Iterator[bytes]:
    size = bundle.manifest.log.size
    for first in range(0, size, TILE_WIDTH):
        yield from read_tile(Tile(0, first // TILE_WIDTH, min(TILE_WIDTH, size - first)), bundle.read_log)


def _check_complete(bundle: Bundle, whole: _Whole) -> None:
    """No row of any file was passed over by all parts, and sources stand in the order of who cites them."""
    for (config, _), path in files_by_split(bundle, Report("")).items():
        if not whole.kept[path] or whole.kept[path] != bundle.row_count(path):
            raise _NotSound
        if config == "sources":
            whole.citing.sort(key=lambda item: item[0])
            if [source for _, source in whole.citing] != _column(bundle, path, "source_id").to_pylist():
                raise _NotSound
    if any(whole.kept[path] != bundle.row_count(path) for path in bundle.parquet_files("openings/")):
        raise _NotSound


def _column(bundle: Bundle, path: str, name: str) -> pa.ChunkedArray:
    schema = OPENINGS if path.startswith("openings/") else SCHEMAS[path.split("/")[1]]
    return bundle.columns(path, schema, most_rows(bundle), [name]).column(name)


def _rises(column: pa.ChunkedArray, *, strictly: bool) -> bool:
    if len(column) < 2:
        return True
    compare = pc.less if strictly else pc.less_equal
    return bool(pc.all(compare(column.slice(0, len(column) - 1), column.slice(1))).as_py())
