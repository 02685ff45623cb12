"""Importing proposals and reviews, lines a second.

Run: python benchmarks/bench_import.py [--examples 4000] [--beside 20000]

Everything is measured from the file to the committed transaction: reading, schema, rules, leaves, openings, projection,
and what is remembered of each line. Absolute figures depend on the machine and its load; on a busy machine the rate for
a second of this process's own work says more than the one by the clock.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from curation.begin import begin_home
from curation.examples.propose import Propose, propose_example, read_example
from curation.imports.contributions import ImportContributions, import_contributions
from curation.imports.rows import ImportRows, import_rows
from curation.people.accounts import actor_by_handle
from curation.topics.define import DefineDataset
from curation.writing import Platform
from curation_schemas.definition import DatasetDefinition
from curation_schemas.parsing import validate
from tests.support.generated import SIDES, definition, messages_rows, people, proposal, proposals, reviews, reviews_of

TARGETS = {"proposals": 100, "reviews": 1_500, "messages": 100}


def _write(path: Path, lines: Iterator[dict]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return path


def _timed(name: str, lines: int, run) -> tuple[float, float]:
    start, worked = time.perf_counter(), time.process_time()
    summary = run()
    seconds, worked = time.perf_counter() - start, time.process_time() - worked
    if summary.bad or summary.taken.total() + summary.known != lines:
        raise SystemExit(f"{name}: {summary.plain()}")
    return lines / seconds, lines / worked


def measure(folder: Path, examples: int) -> dict[str, tuple[float, float]]:
    """Lines a second, and a second of this process's work, by kind of import; and a second run over what is known."""
    draw = random.Random(0)
    command = DefineDataset(definition=validate(DatasetDefinition, definition()))
    platform, _ = begin_home(folder / "home", command, "founder", simulated=True)
    everybody = _write(folder / "people.jsonl", people())
    proposed = _write(folder / "proposals.jsonl", proposals(examples, draw))
    reviewed = _write(folder / "reviews.jsonl", reviews(examples, draw))
    rows = _write(folder / "rows.jsonl", messages_rows(examples))

    def contributions(path: Path):
        return import_contributions(platform, ImportContributions(path=path, source="bench", people=everybody))

    def foreign(platform: Platform):
        command = ImportRows(path=rows, source="rows", form="messages", by="founder")
        return import_rows(platform, command)

    seats = 3 * len(SIDES)
    return {
        "proposals": _timed("proposals", examples, lambda: contributions(proposed)),
        "reviews": _timed("reviews", examples * seats, lambda: contributions(reviewed)),
        "messages": _timed("messages", examples, lambda: foreign(platform)),
        "known from before": _timed("known", examples * seats, lambda: contributions(reviewed)),
    }


def measure_beside(folder: Path, lines: int) -> tuple[float, int, float]:
    """Import while two threads propose through commands. Returns lines a second, their acts, and their longest wait."""
    draw = random.Random(1)
    command = DefineDataset(definition=validate(DatasetDefinition, definition(seats=1)))
    platform, _ = begin_home(folder / "beside", command, "founder", simulated=True)
    everybody = _write(folder / "people.jsonl", people())
    mixed = (
        line
        for number in range(lines // 3)
        for line in (proposal(number, draw, 20), *reviews_of(number, draw, seats=1))
    )
    path = _write(folder / "mixed.jsonl", mixed)
    done, waits = threading.Event(), []

    def write(number: int) -> None:
        while not done.is_set():
            fields = proposal(1_000_000 + len(waits), random.Random(number), 20)["example"]
            start = time.perf_counter()
            with platform.write() as writing:
                actor = actor_by_handle(writing.connection, "founder")
                propose_example(writing, actor, Propose(example=read_example(fields)))
            waits.append(time.perf_counter() - start)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    try:
        command = ImportContributions(path=path, source="beside", people=everybody)
        rate, _ = _timed("beside", lines // 3 * 3, lambda: import_contributions(platform, command))
    finally:
        done.set()
        for thread in threads:
            thread.join()
    return rate, len(waits), max(waits)


def main() -> None:
    """Measure and print beside the targets. Exit 1 when one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=4_000)
    parser.add_argument("--beside", type=int, default=20_000, help="lines imported while two threads write (0: none)")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="evenhand-bench-"))
    try:
        found = measure(folder, options.examples)
        beside = measure_beside(folder, options.beside) if options.beside else None
    finally:
        shutil.rmtree(folder)
    print(f"\n{options.examples} examples, {options.examples * 3 * len(SIDES)} reviews")
    missed = False
    for name, (rate, worked) in found.items():
        target = TARGETS.get(name)
        missed = missed or (target is not None and rate < target)
        beside_it = f"target >= {target:,}" if target else "(no target)"
        print(f"  {name:<18} {rate:8.0f} a second   {worked:8.0f} a second of work   {beside_it}")
    if beside is not None:
        rate, acts, longest = beside
        print(f"\n{options.beside} lines while two threads propose")
        print(f"  imported           {rate:8.0f} a second   (no target)")
        print(f"  their acts         {acts:8d}, the longest {longest:.1f} s   target < 20 s (SQLite's patience)")
        missed = missed or longest >= 20
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
