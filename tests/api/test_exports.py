"""Exports: the same as one by one, of one state, in parts that whoever was cut off can go on from."""

from __future__ import annotations

import json

import pytest

from curation.clock import MovableClock
from curation.examples.erase import Erase, erase_openings
from curation.people.accounts import actor_by_handle
from curation_api import exporting
from tests.api.support import REJECT, SOURCE, START, TOPIC, Api, assert_problem, copy_home, sft

BOTH = {"examples": "/v1/examples/{}", "traces": "/v1/examples/{}/trace"}


def lines_of(api, path, status=200, **headers):
    response = api.call("GET", path, headers={name.replace("_", "-"): text for name, text in headers.items()})
    assert response.status_code == status, response.text
    return [json.loads(line) for line in response.text.splitlines()], response.headers["etag"]


@pytest.fixture(scope="module")
def told(seeded, tmp_path_factory):
    """Examples in every state, sealed; and acts since then, of which nobody may learn yet."""
    clock = MovableClock(START)
    platform = copy_home(seeded, tmp_path_factory.mktemp("exports") / "home", clock)
    api = Api(platform, clock, seeded.tokens)
    made = {"accepted": api.propose(sources=[SOURCE])}
    api.review_all()
    made["contested"] = api.propose()
    api.review_all({"gun-rights": REJECT})
    made["held"] = api.propose()
    api.review_all()
    flag_of(api, made["held"], "law")
    made["revised"] = api.propose()
    api.review_all()
    made["withdrawn"] = api.propose()
    api.act("proposer", f"/v1/examples/{made['withdrawn']['id']}/withdrawal", {"reason": "error"})
    made["open"] = api.propose()
    api.close_epoch()
    api.act("proposer", f"/v1/examples/{made['revised']['id']}/revisions", sft("Said in another way, at length."))
    flag_of(api, made["accepted"], "source")
    made["pending"] = api.propose()
    yield api, made
    platform.home.close()


def flag_of(api, example, ground):
    form = {"example": example["id"], "revision": example["leaf"], "ground": ground, "evidence": "Here."}
    return api.act("gun-rights-1", "/v1/flags", form)


@pytest.mark.parametrize("what", BOTH)
def test_lines_are_what_each_example_says_by_itself_in_the_order_of_ids(told, what, monkeypatch):
    api, made = told
    monkeypatch.setattr("curation_api.routes.exports.PART", 2)
    ids = sorted(one["id"] for name, one in made.items() if name != "pending")
    whole = api.call("GET", f"/v1/exports/{what}").content.splitlines()
    assert whole == [api.call("GET", BOTH[what].format(example)).content for example in ids]
    accepted, _ = lines_of(api, f"/v1/exports/{what}?status=accepted&topic={TOPIC}&kind=sft&language=en")
    assert {line["id"] for line in accepted} == {made[name]["id"] for name in ("accepted", "held", "revised")}
    assert lines_of(api, f"/v1/exports/{what}?topic=kashmir-status")[0] == []


def test_whoever_was_cut_off_goes_on_after_the_last_whole_line(told):
    api, _ = told
    lines, tag = lines_of(api, "/v1/exports/examples")
    for number, line in enumerate(lines):
        assert lines_of(api, f"/v1/exports/examples?cursor={line['id']}", If_Match=tag)[0] == lines[number + 1 :]


def test_tag_changes_with_what_is_public_and_with_nothing_else(api):
    first = api.propose()
    api.review_all()
    second = api.propose()
    api.close_epoch()
    _, tag = lines_of(api, "/v1/exports/examples")
    api.review("gun-rights-1")
    flag_of(api, first, "duplicate")
    assert lines_of(api, "/v1/exports/examples")[1] == tag
    answer = api.call("GET", "/v1/exports/traces", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.headers["etag"]) == (304, tag)

    flag_of(api, first, "personal_data")
    lines, hidden = lines_of(api, "/v1/exports/examples")
    assert [line["revisions"][0]["withheld"] for line in lines if line["id"] == first["id"]] == ["flagged"]
    with api.platform.write() as writing:
        command = Erase(act=second["leaf"], ground="author_request")
        erase_openings(writing, actor_by_handle(writing.connection, "proposer"), command)
    _, erased = lines_of(api, "/v1/exports/examples")
    api.close_epoch()
    _, sealed = lines_of(api, "/v1/exports/examples")
    assert len({tag, hidden, erased, sealed}) == 4
    assert_problem(api.call("GET", "/v1/exports/traces", headers={"If-Match": tag}), 412, "changed-since")


def test_export_breaks_off_where_the_state_changes(told, monkeypatch, caplog):
    api, made = told
    monkeypatch.setattr("curation_api.routes.exports.PART", 1)
    states = iter(["first", "first", "second"])
    monkeypatch.setattr(exporting, "state_of", lambda _loaded: next(states))
    monkeypatch.setattr("curation_api.routes.exports.state_of", lambda _loaded: "first")
    answer = api.client.get("/v1/exports/examples")
    assert len(answer.content.splitlines()) == 3
    assert "line" in caplog.text
    assert made["open"]["id"] not in caplog.text


@pytest.mark.parametrize("query", ["cursor=x", "limit=3", "status=open", "topic=%00", "cursor=ex_aaaaaaaaaaaaaaaa&x=1"])
def test_filters_that_nothing_can_be_narrowed_by_are_refused(told, query):
    api, _ = told
    name = query.split("&")[-1].partition("=")[0]
    assert_problem(api.call("GET", f"/v1/exports/examples?{query}"), 422, "invalid-input", fields=[name])
