"""All checks, measures and suites over a large bundle, in time and memory.

Run: python benchmarks/bench_suites.py [--examples 100000] [--half]

Each stage runs in a process of its own, so that its peak memory is its own; the time of imports is told apart. Memory
is what the process and those it starts hold together at one moment, at most: proportional set sizes, which count a page
that several share once, summed five times a second (Linux only). With --half everything runs once more at half the
size, to show whether time grows linearly. Absolute times depend on the machine and its load. Three reviews for each
example.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

TARGET = "< 60 s after import, < 2,048 MB, for checks and suites together"
_WORDS = (
    "harbour city council ferry road traffic night morning worker trader house square winter river quarter market "
    "report survey budget quiet plan public private stone bridge pier engine noise cargo tenant argue because "
    "however people government law court vote year study shows claim critics supporters say find cost benefit risk"
)
WORDS = _WORDS.split()
OWNERS, PIECE = 400, 5_000


def _example(number: int, draw: random.Random) -> dict:
    group, place = divmod(number, 4)
    language, position = ("en", "fr")[place // 2], ("yes", "no")[place % 2]
    other = number + 1 if place % 2 == 0 else number - 1
    return {
        "messages": [
            {"role": "user", "content": f"Question {number}: what do people say of the {draw.choice(WORDS)}?"},
            {"role": "assistant", "content": " ".join(draw.choices(WORDS, k=100)).capitalize() + "."},
        ],
        "example_id": f"ex_{number:016d}",
        "revision": f"{number:064x}",
        "group_id": f"g_{group}",
        "topic": f"topic-{group % 20}",
        "language": language,
        "positions": [position],
        "framing": position,
        "mirrors": [f"ex_{other:016d}"],
        "sources": [f"src_{(number * 7 + step) % OWNERS:024x}" for step in (0, 3)],
        "license": "CC0-1.0",
        "origin": {"kind": "human"},
        "proposer": f"p_{draw.randrange(500)}",
        "reviewers": [],
        "acceptance": [],
        "events": [number],
    }


def _review(number: int, seat: int, draw: random.Random) -> dict:
    return {
        "example_id": f"ex_{number:016d}",
        "revision": f"{number:064x}",
        "round": 1,
        "seat": seat,
        "reviewer": f"p_r{draw.randrange(60)}",
        "perspective": ("left", "right", "left")[seat],
        "verdict": "accept" if draw.random() < 0.8 else "reject",
        "counted": True,
        "via": "web",
        "auth": "server",
        "event": 4 * number + seat,
    }


def fill(folder: Path, examples: int) -> None:
    """Write the Parquet files of a bundle."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from curation.releases.columns import SCHEMAS

    draw = random.Random(0)
    sources = [
        {"source_id": f"src_{place:024x}", "url": f"https://site-{place}.example/", "publisher": f"P {place}"}
        | {"owner": f"Owner {place}", "country": "US", "date": "2020-01-01", "archive_url": "https://a.example/"}
        for place in range(OWNERS)
    ]
    for config in ("sft", "reviews", "sources"):
        (folder / "data" / config).mkdir(parents=True)
    pq.write_table(
        pa.Table.from_pylist(sources, schema=SCHEMAS["sources"]), folder / "data/sources/train-00000000.parquet"
    )
    writers = {
        config: pq.ParquetWriter(folder / f"data/{config}/train-00000000.parquet", SCHEMAS[config])
        for config in ("sft", "reviews")
    }
    for first in range(0, examples, PIECE):
        numbers = range(first, min(first + PIECE, examples))
        rows = [_example(number, draw) for number in numbers]
        reviews = [_review(number, seat, draw) for number in numbers for seat in range(3)]
        writers["sft"].write_table(pa.Table.from_pylist(rows, schema=SCHEMAS["sft"]))
        writers["reviews"].write_table(pa.Table.from_pylist(reviews, schema=SCHEMAS["reviews"]))
    for writer in writers.values():
        writer.close()


def measure(folder: Path, stage: str) -> dict:
    """Run one stage and say what it took."""
    start = time.perf_counter()
    if stage == "suites":
        from curation_validators.suites.engines import PandasEngine
        from curation_validators.suites.running import run_suites
    from curation.collection import paused_collection
    from curation.validating.sources import BundleRows
    from curation_validators.contamination import builtin_sets
    from curation_validators.counting import LocalEngine, count_release
    from curation_validators.examples import alone_work, installed_instruments
    from curation_validators.measures import measure_release
    from curation_validators.spreading import usable_cores
    from curation_validators.validation import Validation, check_examples

    source = BundleRows(folder)
    made = Validation("bench")
    instruments = installed_instruments(["en", "fr"], builtin_sets()) if stage != "measures" else None
    imported, used = time.perf_counter(), time.process_time()
    facts = []
    with paused_collection():
        if instruments is not None:
            facts = check_examples(source, instruments, made, partial(alone_work, ["en", "fr"], builtin_sets()))
        checked = time.perf_counter()
        if stage == "suites":
            counts = count_release(PandasEngine(source.rows, usable_cores(), {"examples": facts}))
        else:
            counts = count_release(LocalEngine(source.rows))
    measures = measure_release(counts)
    if stage == "suites":
        run_suites(made, measures)
    ended = time.perf_counter()
    return {
        "import": imported - start,
        "checks": checked - imported,
        "measures": ended - checked,
        "cpu": time.process_time() - used,
        "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "worker cpu": sum(os.times()[2:4]),
    }


def _held(process: int) -> int:
    """What a process and all those it started hold, in KB; of one that has just ended, nothing."""
    try:
        held = Path(f"/proc/{process}/smaps_rollup").read_text().split("Pss:")[1].split()[0]
        started = [path.read_text().split() for path in Path(f"/proc/{process}/task").glob("*/children")]
    except (OSError, IndexError):
        return 0
    return int(held) + sum(_held(int(other)) for others in started for other in others)


def _stage(name: str, folder: Path) -> dict:
    command = [sys.executable, __file__, "--stage", name, "--folder", str(folder)]
    most = 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        while running.poll() is None:
            most = max(most, _held(running.pid))
            time.sleep(0.2)
        told = running.stdout.read()
    return json.loads(told.splitlines()[-1]) | {"all MB": most // 1024}


def run(examples: int) -> None:
    """Every stage at one size, printed."""
    folder = Path(tempfile.mkdtemp(prefix="bench-suites-"))
    try:
        fill(folder, examples)
        print(f"\n{examples} examples, {3 * examples} reviews   target {TARGET}")
        for name, what in (("measures", "measures, plain Python"), ("suites", "checks, measures and suites, pandas")):
            took = _stage(name, folder)
            total = took["checks"] + took["measures"]
            print(
                f"  {what:36} {total:6.1f} s ({took['checks']:.1f} s checks, {took['measures']:.1f} s measures; "
                f"{took['cpu']:.1f} s of processor here, {took['worker cpu']:.1f} s in workers), "
                f"at most {took['all MB']} MB in all processes, {took['MB']} MB in this one, "
                f"import {took['import']:.1f} s"
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--examples", type=int, default=100_000)
    parser.add_argument("--half", action="store_true")
    parser.add_argument("--stage", choices=["measures", "suites"])
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.stage:
        print(json.dumps(measure(options.folder, options.stage)))
        return
    for examples in [options.examples, *([options.examples // 2] if options.half else [])]:
        run(examples)


if __name__ == "__main__":
    main()
