"""How long the checks take when an example is proposed.

Run: python benchmarks/bench_intake.py [--times 5]

Over every proposal of the pilot dataset, in the process that checks. Near-copies are not among these checks.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from pathlib import Path

from curation.examples.intake import examine, make_ready
from curation_schemas.parsing import load_json

PILOT = Path(__file__).parents[1] / "datasets" / "contested-pilot"
LANGUAGES = ("en", "fr", "zh-Hans")
TARGET_MS = 30


def proposals() -> list[dict]:
    """Every example that the pilot's story proposes or revises."""
    lines = [
        load_json(line) for path in sorted(PILOT.rglob("*.jsonl")) for line in path.read_text("utf-8").splitlines()
    ]
    return [line["example"] for line in lines if isinstance(line.get("example"), dict)]


def main() -> None:
    """Measure and print beside the target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    found = proposals()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        start = time.perf_counter()
        make_ready(LANGUAGES, home)
        loading = time.perf_counter() - start
        taken = []
        for _ in range(options.times):
            for example in found:
                start = time.perf_counter()
                examine(example, LANGUAGES, home)
                taken.append(1_000 * (time.perf_counter() - start))
    taken.sort()
    print(f"{len(found)} examples, {options.times} times each")
    print(f"  median        {statistics.median(taken):6.1f} ms   target < {TARGET_MS} ms")
    print(f"  nine in ten   {taken[len(taken) * 9 // 10]:6.1f} ms")
    print(f"  longest       {taken[-1]:6.1f} ms")
    print(f"  loading once  {loading:6.1f} s, then {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
