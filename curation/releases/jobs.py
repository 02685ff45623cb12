"""Long work on releases, done beside the server: planning, overruling a gate, cutting.

Rules that always hold:
- one job at a time for a home, whichever of its server's processes was asked: whoever works holds a file's lock from
  before the start to the end, and the lock goes with the process, also where that is killed;
- the work is done in a process of its own, so that pages stay quick, and a request never waits for it;
- what came of the last job stands in a file beside the releases: no handle, no time, nothing of a person;
- a plan holds for one size of the log: of another one it is no longer shown.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from curation.errors import Conflict
from curation.home import Home
from curation.log.store import write_durably
from curation.people.accounts import Actor
from curation.writing import Platform

Job = Literal["plan", "overrule", "cut"]
State = Literal["idle", "running", "done", "failed", "interrupted"]
PROCESS = "curation.releases.job_process"
MOST_LISTED = 100
"""Examples that a kept plan lists for each reason."""
_LOCK, _LAST, _PLAN = ".job.lock", ".job.json", ".plan.json"
_TRIES, _PAUSE_S = 5, 0.05


def start_job(platform: Platform, actor: Actor, job: Job, given: Mapping[str, Any] | None = None) -> None:
    """Begin a job and return at once. Raises NotAllowed, Conflict (one is under way)."""
    actor.require("maintainer")
    home = platform.home
    lock = _open_lock(home)
    try:
        if not _locks(lock, fcntl.LOCK_EX):
            raise Conflict("the server is at work on a release already", hint="Wait until it is done.")
        keep_state(home, {"job": job, "state": "running"})
        _start(home, lock, {"job": job, "account": actor.account, "given": dict(given or {})})
    finally:
        os.close(lock)  # the process holds the lock from now on


def _start(home: Home, lock: int, wanted: dict[str, Any]) -> None:
    # By standard input, for an account in a process's arguments could be seen by everybody on the machine. Where the
    # database is, it reads from the same settings as the server.
    said = json.dumps({"home": str(home.path.resolve()), **wanted}).encode()
    process = subprocess.Popen(
        [sys.executable, "-m", PROCESS],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=[lock],
        start_new_session=True,  # a server that is stopped does not break a release in two
    )
    assert process.stdin is not None
    with process.stdin as pipe:
        pipe.write(said)
    threading.Thread(target=process.wait, daemon=True).start()  # so that nothing of it stays behind


def _open_lock(home: Home) -> int:
    return os.open(home.releases_path / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)


def _locks(lock: int, how: int) -> bool:
    for _ in range(_TRIES):
        try:
            fcntl.flock(lock, how | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE_S)  # somebody may just be looking
            continue
        return True
    return False


def is_running(home: Home) -> bool:
    """Whether a job is under way."""
    lock = _open_lock(home)
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


def last_job(home: Home) -> dict[str, Any]:
    """The last job: `job`, `state`, and what came of it (`version`; or `message`, `hint` and `rule` of an error)."""
    running = is_running(home)
    found = _read(home.releases_path / _LAST) or {"job": None, "state": "idle"}
    if running:
        return {**found, "state": "running"}
    # It says that it runs, and nobody holds the lock: its process was killed.
    return {**found, "state": "interrupted"} if found["state"] == "running" else found


def keep_state(home: Home, state: Mapping[str, Any]) -> None:
    """Keep how a job stands."""
    write_durably(home.releases_path / _LAST, json.dumps(state).encode())


def keep_plan(home: Home, plan: dict[str, Any]) -> None:
    """Keep a plan, with the examples that it leaves out counted, and the first hundred listed for each reason."""
    left_out: dict[str, list[dict[str, Any]]] = {}
    for item in plan["left_out"]:
        left_out.setdefault(item["reason"], []).append(item)
    counts = Counter({reason: len(items) for reason, items in left_out.items()})
    listed = {reason: [item["example"] for item in items[:MOST_LISTED]] for reason, items in left_out.items()}
    changes = {name: len(items) for name, items in plan["changes"].items()}
    made = {name: value for name, value in plan.items() if name not in ("included", "left_out", "changes")}
    made |= {"included": len(plan["included"]), "left_out": counts, "listed": listed, "changes": changes}
    write_durably(home.releases_path / _PLAN, json.dumps(made).encode())


def kept_plan(home: Home, size: int) -> dict[str, Any] | None:
    """The plan for this size of the log, or None."""
    found = _read(home.releases_path / _PLAN)
    return found if found is not None and found["log_size"] == size else None


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found


@contextmanager
def telling(home: Home, job: Job) -> Iterator[dict[str, Any]]:
    """Keep what comes of a job: what is put into the dictionary, or the error."""
    made: dict[str, Any] = {}
    try:
        yield made
    except Exception as error:
        # Messages of our own tree hold no personal data; of any other, only the kind of error is kept.
        told = {name: getattr(error, name, "") or "" for name in ("message", "hint", "rule")}
        keep_state(home, {"job": job, "state": "failed", "error": type(error).__name__, **told})
        raise
    keep_state(home, {"job": job, "state": "done", **made})
