"""Long work on a release is done beside the server: one job at a time, and what came of it is told."""

from __future__ import annotations

import fcntl
import os
import time

import pytest
from sqlalchemy import func, select

from curation.clock import MovableClock
from curation.people.accounts import actor_by_handle
from curation.releases import jobs
from curation.releases.cut import last_size
from curation.releases.job_process import run_job
from curation.tables import releases
from tests.api.support import START, Api, copy_home
from tests.api.test_oversight import browser_of

PAGE = "/maintain/release"


@pytest.fixture
def api(seeded, tmp_path):
    clock = MovableClock(START)
    platform = copy_home(seeded, tmp_path / "home", clock)
    yield Api(platform, clock, seeded.tokens)
    platform.home.close()


def with_an_example(api):
    api.propose()
    api.review_all()
    api.close_epoch()


def number(api, query):
    with api.platform.read() as loaded:
        return loaded.connection.execute(query).scalar()


def test_job_is_done_in_a_process_of_its_own_and_one_at_a_time(api):
    with_an_example(api)
    with api.platform.read() as loaded:
        actor = actor_by_handle(loaded.connection, "maintainer")
    home = api.platform.home
    jobs.start_job(api.platform, actor, "plan")
    busy = browser_of(api, "maintainer")
    busy.send("/account", f"{PAGE}/plan", {})
    for _ in range(600):
        if jobs.last_job(home)["state"] != "running":
            break
        time.sleep(0.1)
    assert jobs.last_job(home) == {"job": "plan", "state": "done"}
    with api.platform.read() as loaded:
        size = last_size(loaded.connection) or 0
    plan = jobs.kept_plan(home, size)
    assert plan is not None
    assert (plan["version"], plan["included"]) == ("1.0.0", 1)
    assert jobs.kept_plan(home, size + 1) is None, "of another log, it is no longer shown"


def test_job_that_was_killed_is_told_as_interrupted(api):
    home = api.platform.home
    jobs.keep_state(home, {"job": "cut", "state": "running"})
    assert jobs.last_job(home)["state"] == "interrupted"
    assert "interrupted" in browser_of(api, "maintainer").see(PAGE).text


def test_while_one_works_nothing_else_begins(api):
    home = api.platform.home
    holder = os.open(home.releases_path / ".job.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(holder, fcntl.LOCK_EX)
    jobs.keep_state(home, {"job": "cut", "state": "running"})
    browser = browser_of(api, "maintainer")
    seen = browser.see(PAGE)
    assert "at work" in seen.text
    assert [form["action"] for form in seen.all("form") if "maintain" in form["action"]] == []
    browser.send("/account", f"{PAGE}/plan", {})
    os.close(holder)
    assert jobs.last_job(home)["job"] == "cut", "nothing was begun"


def test_job_of_somebody_who_is_no_maintainer_any_more_fails(api):
    with_an_example(api)
    with api.platform.read() as loaded:
        account = actor_by_handle(loaded.connection, "auditor").account
    with pytest.raises(Exception, match="maintainer"):
        run_job(api.platform, account, "cut", {})
    assert jobs.last_job(api.platform.home)["state"] == "failed"
    assert number(api, select(func.count()).select_from(releases)) == 0
