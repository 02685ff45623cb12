"""From a proposal to a public example, over HTTP alone."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from curation.tables import releases
from tests.api.support import (
    ACCEPT,
    PERSPECTIVES,
    REJECT,
    REVIEWERS,
    SOURCE,
    TOPIC,
    assert_problem,
    sft,
)


def test_example_is_proposed_judged_by_each_perspective_accepted_and_published(api):
    proposed = api.propose("proposer")
    example = f"/v1/examples/{proposed['id']}"
    last = api.review_all()
    assert last["outcome"] == "accepted"
    assert_problem(api.call("GET", example), 404, "not-found")

    api.close_epoch()
    found = api.get(example)
    assert (found["status"], found["standing"]) == ("accepted", proposed["leaf"])
    assert found["proposer"].startswith("p_")
    (revision,) = found["revisions"]
    assert revision["rounds"] == [{"stage": 1, "open": False, "how": "full", "outcome": "accepted"}]
    assert revision["text"]["content"]["messages"] == sft()["messages"]
    assert [line["id"] for line in api.get("/v1/examples?status=accepted")["examples"]] == [proposed["id"]]

    story = api.get(f"{example}/trace")
    (ended,) = story["revisions"][0]["rounds"]
    assert ended["tally"] == [{"perspective": name, "seats": 3, "accepts": 3} for name in PERSPECTIVES]
    assert len({review["reviewer"] for review in ended["reviews"]}) == 6
    assert {review["via"] for review in ended["reviews"]} == {"api"}
    assert story["proposer"] == found["proposer"]


def test_receipt_is_a_note_by_the_logs_key_that_names_leaf_and_epoch(api):
    answer = api.propose("proposer")
    receipt = answer["receipt"]
    assert receipt["leaf"] == answer["leaf"]
    assert receipt["sealed_by"] == 1
    origin = api.platform.home.origin
    text = f"evenhand.org/v1/receipt\n{origin}\n{answer['leaf']}\nsealed in epoch 1\n"
    assert receipt["note"].startswith(text + "\n— " + origin)
    api.close_epoch()
    entries = api.call("GET", f"/log/{_last_bundle(api)}")
    assert answer["id"].encode() in entries.content


def _last_bundle(api):
    size = int(api.call("GET", "/log/checkpoint").text.split("\n")[1])
    return f"tile/entries/000.p/{size}"


def test_one_perspective_alone_makes_an_example_contested_and_its_rationales_are_public(api):
    proposed = api.propose("proposer")
    last = api.review_all({"gun-rights": REJECT})
    assert last["outcome"] == "contested"
    api.close_epoch()
    assert api.get(f"/v1/examples/{proposed['id']}")["status"] == "contested"
    story = api.get(f"/v1/examples/{proposed['id']}/trace")
    reviews = story["revisions"][0]["rounds"][0]["reviews"]
    rejecting = [review for review in reviews if review["verdict"] == "reject"]
    assert {review["rationale"] for review in rejecting} == {REJECT["rationale"]}
    assert {review["perspective"] for review in rejecting} == {"gun-rights"}


def test_review_that_says_inaccurate_shows_its_counter_source(api):
    proposed = api.propose("proposer")
    inaccurate = REJECT | {"reasons": ["inaccurate"], "counter_source": SOURCE}
    api.review_all({"stricter-regulation": inaccurate})
    api.close_epoch()
    reviews = api.get(f"/v1/examples/{proposed['id']}/trace")["revisions"][0]["rounds"][0]["reviews"]
    shown = [review["counter_source"] for review in reviews if review["counter_source"]]
    assert [source["url"] for source in shown] == [SOURCE["url"]] * 3


def test_preference_pair_is_shown_in_a_drawn_order_and_compared(api):
    answers = {
        "chosen": [{"role": "assistant", "content": "Both views."}],
        "rejected": [{"role": "assistant", "content": "One view."}],
    }
    body = {key: value for key, value in sft().items() if key != "messages"}
    body |= {"kind": "preference", "prompt": [{"role": "user", "content": "And?"}], **answers}
    api.act("proposer", "/v1/examples", body)
    seat = api.sit("gun-rights-1")
    assert seat["order_shown"] in ("chosen_first", "rejected_first")
    review = ACCEPT | {"example": seat["example"], "revision": seat["revision"]}
    refused = api.call("POST", "/v1/reviews", "gun-rights-1", json=review)
    assert_problem(refused, 409, "refused", rule="review/comparison")
    api.act("gun-rights-1", "/v1/reviews", review | {"comparison": "chosen"})


def test_pluralistic_example_shows_each_positions_answer_and_the_synthesis(api):
    body = {key: value for key, value in sft().items() if key != "messages"}
    answers = [{"position": name, "content": f"As {name} sees it."} for name in body["positions"]]
    body |= {"kind": "pluralistic", "prompt": [{"role": "user", "content": "Why?"}], "answers": answers}
    body |= {"synthesis": "Both see it.", "sources": [SOURCE], "claims": ["fact"]}
    proposed = api.act("proposer", "/v1/examples", body)
    text = api.get(f"/v1/examples/{proposed['id']}", "proposer")["revisions"][0]["text"]
    assert (text["content"]["answers"], text["content"]["synthesis"]) == (answers, "Both see it.")
    assert text["sources"][0]["url"] == SOURCE["url"]
    assert text["origin"]["kind"] == "human"


def test_seat_is_handed_on_and_goes_to_somebody_else(api):
    api.propose("proposer")
    seat = api.sit("gun-rights-1")
    assert api.sit("gun-rights-1") == seat, "asking again gives the same seat"
    api.act("gun-rights-1", f"/v1/seats/{seat['example']}/pass")
    again = api.call("POST", "/v1/seats", "gun-rights-1", json={"topic": TOPIC})
    assert_problem(again, 404, "not-found", says="no seat")
    assert api.sit("gun-rights-2")["example"] == seat["example"]


def test_seat_whose_lease_has_ended_takes_no_review(api):
    api.propose("proposer")
    seat = api.sit("gun-rights-1")
    api.clock.advance(days=4)
    late = api.call("POST", "/v1/reviews", "gun-rights-1", json=ACCEPT | {k: seat[k] for k in ("example", "revision")})
    assert_problem(late, 409, "refused", rule="seat/lease")


def test_review_is_superseded_while_the_round_is_open_and_both_are_told(api):
    proposed = api.propose("proposer")
    first = api.review("gun-rights-1", REJECT)
    second = api.act("gun-rights-1", f"/v1/reviews/{proposed['id']}", ACCEPT, method="PUT")
    assert first["leaf"] != second["leaf"]
    for handle in ["gun-rights-2", "gun-rights-3", *REVIEWERS["stricter-regulation"][:3]]:
        api.review(handle)
    api.close_epoch()
    reviews = api.get(f"/v1/examples/{proposed['id']}/trace")["revisions"][0]["rounds"][0]["reviews"]
    assert {review["leaf"]: review["counted"] for review in reviews}[first["leaf"]] is False
    assert {review["leaf"]: review["counted"] for review in reviews}[second["leaf"]] is True
    late = api.call("PUT", f"/v1/reviews/{proposed['id']}", "gun-rights-1", json=REJECT)
    assert_problem(late, 409, "refused", rule="review/round-open")


def test_rejected_example_is_revised_and_judged_anew(api):
    proposed = api.propose("proposer")
    api.review_all(dict.fromkeys(PERSPECTIVES, REJECT))
    revised = api.act("proposer", f"/v1/examples/{proposed['id']}/revisions", sft("Now both sides stand in it."))
    assert revised["id"] == proposed["id"]
    assert api.review_all()["outcome"] == "accepted"
    api.close_epoch()
    found = api.get(f"/v1/examples/{proposed['id']}")
    assert [item["rounds"][0]["outcome"] for item in found["revisions"]] == ["rejected", "accepted"]
    assert found["standing"] == revised["leaf"]


@pytest.mark.parametrize(("reason", "at_once"), [("safety", "withdrawn"), ("author_choice", None)])
def test_withdrawal_hides_the_text_at_once_where_somebody_needs_protection(api, reason, at_once):
    proposed = api.propose("proposer")
    api.review_all()
    api.close_epoch()
    path = f"/v1/examples/{proposed['id']}"
    assert api.get(path)["revisions"][0]["text"]
    api.act("proposer", f"{path}/withdrawal", {"reason": reason})
    assert api.get(path)["revisions"][0]["withheld"] == at_once
    assert api.get(path)["status"] == "accepted", "the log does not tell of it yet"
    assert api.get("/v1/examples?status=accepted")["examples"]
    api.close_epoch()
    assert api.get(path)["status"] == "withdrawn"
    assert api.get(path)["revisions"][0]["withheld"] == "withdrawn"
    assert api.get(f"{path}/trace")["withdrawal"]["reason"] == reason
    assert not api.get("/v1/examples?status=accepted")["examples"]
    assert api.get(path, "proposer")["revisions"][0]["text"], "the proposer's own text"


def test_appeal_seats_other_people_and_the_first_outcome_stands_meanwhile(api):
    proposed = api.propose("proposer")
    api.review_all({"gun-rights": REJECT})
    api.act("proposer", "/v1/appeals", {"example": proposed["id"], "rationale": "One side misread the question."})
    refused = api.call("POST", "/v1/seats", "gun-rights-1", json={"topic": TOPIC})
    assert_problem(refused, 404, "not-found")
    assert api.sit("gun-rights-4")["stage"] == 2
    api.close_epoch()
    found = api.get(f"/v1/examples/{proposed['id']}")
    assert found["status"] == "contested"
    assert [stage["open"] for stage in found["revisions"][0]["rounds"]] == [False, True]
    assert found["proposer"] is None, "a round is open again"
    again = api.call("POST", "/v1/appeals", "proposer", json={"example": proposed["id"], "rationale": "Once more."})
    assert_problem(again, 409, "refused", rule="appeal/once")


def test_flag_withholds_the_text_until_it_is_settled_and_two_perspectives_uphold_it(api):
    proposed = api.propose("proposer")
    api.review_all()
    api.close_epoch()
    path = f"/v1/examples/{proposed['id']}"
    form = {"example": proposed["id"], "revision": proposed["leaf"], "ground": "personal_data", "evidence": "A name."}
    flag = api.act("contributor", "/v1/flags", form)
    found = api.get(path)
    assert found["revisions"][0]["withheld"] == "flagged"
    assert found["revisions"][0]["text"] is None
    for handle in ("gun-rights-4", "stricter-regulation-4"):
        api.act(handle, f"/v1/flags/{flag['leaf']}/upholds")
    api.close_epoch()
    (shown,) = api.get(path)["flags"]
    assert (shown["id"], shown["status"], shown["ground"]) == (flag["leaf"], "upheld", "personal_data")


def test_declared_perspective_shows_in_the_own_account_only(api):
    body = {"topic": TOPIC, "perspective": "gun-rights"}
    api.act("contributor", "/v1/perspectives", body)
    assert api.get("/v1/me", "contributor")["declared"] == {TOPIC: "gun-rights"}
    api.act("contributor", "/v1/perspectives", body | {"perspective": None})
    assert api.get("/v1/me", "contributor") == {
        "handle": "contributor",
        "roles": ["contributor"],
        "languages": ["en", "fr"],
        "simulated": False,
        "declared": {},
    }


def test_topics_are_told_in_full(api):
    topics = {topic["id"]: topic for topic in api.get("/v1/topics")["topics"]}
    assert list(topics) == sorted(topics)
    assert {"taiwan-status", TOPIC} < set(topics)
    assert api.get(f"/v1/topics/{TOPIC}") == topics[TOPIC]
    assert {position["held_by"] for position in topics[TOPIC]["positions"]} == set(PERSPECTIVES)


def test_releases_are_listed_newest_first(api):
    assert api.get("/v1/releases") == {"releases": [], "next": None}
    row = {"size": 3, "root": "0" * 64, "manifest": "1" * 64, "leaf": "2" * 64}
    with api.platform.write() as writing:
        for version in ("0.9.0", "0.10.0"):
            writing.connection.execute(insert(releases), {"version": version, **row})
    assert [item["version"] for item in api.get("/v1/releases")["releases"]] == ["0.10.0", "0.9.0"]


def test_platform_answers_that_it_is_well(api):
    assert api.get("/healthz") == {"status": "ok"}


def test_list_is_filtered_and_paged_in_the_order_of_ids(api):
    ids = sorted(api.propose("proposer", text=f"Text {number}.")["id"] for number in range(5))
    french = api.propose("proposer", language="fr")["id"]
    api.close_epoch()
    assert api.get("/v1/examples?language=fr&kind=sft&topic=us-gun-policy")["examples"][0]["id"] == french
    found, cursor = [], ""
    while True:
        page = api.get(f"/v1/examples?language=en&status=needs_reviews&limit=2{cursor}")
        found += [line["id"] for line in page["examples"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert found == ids
    assert api.get("/v1/examples?topic=taiwan-status")["examples"] == []


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "status=open", "language=zh", "cursor=1", "langauge=en", "kind="]
)
def test_filter_that_means_nothing_is_the_callers_mistake(api, query):
    name = query.partition("=")[0]
    assert_problem(api.call("GET", f"/v1/examples?{query}"), 422, "invalid-input", fields=[name])
