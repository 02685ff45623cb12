"""Push 5,000 seats to a real Label Studio as tasks, and pull 5,000 annotations from it.

    python benchmarks/bench_label_studio.py [--seats 5000]

Prints what each takes, how much of it was spent waiting for Label Studio, and how much memory this process held.
Leasing seats is timed apart. The annotations are written into Label Studio's database directly: through its HTTP API it
takes about ten a second, which is not what is measured.
"""

from __future__ import annotations

import argparse
import json
import resource
import secrets
import sqlite3
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from curation.integrations.label_studio.client import Client
from curation.integrations.label_studio.local import ADMINISTRATOR, Visitor, running
from curation.integrations.label_studio.push import lease_seats
from curation.integrations.label_studio.sync import sync_all
from tests.support.label_studio import ACCEPT, Studio, Working, free_port, work
from tests.support.world import copy_home, make_home

REVIEWERS = tuple(f"{side}-{number}" for side in ("keep", "move") for number in (1, 2, 3))


class Waiting:
    """How long a client waited for its server since it was last asked."""

    def __init__(self, client: Client) -> None:
        self._seconds, self._ask = 0.0, client._ask
        client._ask = self._timed  # type: ignore[method-assign]  # what is measured

    def _timed(self, *asked: Any, **more: Any) -> Any:
        began = time.perf_counter()
        try:
            return self._ask(*asked, **more)
        finally:
            self._seconds += time.perf_counter() - began

    def since(self) -> str:
        found, self._seconds = self._seconds, 0.0
        return f"{found:.1f} s of it waiting for Label Studio"


def memory_mb() -> float:
    """The most memory that this process held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def annotate(database: Path, working: Working) -> int:
    """Annotate every task, as its reviewer."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    made = 0
    with sqlite3.connect(database, timeout=60) as connection:
        for handle in REVIEWERS:
            user, project = working.people[handle].id, working.project(handle)
            tasks = connection.execute("SELECT id FROM task WHERE project_id = ?", (project,)).fetchall()
            fields = {
                "result": json.dumps(ACCEPT),
                "was_cancelled": 0,
                "ground_truth": 0,
                "created_at": now,
                "updated_at": now,
                "prediction": "{}",
                "completed_by_id": user,
                "updated_by_id": user,
                "project_id": project,
                "result_count": len(ACCEPT),
                "bulk_created": 0,
            }
            for (task,) in tasks:
                row = {**fields, "task_id": task, "unique_id": uuid.uuid4().hex}
                names, places = ", ".join(row), ", ".join("?" for _ in row)
                connection.execute(f"INSERT INTO task_completion ({names}) VALUES ({places})", list(row.values()))
                made += 1
            connection.execute("UPDATE task SET is_labeled = 1, total_annotations = 1 WHERE project_id = ?", (project,))
    connection.close()
    return made


def measure(folder: Path, seats: int) -> None:
    """Measure, and print."""
    make_home(folder / "template", "full")
    world = copy_home(folder / "template", folder / "home", secrets.token_hex())
    each = -(-seats // len(REVIEWERS))
    print(f"{each} examples are proposed …", flush=True)
    for _ in range(each):
        world.propose()
    with running(folder / "studio", free_port(), secrets.token_bytes) as local:
        visitor = Visitor(local.url).sign_in(ADMINISTRATOR, local.passphrase or "")
        invitation = local.url + visitor.ask("GET", "/api/invite").json()["invite_url"]
        working = work(world, Studio(local.url, visitor.token(), invitation))
        working.link(*REVIEWERS)
        waiting = Waiting(working.client)
        began = time.perf_counter()
        leased = sum(len(lease_seats(world.platform, world.actor(handle), 1_000)) for handle in REVIEWERS)
        print(f"lease  {leased} seats  {time.perf_counter() - began:6.1f} s")
        before, began = memory_mb(), time.perf_counter()
        pushed = sync_all(world.platform, working.client, REVIEWERS, pull=False, most=1_000)
        taken = time.perf_counter() - began
        print(
            f"push   {pushed.pushed} tasks  {taken:6.1f} s  {pushed.pushed / taken:.0f} a second, {waiting.since()}",
            flush=True,
        )
        made = annotate(folder / "studio" / "label_studio.sqlite3", working)
        held, began = memory_mb(), time.perf_counter()
        pulled = sync_all(world.platform, working.client, REVIEWERS, push=False)
        taken = time.perf_counter() - began
        rate = f"{pulled.taken / taken:.0f} a second, {waiting.since()}"
        print(f"pull   {pulled.taken} of {made} annotations  {taken:6.1f} s  {rate}", flush=True)
        print(f"memory {before:.0f} MB before, {held:.0f} MB after the push, {memory_mb():.0f} MB after the pull")
        print(f"refused {len(pulled.refused)}, failed {pushed.failed + pulled.failed}")
        began = time.perf_counter()
        again = sync_all(world.platform, working.client, REVIEWERS, push=False)
        print(f"again  {again.taken} taken  {time.perf_counter() - began:6.1f} s, {waiting.since()}")
    world.platform.home.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seats", type=int, default=5_000)
    with tempfile.TemporaryDirectory() as made_here:
        measure(Path(made_here), parser.parse_args().seats)
