"""The next release on the pages: a plan, gates overruled with a reason, a cut that a second click does not repeat."""

from __future__ import annotations

import io
import tarfile

import pytest
from sqlalchemy import func, select

from curation.audit.verify import verify_bundle
from curation.db import reading
from curation.errors import CallerError
from curation.releases import jobs
from curation.releases.job_process import run_job
from curation.tables import pending_leaves, releases
from tests.api.pages import Browser
from tests.api.test_oversight import browser_of
from tests.releases.test_gates import ENOUGH, accepted, skewed
from tests.support.fixtures import homes, small_world
from tests.support.words import HARBOUR

__all__ = ["homes", "skewed", "small_world"]
PAGE = "/maintain/release"
REASON = "The other half follows."


@pytest.fixture
def at_once(skewed, monkeypatch):
    """Jobs are done where they are begun; what begins a process has a test of its own."""

    def start(home, lock, wanted):
        assert jobs.last_job(home)["state"] == "running"
        try:
            run_job(skewed.platform, wanted["account"], wanted["job"], wanted["given"])
        except CallerError:
            pass  # kept, and told on the page

    monkeypatch.setattr(jobs, "_start", start)


def number(world, query):
    with reading(world.platform.home.engine) as connection:
        return connection.execute(query).scalar()


def size_on(seen):
    (size,) = [item["value"] for item in seen.all("input") if item.get("name") == "size"]
    return size


def test_plan_overrule_cut_compare_and_download(skewed, at_once):
    skewed.close()
    browser = browser_of(skewed, "mia")
    assert "There is no plan" in browser.see(PAGE).text
    seen = browser.send(PAGE, f"{PAGE}/plan", {})
    gates = [item["value"] for item in seen.all("input") if item.get("name") == "gate"]
    assert "balance/position-share" in gates
    check_bad_input(browser, gates)
    said = {"topic": HARBOUR, "gate": gates, "reason": REASON}
    assert "The gate is overruled" in browser.send(PAGE, f"{PAGE}/overrule", said).text
    assert "did not work" in browser.send(PAGE, f"{PAGE}/overrule", said).text
    overruled = select(func.count()).where(pending_leaves.c.type == "gate:overruled")
    assert number(skewed, overruled) == 1, "said twice, recorded once"
    skewed.close()
    seen = browser.send(PAGE, f"{PAGE}/plan", {})
    assert REASON in seen.text
    size = size_on(seen)
    assert "Release 1.0.0 was cut." in browser.send(PAGE, f"{PAGE}/cut", {"size": size}).text
    browser.send("/account", f"{PAGE}/cut", {"size": size})
    assert number(skewed, select(func.count()).select_from(releases)) == 1, "sent twice, cut once"
    assert jobs.last_job(skewed.platform.home) == {"job": "cut", "state": "done", "version": "1.0.0"}
    check_download(skewed, browser)
    assert "no release before" in browser.see("/releases/1.0.0/diff").text
    accepted(skewed, ENOUGH + 1, positions=["keep-it"])
    skewed.close()
    size = size_on(browser.send(PAGE, f"{PAGE}/plan", {}))
    browser.send(PAGE, f"{PAGE}/cut", {"size": size})
    # The gate was overruled for one release only, so the harbour left the next one.
    seen = browser.see("/releases/2.0.0/diff?from=1.0.0")
    assert "From release 1.0.0 to 2.0.0" in seen.text
    assert f"/examples/{skewed.harbour[0]}" in {link["href"] for link in seen.all("a")}
    browser.see("/releases/2.0.0/diff?from=9.0.0", 404)


def check_bad_input(browser: Browser, gates):
    """It is told beside its field, and what was typed stays."""
    seen = browser.send(PAGE, f"{PAGE}/overrule", {"topic": HARBOUR, "reason": "Typed."}, 422)
    assert f"gate-{HARBOUR}-wrong" in seen.ids
    assert "Typed." in seen.text
    seen = browser.send(PAGE, f"{PAGE}/overrule", {"topic": HARBOUR, "gate": gates, "reason": ""}, 422)
    assert f"reason-{HARBOUR}-wrong" in seen.ids
    assert [item for item in seen.all("input") if item.get("name") == "gate" and "checked" in item]


def check_download(world, browser: Browser):
    answer = browser.ask("/releases/1.0.0/bundle.tar")
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as archive:
        archive.extractall(world.platform.home.path / "downloaded", filter="data")
    (folder,) = (world.platform.home.path / "downloaded").iterdir()
    assert verify_bundle(folder).verdict == "VERIFIED"
    assert browser.ask("/releases/1.0.0/bundle.tar").content == answer.content
