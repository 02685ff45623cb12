"""Bulk reviews, cutting, verifying and tracing at scale, in time and memory.

Run: python benchmarks/bench_scale.py [--examples 10000] [--half]

Each stage runs in a process of its own, so that its peak memory is its own; that of `verify` is the sum over its
processes. `trace` is timed once its modules are imported: before the release was verified, and after. With --half
everything runs once more at half the size, to show whether time grows linearly with events. Absolute times depend on
the machine and its load; a loop of 10,000,000 additions is timed beside them. 100,000 examples take about 15 minutes.
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
import threading
import time
from pathlib import Path

NONE_HERE = "(no target here)"
TARGETS = {
    10_000: {"reviews": "target >= 1,500", "cut": "target < 15 s, < 700 MB", "verify": "target < 10 s, < 500 MB"},
    100_000: {"verify": "target < 60 s, < 1,500 MB", "trace": "target < 1 s"},
}
"""By the number of examples."""
SEATS = 3


def _definition() -> dict:
    labels = {"en": "label", "fr": "nom"}
    statement = {"en": "A statement.", "fr": "Une phrase."}
    return {
        "schema": "evenhand/dataset/v1",
        "slug": "bench",
        "title": labels,
        "description": statement,
        "simulated": True,
        "languages": ["en", "fr"],
        "licenses": ["CC0-1.0"],
        "reason": "A benchmark.",
        "policy": {
            "standard": {"seats": SEATS, "min_accepts": 2, "min_share_percent": 60},
            "high": {"seats": 4, "min_accepts": 3, "min_share_percent": 60},
            "round_days": 60,
            "lease_hours": 72,
            "max_revisions": 3,
            "flag_days": 14,
        },
        "topics": [
            {
                "id": "topic",
                "sensitivity": "standard",
                "label": labels,
                "scope": statement,
                "disputed_terms": statement,
                "perspectives": [{"id": "left", "label": labels}, {"id": "right", "label": labels}],
                "positions": [
                    {"id": "yes", "held_by": "left", "label": labels, "statement": statement},
                    {"id": "no", "held_by": "right", "label": labels, "statement": statement},
                ],
            }
        ],
    }


def _example(number: int, draw: random.Random) -> dict:
    words = " ".join(draw.choice(("because", "law", "people", "state", "year", "court", "vote")) for _ in range(120))
    return {
        "kind": "sft",
        "topic": "topic",
        "language": ("en", "fr")[number % 2],
        "positions": ["yes", "no"],
        "framing": "neutral",
        "claims": ["fact"],
        "license": "CC0-1.0",
        "origin": {"kind": "human"},
        "messages": [
            {"role": "user", "content": f"Question {number}?"},
            {"role": "assistant", "content": f"Answer {number}: {words}."},
        ],
        "sources": [
            {
                "url": f"https://example.org/{number}",
                "publisher": "Publisher",
                "owner": f"Owner {number % 40}",
                "country": "US",
                "language": "en",
                "date": "2020-01-01",
            }
        ],
    }


def fill(home: Path, examples: int) -> dict:
    """A home with `examples` examples and six reviews each, a fifth of them rejecting with a rationale."""
    from curation.begin import begin_home
    from curation.examples.propose import Propose, propose_example, read_example
    from curation.people.accounts import join, read_joining
    from curation.reviews.submit import SubmitReview, read_judgement, submit_reviews
    from curation.topics.declare import DeclarePerspective, declare_perspective
    from curation.topics.define import DefineDataset
    from curation_schemas.definition import DatasetDefinition
    from curation_schemas.parsing import validate

    draw = random.Random(0)
    command = DefineDataset(definition=validate(DatasetDefinition, _definition()))
    platform, _ = begin_home(home, command, "founder", simulated=True)
    people: dict[str, list] = {"left": [], "right": [], "": []}
    with platform.write() as writing:
        for perspective, number in (("left", 15), ("right", 15), ("", 10)):
            for place in range(number):
                handle = f"sim-{perspective or 'writer'}-{place}"
                joining = read_joining({"handle": handle, "languages": ["en", "fr"], "simulated": True})
                actor = join(writing.connection, writing.vault, joining, writing.token_bytes)
                people[perspective].append(actor)
                if perspective:
                    declare_perspective(writing, actor, DeclarePerspective(topic="topic", perspective=perspective))
    ids = []
    start = time.perf_counter()
    for first in range(0, examples, 500):
        with platform.write() as writing:
            for number in range(first, min(first + 500, examples)):
                example = read_example(_example(number, draw))
                recorded = propose_example(writing, draw.choice(people[""]), Propose(example=example))
                ids.append(recorded.event.example)
    proposing = time.perf_counter() - start
    accept = read_judgement({"verdict": "accept", "scores": {"accuracy": 4, "tone": 5}})
    reject = read_judgement(
        {"verdict": "reject", "reasons": ["one_sided"], "rationale": "It leaves out what we say of it. " * 4}
    )
    reviews = []
    for example in ids:
        for perspective in ("left", "right"):
            for actor in draw.sample(people[perspective], SEATS):
                judgement = reject if draw.random() < 0.2 else accept
                reviews.append((actor, SubmitReview(example=example, judgement=judgement, via="import")))
    start = time.perf_counter()
    refused = list(submit_reviews(platform, reviews))
    reviewing = time.perf_counter() - start
    if refused:
        raise SystemExit(f"{len(refused)} reviews were refused: {refused[0].error}")
    return {"proposals per second": examples / proposing, "reviews per second": len(reviews) / reviewing}


def close(home: Path) -> dict:
    """Seal everything."""
    from curation.clock import SystemClock
    from curation.epoch import close_epoch
    from curation.home import open_home
    from curation.writing import Platform

    start = time.perf_counter()
    sealed = close_epoch(Platform(open_home(home), SystemClock())).sealed
    return {"seconds": time.perf_counter() - start, "leaves": sealed.size}


def cut(home: Path) -> dict:
    """Cut the release."""
    from curation.clock import SystemClock
    from curation.home import open_home
    from curation.people.accounts import actor_by_handle
    from curation.releases.cut import cut_release
    from curation.writing import Platform

    platform = Platform(open_home(home), SystemClock())
    with platform.read() as loaded:
        founder = actor_by_handle(loaded.connection, "founder")
    start = time.perf_counter()
    made = cut_release(platform, founder)
    rows = {config: sum(splits.values()) for config, splits in made.manifest.rows.items()}
    size = sum(path.stat().st_size for path in made.path.rglob("*") if path.is_file())
    return {"seconds": time.perf_counter() - start, "rows": rows, "bundle MB": size / 1e6}


def verify(home: Path) -> dict:
    """Verify the bundle with the command an auditor runs, its start and its imports counted."""
    call = "import sys; from curation.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", call, "verify", str(home / "releases" / "1.0.0"), "--json"]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        watched = _Watched(process.pid)
        answer = json.loads(process.stdout.read()) if process.stdout else {}
    seconds = time.perf_counter() - start
    if answer["verdict"] != "VERIFIED":
        raise SystemExit(f"not verified: {answer['failures'][:3]}")
    return {"seconds": seconds, "rows": answer["rows"]["VERIFIED"], "peak MB": watched.peak / 1024}


def trace(home: Path) -> dict:
    """Trace one example, imports not counted, as the command does: what `verify` noted counts."""
    from curation.cli.lean import ALONE, as_in_an_auditors_install

    ALONE.set(True)
    as_in_an_auditors_install()
    import pyarrow.parquet as pq

    from curation.audit.beside import usable_processes
    from curation.audit.remembered import is_remembered
    from curation.audit.trace import trace_example

    bundle = home / "releases" / "1.0.0"
    with pq.ParquetFile(next(bundle.glob("data/sft/train-*.parquet"))) as file:
        example = next(file.iter_batches(1, columns=["example_id"])).column(0)[0].as_py()
    processes = usable_processes()
    start = time.perf_counter()
    story = trace_example(bundle, example, processes, is_remembered).story
    return {"seconds": time.perf_counter() - start, "complete by": story["complete_by"]}


class _Watched(threading.Thread):
    """The most memory that a process and its own have held at once, in KiB: shared pages count once (PSS)."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak = pid, 0
        self.start()

    def run(self) -> None:
        while held := sum(map(_held, [self.pid, *_children(self.pid)])):
            self.peak = max(self.peak, held)
            time.sleep(0.5)  # To look costs milliseconds of a processor.


def _children(pid: int) -> list[int]:
    try:
        return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    except OSError:
        return []


def _held(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _stage(name: str, home: Path, examples: int) -> dict:
    command = [sys.executable, __file__, "--stage", name, "--home", str(home), "--examples", str(examples)]
    environment = {**os.environ, "EVENHAND_CACHE": str(home.parent / "cache")}
    finished = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if finished.returncode:
        raise SystemExit(finished.stderr or finished.stdout)
    return json.loads(finished.stdout.splitlines()[-1])


def _run(examples: int) -> dict[str, dict]:
    folder = Path(tempfile.mkdtemp(prefix="evenhand-bench-"))
    try:
        stages = ("fill", "close", "cut", "trace", "verify", "trace verified")
        return {name: _stage(name.split()[0], folder / "home", examples) for name in stages}
    finally:
        shutil.rmtree(folder)


def _report(examples: int, found: dict[str, dict]) -> None:
    print(f"\n{examples} examples, {examples * 2 * SEATS} reviews, {found['close']['leaves']} leaves")
    fill_, cut_, verify_ = found["fill"], found["cut"], found["verify"]
    targets = TARGETS.get(examples, {})
    print(f"  10^7 additions       {_additions():8.2f} s")
    reviews = fill_["reviews per second"]
    print(f"  reviews, bulk path   {reviews:8.0f} a second   {targets.get('reviews', NONE_HERE)}")
    print(f"  proposals            {fill_['proposals per second']:8.0f} a second   {NONE_HERE}")
    print(f"  closing the epoch    {found['close']['seconds']:8.1f} s, {found['close']['peak MB']:.0f} MB")
    print(
        f"  cut                  {cut_['seconds']:8.1f} s, {cut_['peak MB']:.0f} MB   {targets.get('cut', NONE_HERE)}"
    )
    seconds, memory = verify_["seconds"], verify_["peak MB"]
    print(f"  verify               {seconds:8.1f} s, {memory:.0f} MB   {targets.get('verify', NONE_HERE)}")
    for name in ("trace", "trace verified"):
        timed = found[name]
        print(f"  {name:<20} {timed['seconds']:8.2f} s   {targets.get('trace', NONE_HERE)}; {timed['complete by']}")
    print(f"  rows {cut_['rows']}, bundle {cut_['bundle MB']:.1f} MB")


def _additions() -> float:
    start, total = time.perf_counter(), 0
    for number in range(10_000_000):
        total += number
    return time.perf_counter() - start


def main() -> None:
    """Run all stages and print what was measured beside the targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=10_000)
    parser.add_argument("--half", action="store_true")
    parser.add_argument("--stage", help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.stage:
        stages = {"fill": lambda: fill(options.home, options.examples), "close": lambda: close(options.home)}
        stages |= {"cut": lambda: cut(options.home), "verify": lambda: verify(options.home)}
        stages |= {"trace": lambda: trace(options.home)}
        result = stages[options.stage]()
        result.setdefault("peak MB", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        print(json.dumps(result))
        return
    sizes = [options.examples // 2, options.examples] if options.half else [options.examples]
    found = {size: _run(size) for size in sizes}
    for size, result in found.items():
        _report(size, result)
    if options.half:
        small, large = (found[size] for size in sizes)
        for stage in ("cut", "verify"):
            ratio = large[stage]["seconds"] / small[stage]["seconds"]
            print(f"  {stage}: twice the events took {ratio:.2f} times as long")


if __name__ == "__main__":
    main()
