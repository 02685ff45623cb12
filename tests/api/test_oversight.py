"""What maintainers and auditors look at, on the pages and over the API: no figure tells a vote of an open round."""

from __future__ import annotations

import pytest

from curation.people.accounts import actor_by_handle
from curation.people.sessions import open_session
from curation_api.routes.oversight import odd_view
from curation_validators.gaming import ODD_RULES, Odd
from tests.api.pages import LANGUAGES, Browser
from tests.api.support import PERSPECTIVES, REJECT, REVIEWERS, TOPIC, assert_problem, sft

EVIDENCE = "Its source says <b>nothing</b> of the kind."
MARK = "A phrase that only this text has."


def browser_of(api, handle, language="en"):
    browser = Browser(api.platform, language)
    with api.platform.write() as writing:
        account = actor_by_handle(writing.connection, handle).account
        token = open_session(writing.connection, account, writing.now, writing.token_bytes)
    browser.client.cookies.set("evenhand_session", token)
    return browser


def figures(api, who="maintainer"):
    return api.get("/v1/oversight", who)


def empty(api):
    found = {item["perspective"]: item["empty"] for item in figures(api)["seats"] if item["topic"] == TOPIC}
    return [found.get(perspective, 0) for perspective in PERSPECTIVES]


def of_topic(api):
    return next(item for item in figures(api)["topics"] if item["topic"] == TOPIC)


def test_empty_seats_are_those_of_earlier_epochs_and_move_once_a_day(api):
    api.propose()
    assert empty(api) == [0, 0], "a round that opened in the open epoch is in no figure"
    api.close_epoch()
    assert empty(api) == [3, 3]
    api.review(REVIEWERS[PERSPECTIVES[0]][0])
    assert empty(api) == [3, 3], "nobody can watch when a review comes in"
    api.clock.advance(days=1)
    assert empty(api) == [2, 3]


def test_votes_are_in_the_figures_when_their_round_has_ended_and_its_epoch_is_closed(api):
    proposed = api.propose()
    api.close_epoch()
    assert [item["example"] for item in figures(api)["oldest"]] == [proposed["id"]]
    api.review_all({PERSPECTIVES[0]: REJECT})
    before = figures(api)
    assert of_topic(api)["agreement"]["votes"] == 0
    assert of_topic(api)["outcomes"] == []
    assert [item["example"] for item in before["oldest"]] == [proposed["id"]], "its end is not public yet"
    api.close_epoch()
    after = of_topic(api)
    assert figures(api)["oldest"] == []
    assert after["agreement"] == {"votes": 6, "revisions": 1, "alpha": None, "low": None, "high": None}
    assert {name: found["votes"] for name, found in after["within"].items()} == dict.fromkeys(PERSPECTIVES, 3)
    assert after["contested"] == 1
    assert after["outcomes"] == [{"epoch": 2, "accepted": 0, "contested": 1, "rejected": 0, "unresolved": 0}]
    assert api.get(f"/v1/oversight/topics/{TOPIC}/reviewers", "auditor") == {"topic": TOPIC, "odd": []}


def test_reason_to_look_at_reviewers_comes_with_its_rule_and_what_to_do():
    view = odd_view(Odd(TOPIC, ("p_" + "a" * 26, "p_" + "b" * 26), "judged 60 revisions together", "together", {}))
    assert (view.rule, view.version, view.hint) == ("reviewing/together", 1, ODD_RULES["reviewing/together"].hint)


def test_superseded_review_is_in_no_figure(api):
    proposed = api.propose()
    api.review(REVIEWERS[PERSPECTIVES[0]][0], REJECT)
    api.act(REVIEWERS[PERSPECTIVES[0]][0], f"/v1/reviews/{proposed['id']}", {"verdict": "accept"}, method="PUT")
    for perspective, handles in REVIEWERS.items():
        for handle in handles[1:3] if perspective == PERSPECTIVES[0] else handles[:3]:
            api.review(handle)
    api.close_epoch()
    assert of_topic(api)["agreement"]["votes"] == 6


@pytest.mark.parametrize("language", LANGUAGES)
def test_dashboard_and_topic_page_are_whole_in_each_language(api, language):
    api.propose()
    api.review_all({PERSPECTIVES[0]: REJECT})
    proposed = api.propose()
    api.close_epoch()
    browser = browser_of(api, "auditor", language)
    seen = browser.see("/maintain")
    assert f"/examples/{proposed['id']}" in {link["href"] for link in seen.all("a")}
    assert f"/examples?topic={TOPIC}&status=contested" in {link["href"] for link in seen.all("a")}
    assert [part["class"] for part in seen.all("rect")] == ["contested"]
    browser.see(f"/maintain/topics/{TOPIC}")
    browser.see("/maintain/topics/nowhere", 404)


def raise_flag(api, ground="source", who=REVIEWERS[PERSPECTIVES[0]][0]):
    proposed = api.propose(text=MARK)
    api.review_all({PERSPECTIVES[1]: REJECT})
    form = {"example": proposed["id"], "revision": proposed["leaf"], "ground": ground, "evidence": EVIDENCE}
    return api.act(who, "/v1/flags", form)["leaf"]


def test_flag_is_listed_with_its_evidence_when_its_epoch_is_closed_and_upheld_once(api):
    flag = raise_flag(api)
    assert api.get("/v1/flags", "contributor")["flags"] == []
    assert_problem(api.call("GET", f"/v1/flags/{flag}", "maintainer"), 404, "not-found")
    api.close_epoch()
    (listed,) = api.get(f"/v1/flags?topic={TOPIC}", "contributor")["flags"]
    assert (listed["id"], listed["evidence"], listed["status"], listed["upheld_from"]) == (flag, EVIDENCE, "raised", [])
    uninvolved = browser_of(api, REVIEWERS[PERSPECTIVES[0]][3])
    seen = uninvolved.see(f"/flags/{flag}")
    assert EVIDENCE in seen.text, "escaped, and whole"
    assert MARK in seen.text
    assert EVIDENCE in uninvolved.see("/flags").text
    for _ in range(2):
        seen = uninvolved.send(f"/flags/{flag}" if _ == 0 else "/account", f"/flags/{flag}", {})
        assert "You uphold this flag." in seen.text
    api.close_epoch()
    assert api.get(f"/v1/flags/{flag}", "maintainer")["flag"]["upheld_from"] == [PERSPECTIVES[0]]


def test_flagged_text_is_shown_to_who_has_to_judge_it_and_to_nobody_else(api):
    flag = raise_flag(api)
    api.close_epoch()
    expected = {
        "maintainer": ("no_contributor", True),
        "auditor": ("no_contributor", False),
        "contributor": ("undeclared", False),
        "proposer": ("involved", False),
        REVIEWERS[PERSPECTIVES[0]][0]: ("involved", False),
        REVIEWERS[PERSPECTIVES[1]][3]: ("may_uphold", True),
    }
    for who, (part, shown) in expected.items():
        answer = api.call("GET", f"/v1/flags/{flag}", who)
        assert (answer.json()["part"], MARK in answer.text) == (part, shown), who


def test_text_flagged_for_personal_data_is_for_maintainers_and_listed_at_once(api):
    flag = raise_flag(api, "personal_data", "contributor")
    assert [item["id"] for item in api.get("/v1/flags", "maintainer")["flags"]] == [flag]
    assert MARK not in api.call("GET", f"/v1/flags/{flag}", "maintainer").text, "the log has no end of its round yet"
    api.close_epoch()
    for who, shown in (("maintainer", True), (REVIEWERS[PERSPECTIVES[1]][3], False)):
        assert (MARK in api.call("GET", f"/v1/flags/{flag}", who).text) == shown


def test_refused_upholding_says_why_beside_the_form(api):
    flag = raise_flag(api)
    api.close_epoch()
    proposer = browser_of(api, "proposer")
    proposer.see(f"/flags/{flag}")
    seen = proposer.send("/account", f"/flags/{flag}", {}, 409)
    assert "uphold" in seen.text
    proposer.send("/account", f"/flags/{'a' * 64}", {}, 404)


def test_text_of_an_open_round_is_not_shown_by_a_flag(api):
    proposed = api.act("proposer", "/v1/examples", sft(MARK))
    form = {"example": proposed["id"], "revision": proposed["leaf"], "ground": "law", "evidence": EVIDENCE}
    flag = api.act("contributor", "/v1/flags", form)["leaf"]
    api.close_epoch()
    answer = api.call("GET", f"/v1/flags/{flag}", "maintainer")
    assert answer.status_code == 200
    assert MARK not in answer.text
