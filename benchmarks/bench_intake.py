"""How long the checks take when an example is proposed, with very many texts known.

Run: python benchmarks/bench_intake.py [--times 3] [--known 100000]

Every proposal of the pilot dataset is checked and proposed, then each again with a word changed, which makes it a
near-copy. Measured are the checks on the example by itself; what finding copies adds (exact and near, and keeping the
text in the index), with nothing known before and with as many other texts known, each put together from the pilot's
sentences; and the whole proposal, from the first check to the committed transaction and the findings that are told.
"""

from __future__ import annotations

import argparse
import random
import re
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import insert

from curation.begin import begin_home
from curation.copies.find import find_copy, find_near, remember_text
from curation.copies.known import keep_rows, rows_of_text, text_of
from curation.examples.intake import examine, examine_revision, make_ready
from curation.examples.propose import Propose, propose_example, read_example
from curation.people.accounts import Actor, actor_by_handle
from curation.tables import examples, revisions
from curation.topics.define import read_definition
from curation.writing import Platform, Writing
from curation_schemas.parsing import load_json

PILOT = Path(__file__).parents[1] / "datasets" / "contested-pilot"
LANGUAGES = ("en", "fr", "zh-Hans")
TARGET_MS = 30
_LINKS = ("mirrors", "translation_of", "group")
_SENTENCE = re.compile(r"(?<=[.!?。])\s*")


def proposals() -> list[dict[str, Any]]:
    """Every example that the pilot's story proposes or revises, without links between them."""
    lines = [
        load_json(line) for path in sorted(PILOT.rglob("*.jsonl")) for line in path.read_text("utf-8").splitlines()
    ]
    found = [line["example"] for line in lines if isinstance(line.get("example"), dict)]
    plain = [{name: value for name, value in row.items() if name not in _LINKS} for row in found]
    return [row for row in plain if row["kind"] != "topic"]


def varied(row: dict[str, Any]) -> dict[str, Any]:
    """The same example with a word more at its end: a near-copy."""
    fields = dict(row)
    for name in ("messages", "chosen", "prompt"):
        if name in fields:
            *before, last = fields[name]
            fields[name] = [*before, last | {"content": last["content"] + " Indeed."}]
            return fields
    raise ValueError(row["kind"])


def made_up(rows: list[dict[str, Any]], number: int) -> Iterator[tuple[dict[str, Any], str]]:
    """(one of the pilot's examples, another text for it: eight sentences of its language)."""
    draw = random.Random(0)
    pools: dict[str, list[str]] = {}
    for row in rows:
        pools.setdefault(row["language"], []).extend(_SENTENCE.split(text_of(read_example(row))))
    for _ in range(number):
        row = draw.choice(rows)
        yield row, " ".join(draw.choice(pools[row["language"]]) for _ in range(8))


def fill(writing: Writing, rows: list[dict[str, Any]], number: int) -> None:
    """Know as many texts, each that of an example of its own."""
    draw = random.Random(1)
    texts = made_up(rows, number)
    while some := list(islice(texts, 1_000)):
        known, about, versions = [], [], []
        for row, whole in some:
            leaf, example = f"{draw.getrandbits(256):064x}", f"ex_{draw.getrandbits(80):020x}"
            brought: Any = SimpleNamespace(**row | {"example": example})
            known.append(rows_of_text(writing.vault, brought, leaf, whole))
            plain = {name: row[name] for name in ("topic", "kind", "language")}
            more = {"group_id": example, "status": "needs_reviews", "proposer": "p", "standing": None, "held": False}
            about.append(plain | more | {"id": example, "latest": leaf})
            versions.append({"id": leaf, "example": example, "number": 1, "epoch": 0, "outcome": None})
        writing.connection.execute(insert(examples), about)
        writing.connection.execute(insert(revisions), versions)
        keep_rows(writing.connection, known)


class Undone(Exception):
    """Leaves a transaction without keeping anything."""


Taken = tuple[float, float]
"""Milliseconds by the clock, and of this process's own work: on a busy machine that says more."""


class Watch:
    """Begins to measure when it is made."""

    def __init__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def taken(self) -> Taken:
        """Since then."""
        clock, work = self._began
        return 1_000 * (time.perf_counter() - clock), 1_000 * (time.process_time() - work)


def time_copies(platform: Platform, actor: Actor, row: dict[str, Any]) -> Taken:
    """What finding copies costs one proposal: looking for an exact one, keeping the text, looking for near ones."""
    example = read_example(row)
    try:
        with platform.write() as writing:
            # Some event to go with the text, which is not this one's: a proposal would have kept its own.
            recorded = propose_example(writing, actor, Propose(example=read_example(varied(varied(row)))))
            writing.flush()
            leaf = recorded.leaf[::-1]
            watch = Watch()
            find_copy(writing, example)
            remember_text(writing, example, recorded.event, leaf)
            find_near(writing, recorded.event.example, leaf, text_of(example))
            taken = watch.taken()
            raise Undone
    except Undone:
        return taken


def time_proposal(platform: Platform, actor: Actor, row: dict[str, Any]) -> Taken:
    """A whole proposal: checked, committed, its findings told."""
    watch = Watch()
    with platform.write() as writing:
        recorded = propose_example(writing, actor, Propose(example=read_example(row)))
    with platform.read() as loaded:
        examine_revision(loaded, recorded.event.example, recorded.leaf, platform.home.path)
    return watch.taken()


def show(name: str, taken: list[Taken]) -> Taken:
    """Print a row. Returns the medians."""
    clock, work = sorted(item[0] for item in taken), sorted(item[1] for item in taken)
    ninth = clock[len(clock) * 9 // 10]
    print(f"  {name:<42} {statistics.median(clock):7.1f} {ninth:7.1f} {statistics.median(work):7.1f}")
    return statistics.median(clock), statistics.median(work)


def main() -> None:
    """Measure and print beside the target. Exit 1 when it is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--known", type=int, default=100_000)
    options = parser.parse_args()
    found = proposals()
    with tempfile.TemporaryDirectory() as folder:
        platform, _ = begin_home(Path(folder) / "home", read_definition(PILOT), "founder")
        with platform.read() as loaded:
            actor = actor_by_handle(loaded.connection, "founder")
        start = time.perf_counter()
        make_ready(LANGUAGES, platform.home.path)
        loading = time.perf_counter() - start
        checks = []
        for row in found * options.times:
            watch = Watch()
            examine(row, LANGUAGES, platform.home.path)
            checks.append(watch.taken())
        without = [time_copies(platform, actor, row) for row in found]
        start = time.perf_counter()
        with platform.write(alone=True) as writing:
            fill(writing, found, options.known)
        filling = time.perf_counter() - start
        beside = [time_copies(platform, actor, row) for row in found]
        whole = [time_proposal(platform, actor, row) for row in found]
        near = [time_proposal(platform, actor, varied(row)) for row in found]
        size = sum(path.stat().st_size for path in (Path(folder) / "home").glob("evenhand.db*"))
    print(f"{len(found)} proposals, in milliseconds{'median':>19} {'9 in 10':>7} {'of work':>7}")
    alone = show("checks on the example alone", checks)
    show("copies, nothing else known", without)
    copies = show(f"copies, {options.known:,} other texts known", beside)
    clock, work = (sum(pair) for pair in zip(alone, copies, strict=True))
    print(f"  {'both: intake':<42} {clock:7.1f} {'':>7} {work:7.1f}   target < {TARGET_MS} ms")
    show("a whole proposal, committed and told", whole)
    show("the same, of a near-copy", near)
    print(f"  loading once {loading:.1f} s, then {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    print(f"  making the index {filling:.0f} s; the database has {size / 2**20:.0f} MB")
    raise SystemExit(0 if clock < TARGET_MS else 1)


if __name__ == "__main__":
    main()
