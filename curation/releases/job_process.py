"""The process in which long work on releases is done (jobs.py). It reads what to do from its standard input.

Rules that always hold:
- who acts is looked up anew: a role that was taken back meanwhile is not there any more;
- it holds the lock that it was given until it ends.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from curation.clock import SystemClock
from curation.errors import NotAllowed
from curation.home import open_home
from curation.people.accounts import Actor, actor_by_id
from curation.releases.cut import cut_release, plan_release
from curation.releases.jobs import Job, keep_plan, telling
from curation.releases.overrule import OverruleGate, overrule_gate
from curation.settings import read_settings
from curation.writing import Platform


def run_job(platform: Platform, account: str, job: Job, given: dict[str, Any]) -> None:
    """Do one job, and keep what came of it."""
    with telling(platform.home, job) as told:
        actor = _actor(platform, account)
        if job == "plan":
            keep_plan(platform.home, plan_release(platform).as_json())
        elif job == "overrule":
            command = OverruleGate(topic=given["topic"], gates=tuple(given["gates"]), reason=given["reason"])
            told["leaf"] = overrule_gate(platform, actor, command).leaf
        else:
            told["version"] = cut_release(platform, actor).manifest.version


def _actor(platform: Platform, account: str) -> Actor:
    with platform.read() as loaded:
        found = actor_by_id(loaded.connection, account)
    if found is None:
        raise NotAllowed("this account does not exist any more")
    found.require("maintainer")
    return found


def main() -> None:
    """Read what to do, and do it."""
    wanted = json.load(sys.stdin)
    home = open_home(Path(wanted["home"]), read_settings().database)
    try:
        run_job(Platform(home, SystemClock()), wanted["account"], wanted["job"], wanted["given"])
    finally:
        home.close()


if __name__ == "__main__":
    main()
