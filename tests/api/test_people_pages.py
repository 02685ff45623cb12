"""Administrators change roles and suspend on a page; each is an event of the log that names no account."""

from __future__ import annotations

from curation.people.accounts import actor_by_handle
from tests.api.pages import LANGUAGES
from tests.api.support import TOPIC, assert_problem
from tests.api.test_blindness import pseudonyms
from tests.api.test_oversight import browser_of

PAGE = "/maintain/people"


def test_roles_are_changed_and_bad_input_is_told_beside_its_field(api):
    browser = browser_of(api, "administrator")
    assert "handle-wrong" in browser.send(PAGE, f"{PAGE}/find", {"handle": "nobody"}, 422).ids
    seen = browser.send(PAGE, f"{PAGE}/find", {"handle": "contributor"})
    assert [item["value"] for item in seen.all("input") if "checked" in item] == ["contributor"]
    own = browser.send(PAGE, f"{PAGE}/roles", {"handle": "administrator", "role": "auditor"}, 409)
    assert "Nobody changes their own roles." in own.text
    wanted = {"handle": "contributor", "role": ["contributor", "maintainer"]}
    browser.send(PAGE, f"{PAGE}/roles", wanted)
    browser.send(PAGE, f"{PAGE}/roles", wanted, 409)
    assert api.get("/v1/oversight", "contributor")["topics"]
    browser.send(PAGE, f"{PAGE}/roles", {"handle": "contributor"})
    with api.platform.read() as loaded:
        assert actor_by_handle(loaded.connection, "contributor").roles == set()


def test_somebody_is_suspended_on_a_topic_and_restored(api):
    api.propose("proposer")
    name = pseudonyms(api)["proposer"]
    browser = browser_of(api, "administrator")
    wrong = {"topic": TOPIC, "pseudonym": "p_" + "a" * 26, "ground": "spam"}
    assert "pseudonym-wrong" in browser.send(PAGE, f"{PAGE}/suspend", wrong, 422).ids
    assert "ground-wrong" in browser.send(PAGE, f"{PAGE}/suspend", wrong | {"ground": ""}, 422).ids
    wanted = wrong | {"pseudonym": name}
    assert name in browser.send(PAGE, f"{PAGE}/suspend", wanted).text
    browser.send(PAGE, f"{PAGE}/suspend", wanted, 409)
    for language in LANGUAGES:
        browser_of(api, "administrator", language).see(PAGE)
    refused = api.call("POST", "/v1/perspectives", "proposer", json={"topic": TOPIC, "perspective": "gun-rights"})
    assert_problem(refused, 409, "refused", rule="suspend/acts")
    for _ in range(2):
        browser.send(PAGE, f"{PAGE}/restore", {"pseudonym": name})
    api.propose("proposer")


def test_the_same_over_the_api(api):
    assert_problem(api.call("GET", "/v1/suspensions", "maintainer"), 403, "not-allowed")
    api.propose("proposer")
    name = pseudonyms(api)["proposer"]
    api.act("administrator", "/v1/suspensions", {"topic": TOPIC, "pseudonym": name, "ground": "abuse"})
    (found,) = api.get("/v1/suspensions", "administrator")["suspensions"]
    assert (found["pseudonym"], found["topic"], found["ground"]) == (name, TOPIC, "abuse")
    api.act("administrator", f"/v1/suspensions/{name}/end")
    api.act("administrator", "/v1/roles", {"handle": "contributor", "roles": ["auditor"]})
    assert api.get("/v1/me", "contributor")["roles"] == ["auditor"]
