"""Importing proposals and reviews, lines a second.

Run: python benchmarks/bench_import.py [--examples 4000]

Everything is measured from the file to the committed transaction: reading, schema, rules, leaves, openings, projection,
and what is remembered of each line. Absolute figures depend on the machine and its load.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from curation.begin import begin_home
from curation.imports.contributions import ImportContributions, import_contributions
from curation.imports.rows import ImportRows, import_rows
from curation.topics.define import DefineDataset
from curation.writing import Platform
from curation_schemas.definition import DatasetDefinition
from curation_schemas.parsing import validate
from tests.support.generated import SIDES, definition, messages_rows, people, proposals, reviews

TARGETS = {"proposals": 100, "reviews": 1_500, "messages": 100}


def _write(path: Path, lines: Iterator[dict]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    return path


def _timed(name: str, lines: int, run) -> float:
    start = time.perf_counter()
    summary = run()
    seconds = time.perf_counter() - start
    if summary.bad or summary.taken.total() + summary.known != lines:
        raise SystemExit(f"{name}: {summary.plain()}")
    return lines / seconds


def measure(folder: Path, examples: int) -> dict[str, float]:
    """Lines a second for each kind of import, and for a second run over what is known."""
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


def main() -> None:
    """Measure and print beside the targets. Exit 1 when one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=4_000)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="evenhand-bench-"))
    try:
        found = measure(folder, options.examples)
    finally:
        shutil.rmtree(folder)
    print(f"\n{options.examples} examples, {options.examples * 3 * len(SIDES)} reviews")
    missed = False
    for name, rate in found.items():
        target = TARGETS.get(name)
        missed = missed or (target is not None and rate < target)
        print(f"  {name:<18} {rate:8.0f} a second   " + (f"target >= {target:,}" if target else "(no target)"))
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
