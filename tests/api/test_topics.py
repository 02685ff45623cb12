"""Topics as a commons over HTTP: a proposal is brought, read, judged and adopted."""

from __future__ import annotations

from tests.api.support import ACCEPT, REVIEWERS, TOPIC, assert_problem


def amendment(api, **changes):
    return {
        "kind": "topic",
        "topic": TOPIC,
        "language": "en",
        "license": "CC-BY-4.0",
        "origin": {"kind": "human"},
        "reason": "It can be put more simply.",
        "proposal": api.get(f"/v1/topics/{TOPIC}") | changes,
    }


def test_an_amendment_is_judged_adopted_and_in_force_two_epochs_later(api):
    before = api.get(f"/v1/topics/{TOPIC}")
    scope = before["scope"] | {"en": "Who may own which guns, and under what rules."}
    made = api.act("contributor", "/v1/examples", amendment(api, scope=scope))
    api.close_epoch()
    seen = api.get(f"/v1/examples/{made['id']}", "gun-rights-1")
    assert (seen["kind"], seen["status"]) == ("topic", "needs_reviews")
    for handles in REVIEWERS.values():
        for handle in handles[:4]:
            if api.call("POST", "/v1/seats", handle, json={"topic": TOPIC}).status_code == 200:
                read = api.get(f"/v1/examples/{made['id']}", handle)
                assert read["revisions"][0]["text"]["content"]["proposal"]["scope"] == scope
                api.act(handle, "/v1/reviews", ACCEPT | {"example": made["id"], "revision": made["leaf"]})
    api.close_epoch()
    assert api.get(f"/v1/examples/{made['id']}")["status"] == "accepted"
    assert api.get(f"/v1/topics/{TOPIC}") == before
    api.close_epoch()
    assert api.get(f"/v1/topics/{TOPIC}")["scope"] == scope


def test_what_does_not_fit_is_refused(api):
    same = api.call("POST", "/v1/examples", "contributor", json=amendment(api))
    assert_problem(same, 409, "refused", rule="propose/topic-changes")
    other = api.call("POST", "/v1/examples", "contributor", json=amendment(api) | {"topic": "another"})
    assert other.status_code == 422
