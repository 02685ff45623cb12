"""Topics as a commons over HTTP: a proposal is brought, read, judged and adopted."""

from __future__ import annotations

from curation.topics.objections import Object, object_to_wording
from tests.api.support import ACCEPT, PERSPECTIVES, REVIEWERS, TOPIC, assert_problem
from tests.support.words import topic_proposal


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


def test_proposed_topic_is_listed_when_its_epoch_is_closed_and_its_words_are_for_its_reviewers(api):
    listed, own = "/v1/proposed-topics", "/v1/proposed-topics/bicycle-helmets"
    body = topic_proposal("bicycle-helmets")
    made = api.act("proposer", "/v1/examples", body)
    for who in (None, "contributor", "maintainer"):
        assert api.get(listed, who) == {"topics": [], "next": None}
        assert_problem(api.call("GET", own, who), 404, "not-found")
    assert api.get(own, "proposer")["topic"] == body["proposal"]
    api.close_epoch()
    public = api.get(listed)["topics"]
    assert [(item["id"], item["proposal"], item["status"]) for item in public] == [
        ("bicycle-helmets", made["id"], "needs_reviews")
    ]
    assert public[0]["topic"] is None
    words = body["proposal"]["scope"]["en"]
    reviewer = REVIEWERS[PERSPECTIVES[0]][0]
    sides = [item["id"] for item in public[0]["outline"]["perspectives"]]
    assert words not in api.call("GET", own, reviewer).text
    api.act(reviewer, "/v1/perspectives", {"topic": "bicycle-helmets", "perspective": sides[0]})
    assert api.call("POST", "/v1/seats", reviewer, json={"topic": "bicycle-helmets"}).status_code == 200
    assert api.get(own, reviewer)["topic"]["scope"]["en"] == words
    assert words not in api.call("GET", own).text


def test_proposed_topics_and_objections_come_in_pages_and_are_not_sent_twice(api):
    for number, topic in enumerate(("bicycle-helmets", "city-tolls", "night-trains")):
        api.act(REVIEWERS[PERSPECTIVES[number % 2]][number], "/v1/examples", topic_proposal(topic))
    with api.platform.write() as writing:
        for text in ("It takes a side.", "Others would say «rules».", "It is vague."):
            object_to_wording(writing, Object(topic=TOPIC, path="scope", language="en", text=text))
    api.close_epoch()
    for path, name in (("/v1/proposed-topics", "topics"), (f"/v1/topics/{TOPIC}/objections", "objections")):
        whole = api.get(path, "contributor")
        first = api.get(f"{path}?limit=2", "contributor")
        rest = api.get(f"{path}?limit=2&cursor={first['next']}", "contributor")
        assert first[name] + rest[name] == whole[name]
        assert (len(whole[name]), rest["next"]) == (3, None)
        tag = api.call("GET", path, "contributor").headers["etag"]
        assert api.call("GET", path, "contributor", headers={"If-None-Match": tag}).status_code == 304
        for wrong in ("cursor=-1", "cursor=%00", "limit=0", "limit=-5", "limit=201", "cursor='%20OR%201=1"):
            assert_problem(api.call("GET", f"{path}?{wrong}", "contributor"), 422, "invalid-input")


def test_objections_are_for_who_has_an_account_and_tell_nothing_of_who_wrote_them(api):
    with api.platform.write() as writing:
        object_to_wording(writing, Object(topic=TOPIC, path="scope", language="en", text="It takes a side."))
    path = f"/v1/topics/{TOPIC}/objections"
    assert_problem(api.call("GET", path), 401, "unauthenticated")
    (seen,) = api.get(path, "contributor")["objections"]
    assert set(seen) == {"id", "path", "language", "text"}
    assert_problem(api.call("GET", "/v1/topics/no-such/objections", "contributor"), 404, "not-found")
