"""Maintainers say, on a page and over the API, which programs elsewhere are told what became public."""

from __future__ import annotations

import re

import pytest

from curation.clock import MovableClock
from tests.api.pages import LANGUAGES
from tests.api.support import START, Api, assert_problem, copy_home
from tests.api.test_oversight import browser_of

PAGE = "/maintain/webhooks"
URL = "https://example.org/hook?<b>"


@pytest.fixture(scope="module")
def api(seeded, tmp_path_factory):
    platform = copy_home(seeded, tmp_path_factory.mktemp("webhooks") / "home", MovableClock(START))
    yield Api(platform, MovableClock(START), seeded.tokens)
    platform.home.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_receiver_is_added_given_another_secret_and_removed(api, language):
    browser = browser_of(api, "maintainer", language)
    added = browser.send(PAGE, PAGE, {"url": URL})
    (secret,) = re.findall(r"whsec_[A-Za-z0-9+/=]+", added.text)
    assert secret not in browser.see(PAGE).text, "it is shown once"
    again = browser.send(PAGE, PAGE, {"url": URL}, 422)
    assert URL in [item.get("value") for item in again.all("input")], "what was typed stays"
    assert '<span lang="en">' not in again.text
    receiver = next(item["value"] for item in browser.see(PAGE).all("input") if item.get("name") == "receiver")
    other = browser.send(PAGE, f"{PAGE}/secret", {"receiver": receiver})
    assert re.findall(r"whsec_[A-Za-z0-9+/=]+", other.text) != [secret]
    gone = browser.send(PAGE, f"{PAGE}/remove", {"receiver": receiver})
    assert "example.org" not in gone.text


def test_auditor_looks_and_changes_nothing(api):
    seen = browser_of(api, "auditor").see(PAGE)
    assert [form["action"] for form in seen.all("form") if "webhooks" in form["action"]] == []


def test_same_over_the_api(api):
    sent = api.call("POST", "/v1/webhooks", "maintainer", json={"url": "https://example.org/api"})
    assert sent.status_code == 201
    made = sent.json()
    (listed,) = api.get("/v1/webhooks", "auditor")["receivers"]
    assert listed == {
        "id": made["id"],
        "url": "https://example.org/api",
        "active": True,
        "waiting": 0,
        "delivered": 0,
        "given_up": 0,
    }
    again = api.call("POST", "/v1/webhooks", "maintainer", json={"url": "https://example.org/api"})
    assert_problem(again, 409, "conflict")
    wrong = api.call("POST", "/v1/webhooks", "maintainer", json={"url": "http://example.org/hook"})
    assert wrong.status_code == 422
    other = api.call("POST", f"/v1/webhooks/{made['id']}/secret", "maintainer").json()
    assert other["id"] == made["id"]
    assert other["secret"] != made["secret"]
    left = api.call("POST", f"/v1/webhooks/{made['id']}/removal", "maintainer")
    assert left.json() == {"receivers": []}
