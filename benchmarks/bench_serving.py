"""What serving costs with very many examples: an export, the review page, the public pages.

Run: python benchmarks/bench_serving.py [--examples 100000] [--judged 50000] [--home FOLDER]

A home is filled with as many examples, of which the first were judged; every seat of the others is empty. A server of
its own process answers over HTTP. Measured are the export of every judged example (seconds, megabytes, and the server's
memory at its beginning and at its end: it must not grow), and the median of each page. With --home a filled home is
kept, and used again the next time: filling takes far longer than all the rest.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import httpx
import psutil

from curation.begin import begin_home
from curation.clock import SystemClock
from curation.epoch import close_epoch
from curation.examples.propose import Propose, propose_example, read_example
from curation.home import open_home
from curation.people.accounts import Actor, actor_by_handle, join, read_joining
from curation.people.sessions import open_session
from curation.reviews.submit import SubmitReview, read_judgement, submit_reviews
from curation.topics.declare import DeclarePerspective, declare_perspective
from curation.topics.define import DefineDataset
from curation.writing import Platform
from curation_schemas.definition import DatasetDefinition
from curation_schemas.parsing import validate
from tests.support.generated import SIDES, definition, people, proposal

EXPORT_SECONDS, EXPORT_GROWTH_MB = 15, 50
REVIEW_MS, PAGE_MS, SEARCH_MS = 100, 50, 200
SEARCHES = ["/search?q=answer", "/search?q=because+people", "/search?q=answer+unheard"]
"""Words that very many texts of this home have, and one that none has."""
_TIMES = 15
_BATCH = 500


def fill(home: Path, examples: int, judged: int) -> None:
    """A home with as many examples, the first of them accepted by one seat of each perspective; everything sealed."""
    draw = random.Random(0)
    command = DefineDataset(definition=validate(DatasetDefinition, definition(seats=1)))
    platform, _ = begin_home(home, command, "founder", simulated=True)
    actors = _join(platform)
    ids: list[str] = []
    for first in range(0, examples, _BATCH):
        with platform.write(alone=True) as writing:
            for number in range(first, min(first + _BATCH, examples)):
                line = proposal(number, draw)
                event = propose_example(writing, actors[line["by"]], Propose(example=read_example(line["example"])))
                ids.append(event.event.example)  # type: ignore[union-attr]  # a proposal's event
    accept = read_judgement({"verdict": "accept", "scores": {"accuracy": 4, "tone": 5}})
    reviews = (
        (actors[f"{side}-{draw.randrange(15)}"], SubmitReview(example=example, judgement=accept, via="import"))
        for example in ids[:judged]
        for side in SIDES
    )
    if refused := list(submit_reviews(platform, reviews)):
        raise SystemExit(f"{len(refused)} reviews were refused: {refused[0].error}")
    close_epoch(platform)
    platform.home.close()


def _join(platform: Platform) -> dict[str, Actor]:
    actors = {}
    with platform.write() as writing:
        for line in people():
            plain = {"handle": line["person"], "languages": line["languages"], "simulated": True}
            actor = join(writing.connection, writing.vault, read_joining(plain), writing.token_bytes)
            for topic, perspective in line.get("perspectives", {}).items():
                declare_perspective(writing, actor, DeclarePerspective(topic=topic, perspective=perspective))
            actors[line["person"]] = actor
    return actors


@contextmanager
def served(home: Path) -> Iterator[tuple[str, psutil.Process]]:
    """A server of its own process: its address, and the process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    app = "curation_api.app:app_from_environment"
    command = [sys.executable, "-m", "uvicorn", "--factory", app, "--port", str(port), "--log-level", "error"]
    process = subprocess.Popen(command, env={**os.environ, "EVENHAND_HOME": str(home), "EVENHAND_ACCOUNT_LIMIT": "0"})
    address = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            try:
                httpx.get(f"{address}/healthz", trust_env=False)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def time_export(address: str, server: psutil.Process, path: str) -> bool:
    """Read an export to its end. Whether it took no longer, and the server no more memory, than it may."""
    lines = size = 0
    memory: list[int] = []
    began, worked = time.perf_counter(), sum(server.cpu_times()[:2])
    with httpx.stream("GET", f"{address}{path}", timeout=600, trust_env=False) as answer:
        for part in answer.iter_bytes():
            lines, size = lines + part.count(b"\n"), size + len(part)
            memory.append(server.memory_info().rss)
    seconds, worked = time.perf_counter() - began, sum(server.cpu_times()[:2]) - worked
    tenth = max(memory[: max(1, len(memory) // 10)]) / 2**20
    most = max(memory) / 2**20
    per_50_000 = seconds * 50_000 / max(1, lines)
    print(f"  {path:<44} {lines:>7,} lines, {size / 1e6:.0f} MB, {seconds:.1f} s; of 50,000: {per_50_000:.1f} s")
    print(f"  {'':<44} server: {worked:.1f} s of work, {tenth:.0f} MB after a tenth, {most:.0f} MB at most")
    return per_50_000 < EXPORT_SECONDS and most - tenth < EXPORT_GROWTH_MB


def time_page(client: httpx.Client, path: str, limit: int) -> bool:
    """Ask for a page some times. Whether the median is no longer than it may be."""
    taken, size = [], 0
    for _ in range(_TIMES):
        began = time.perf_counter()
        answer = client.get(path)
        taken.append(1_000 * (time.perf_counter() - began))
        if answer.status_code != 200:
            raise SystemExit(f"{path} was answered {answer.status_code}")
        size = len(answer.content)
    median = statistics.median(taken)
    print(
        f"  {path:<44} {median:7.1f} ms in the median, {max(taken):7.1f} at most, {size:,} bytes; target < {limit} ms"
    )
    return median < limit


def session_of(home: Path, handle: str) -> str:
    """The cookie of somebody who is signed in."""
    platform = Platform(open_home(home), SystemClock())
    with platform.write() as writing:
        account = actor_by_handle(writing.connection, handle).account
        token = open_session(writing.connection, account, writing.now, writing.token_bytes)
    platform.home.close()
    return token


def pages(client: httpx.Client) -> list[str]:
    """The pages that anybody sees, of whatever home this is."""
    listed = client.get("/v1/examples?limit=1&status=accepted").json()["examples"]
    topics = client.get("/v1/topics").json()["topics"]
    releases = client.get("/v1/releases").json()["releases"]
    found = ["/", "/how-it-works", "/topics", "/examples", "/releases", "/log", "/search", "/join", "/sign-in"]
    found += [f"/topics/{topic['id']}" for topic in topics[:2]]
    found += [f"/examples/{example['id']}" for example in listed]
    found += [f"/releases/{release['version']}" for release in releases[:1]]
    return found


def measure(home: Path, reader: str | None) -> bool:
    """Print what was measured. Whether every target was met."""
    met = []
    token = session_of(home, reader) if reader else None
    with served(home) as (address, server):
        print("exports")
        met.append(time_export(address, server, "/v1/exports/examples?status=accepted"))
        met.append(time_export(address, server, "/v1/exports/traces?status=accepted"))
        with httpx.Client(base_url=address, timeout=120, trust_env=False) as client:
            print("pages that anybody sees")
            met += [time_page(client, path, PAGE_MS) for path in pages(client)]
            met += [time_page(client, path, SEARCH_MS) for path in SEARCHES]
            if token is not None:
                print("reviewing")
                client.cookies.set("evenhand_session", token)
                met += time_reviewing(client)
    return all(met)


def time_reviewing(client: httpx.Client) -> list[bool]:
    """The work page, taking a seat, and the page of that seat."""
    met = [time_page(client, "/work", REVIEW_MS), time_page(client, "/review?topic=topic", REVIEW_MS)]
    form = re.search(r'name="form_token" value="([0-9a-f]+)"', client.get("/account").text)
    assert form is not None
    began = time.perf_counter()
    answer = client.post("/review/seat", data={"form_token": form[1], "topic": "topic"})
    taken = 1_000 * (time.perf_counter() - began)
    print(f"  {'POST /review/seat':<44} {taken:7.1f} ms, answered {answer.status_code}; target < {REVIEW_MS} ms")
    return [*met, taken < REVIEW_MS, time_page(client, "/review?topic=topic", REVIEW_MS)]


def main() -> None:
    """Fill a home unless there is one, measure, and print beside the targets. Exit 1 when one is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=100_000)
    parser.add_argument("--judged", type=int, default=50_000)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--reader", help="who reviews, in a home that was not filled here", default="left-0")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = options.home or Path(folder) / "home"
        if not home.exists():
            began = time.perf_counter()
            fill(home, options.examples, options.judged)
            taken = time.perf_counter() - began
            print(f"{options.examples:,} examples, {options.judged:,} judged: filled in {taken:.0f} s")
        met = measure(home, options.reader)
    raise SystemExit(0 if met else 1)


if __name__ == "__main__":
    main()
