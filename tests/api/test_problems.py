"""Every refusal and every malformed request, as a problem that repeats nothing."""

from __future__ import annotations

import json
import logging

import pytest
from sqlalchemy.exc import OperationalError

from curation.errors import (
    BackupInvalid,
    BundleInvalid,
    CallerError,
    Conflict,
    EvenhandError,
    HomeUnusable,
    InvalidInput,
    LogInconsistent,
    NotAllowed,
    NoteInvalid,
    NotFound,
    Refused,
    Unavailable,
    WorldError,
)
from curation.rulebook.rules import RULES
from curation_api import arriving
from curation_api.errors import (
    BadHeader,
    ChangedSince,
    InvalidBody,
    Malformed,
    NoSuchPart,
    NoSuchPath,
    RequestError,
    TooLarge,
    TooMany,
    Unauthenticated,
    UnsupportedBody,
    WrongMethod,
    problem_of,
    status_of,
)
from tests.api.support import ACCEPT, REJECT, TOPIC, assert_problem, sft

JSON = {"Content-Type": "application/json"}
SECRET = "zz-what-was-sent-zz"


def descendants(error):
    return {error}.union(*(descendants(child) for child in error.__subclasses__()))


def test_every_error_of_the_tree_has_a_status():
    expected = {
        InvalidInput: 422,
        InvalidBody: 422,
        NotFound: 404,
        Refused: 409,
        NotAllowed: 403,
        Conflict: 409,
        RequestError: 400,
        Malformed: 400,
        BadHeader: 400,
        Unauthenticated: 401,
        NoSuchPath: 404,
        WrongMethod: 405,
        ChangedSince: 412,
        TooLarge: 413,
        UnsupportedBody: 415,
        NoSuchPart: 416,
        TooMany: 429,
        WorldError: 500,
        LogInconsistent: 500,
        NoteInvalid: 500,
        BundleInvalid: 500,
        BackupInvalid: 500,
        HomeUnusable: 500,
        Unavailable: 503,
    }
    ours = {
        item for item in descendants(EvenhandError) if item.__module__ in ("curation.errors", "curation_api.errors")
    }
    assert ours - {EvenhandError, CallerError} == set(expected)
    for error, status in expected.items():
        made: EvenhandError = Exception.__new__(error)
        made.__dict__.update(message="m", where="", hint="", rule="auth/one-key", problems=[("a", "m")], own_headers={})
        made.__dict__.update(uncertain=False)
        assert status_of(made) == status
        if error is not RequestError:
            assert problem_of(made).status == status


@pytest.mark.parametrize("rule", sorted(RULES))
def test_refusal_says_its_rule_in_a_sentence(rule):
    problem = problem_of(Refused(rule, "it is so", hint="Do otherwise."))
    assert (problem.status, problem.type, problem.detail, problem.hint) == (
        409,
        "/problems/refused",
        "it is so",
        "Do otherwise.",
    )
    assert problem.rule is not None
    assert (problem.rule.id, problem.rule.sentence) == (rule, RULES[rule])


def judged(api, who, judgement, proposed):
    body = judgement | {"example": proposed["id"], "revision": proposed["leaf"]}
    return api.call("POST", "/v1/reviews", who, json=body)


def test_refusals_name_the_rule(api):
    def refused(rule, response):
        assert_problem(response, 409, "refused", rule=rule)

    def post(who, path, body):
        return api.call("POST", path, who, json=body)

    refused("propose/positions-known", post("proposer", "/v1/examples", sft(positions=["one-china-principle"])))
    refused("propose/language", post("proposer", "/v1/examples", sft(language="de")))
    refused("propose/licence", post("proposer", "/v1/examples", sft(license="MIT")))
    refused("propose/links", post("proposer", "/v1/examples", sft(mirrors=["ex_aaaaaaaaaaaaaaaa"])))
    proposed = api.propose("proposer")
    path = f"/v1/examples/{proposed['id']}"
    refused("revise/only-proposer", post("contributor", f"{path}/revisions", sft("Mine.")))
    refused("revise/same-example", post("proposer", f"{path}/revisions", sft(language="fr")))
    refused("withdraw/only-proposer", post("contributor", f"{path}/withdrawal", {"reason": "error"}))
    refused("review/declared", post("contributor", "/v1/seats", {"topic": TOPIC}))
    refused("declare/topic-known", post("contributor", "/v1/perspectives", {"topic": TOPIC, "perspective": "none"}))
    refused("seat/lease", judged(api, "gun-rights-1", ACCEPT, proposed))
    refused("review/not-own", judged(api, "proposer", ACCEPT, proposed))
    refused("review/supersede-own", api.call("PUT", f"/v1/reviews/{proposed['id']}", "gun-rights-1", json=ACCEPT))
    refused("appeal/ended", post("proposer", "/v1/appeals", {"example": proposed["id"], "rationale": "Why?"}))
    form = {"example": proposed["id"], "revision": proposed["leaf"], "ground": "source", "evidence": "Not there."}
    refused("flag/seat-holder", post("contributor", "/v1/flags", form))
    refused("flag/revision-known", post("contributor", "/v1/flags", form | {"revision": "0" * 64}))
    flag = api.act("contributor", "/v1/flags", form | {"ground": "law"})
    refused("flag/once", post("gun-rights-1", "/v1/flags", form | {"ground": "law"}))
    api.act("contributor", "/v1/perspectives", {"topic": TOPIC, "perspective": "gun-rights"})
    refused("flag/uninvolved", post("contributor", f"/v1/flags/{flag['leaf']}/upholds", {}))
    api.sit("gun-rights-1")
    refused("seat/one-topic", post("gun-rights-1", "/v1/seats", {"topic": "taiwan-status"}))
    api.act("proposer", f"{path}/withdrawal", {"reason": "error"})
    refused("withdraw/once", post("proposer", f"{path}/withdrawal", {"reason": "error"}))


def test_refused_act_changes_nothing(api):
    api.propose("proposer")
    for _ in range(2):
        response = api.call("POST", "/v1/examples", "proposer", json=sft("Another text.", license="MIT"))
        assert_problem(response, 409, "refused", rule="propose/licence")
    api.close_epoch()
    assert len(api.get("/v1/examples")["examples"]) == 1


def test_unknown_topic_is_not_found(api):
    for response in (
        api.call("POST", "/v1/examples", "proposer", json=sft(topic="no-topic")),
        api.call("POST", "/v1/seats", "proposer", json={"topic": "no-topic"}),
        api.call("POST", "/v1/perspectives", "proposer", json={"topic": "no-topic", "perspective": None}),
        api.call("GET", "/v1/topics/no-topic"),
    ):
        assert_problem(response, 404, "not-found")


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/examples/{SECRET}",
        f"/v1/examples/{SECRET}/trace",
        "/v1/examples/EX_AAAAAAAAAAAAAAAA",
        f"/v1/topics/{SECRET}--",
        "/v1/topics/%00",
        "/v1/topics/%ED%A0%80",
        f"/{SECRET}",
        "/v1/topics/",
        "/docs",
        "/redoc",
        "/problems/refused",
    ],
)
def test_path_that_names_nothing_is_not_found(api, path):
    assert SECRET not in json.dumps(assert_problem(api.call("GET", path), 404, "not-found"))


def test_wrong_method_names_the_right_ones(api):
    response = api.call("DELETE", "/v1/examples")
    assert_problem(response, 405, "method-not-allowed")
    assert response.headers["allow"] == "GET, POST"
    assert api.call("POST", "/healthz").headers["allow"] == "GET"
    assert api.call("GET", "/v1/reviews/ex_aaaaaaaaaaaaaaaa").headers["allow"] == "PUT"
    assert api.call("POST", "/openapi.json").headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b'{"a": 1} x', "is not JSON"),
        (b'{"zz-what-was-sent-zz": 1, "zz-what-was-sent-zz": 2}', "the key occurs twice"),
        (b'{"a": NaN}', "is no JSON number"),
        (b'{"a": -Infinity}', "is no JSON number"),
        (b'{"a": "\\ud800"}', "lone surrogate"),
        (b'{"a": "\xff"}', "is not UTF-8"),
        ("{}".encode("utf-16"), "is not UTF-8"),
        (b'{"a": ' + b"9" * 5000 + b"}", "too many digits"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
    ],
)
def test_body_that_is_no_strict_json_is_malformed(api, content, says):
    response = api.call("POST", "/v1/examples", "proposer", content=content, headers=JSON)
    problem = assert_problem(response, 400, "malformed", says=says)
    assert SECRET not in json.dumps(problem)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_body_of_another_type_is_unsupported(api, headers):
    response = api.call("POST", "/v1/examples", "proposer", content=json.dumps(sft()).encode(), headers=headers)
    assert_problem(response, 415, "unsupported-body")


def test_charset_utf8_may_be_named(api):
    headers = {"Content-Type": 'Application/JSON; Charset="UTF-8"'}
    response = api.call("POST", "/v1/examples", "proposer", content=json.dumps(sft()).encode(), headers=headers)
    assert response.status_code == 201


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        ("/v1/examples", [], [""]),
        ("/v1/examples", None, [""]),
        ("/v1/examples", "text", [""]),
        ("/v1/examples", {}, [""]),
        ("/v1/examples", sft(kind=SECRET), ["kind"]),
        ("/v1/examples", sft(topic=7), ["topic"]),
        ("/v1/examples", sft(unknown=1), ["unknown"]),
        ("/v1/examples", sft() | {f"<b>{SECRET}": 1}, ["?"]),
        ("/v1/examples", sft(messages=[{"role": "user", "content": SECRET}]), ["messages"]),
        ("/v1/examples", sft(text=f"{SECRET}\u202e"), ["messages.1.content"]),
        ("/v1/examples", sft(topic=SECRET + "!", license=""), ["license", "topic"]),
        ("/v1/seats", {"topic": TOPIC, "example": "ex_aaaaaaaaaaaaaaaa"}, ["example"]),
        ("/v1/seats", {"topic": TOPIC, "language": "zh"}, ["language"]),
        ("/v1/perspectives", {"topic": TOPIC}, ["perspective"]),
        ("/v1/reviews", ACCEPT, ["example", "revision"]),
        ("/v1/reviews", {"verdict": "reject", "example": "ex_aaaaaaaaaaaaaaaa", "revision": "0" * 64}, [""]),
        (
            "/v1/reviews",
            REJECT | {"scores": {SECRET: 9}},
            ["example", "revision", f"scores.{SECRET}.[key]", "scores.?"],
        ),
        ("/v1/appeals", {"example": SECRET, "rationale": "x"}, ["example"]),
        (
            "/v1/flags",
            {"example": "ex_aaaaaaaaaaaaaaaa", "revision": "0" * 64, "ground": SECRET},
            ["evidence", "ground"],
        ),
    ],
)
def test_body_that_is_not_what_its_schema_says_has_every_field_named(api, path, body, fields):
    response = api.call("POST", path, "proposer", content=json.dumps(body).encode(), headers=JSON)
    problem = assert_problem(response, 422, "invalid-input")
    if not any("scores" in field for field in fields):
        assert sorted(item["field"] for item in problem["errors"]) == fields
    assert all(item["message"] for item in problem["errors"])
    assert not [item for item in problem["errors"] if SECRET in item["message"]]
    assert "<b>" not in response.text


def test_domain_that_finds_input_invalid_names_the_field():
    problem = problem_of(InvalidInput("this home is for another dataset", where="slug"))
    assert problem.errors is not None
    assert [(item.field, item.message) for item in problem.errors] == [("slug", "this home is for another dataset")]


def test_body_over_the_limit_is_refused_before_anybody_is_asked_who_they_are(api):
    limit = arriving.MAX_BODY_BYTES
    content = json.dumps(sft("x" * limit)).encode()
    assert_problem(api.call("POST", "/v1/examples", content=content, headers=JSON), 413, "too-large")
    chunks = (content[start : start + 10_000] for start in range(0, len(content), 10_000))
    response = api.client.post("/v1/examples", content=chunks, headers=JSON)
    assert_problem(response, 413, "too-large")
    padded = b" " * (limit - len(json.dumps(sft()))) + json.dumps(sft()).encode()
    assert len(padded) == limit
    assert api.call("POST", "/v1/examples", "proposer", content=padded, headers=JSON).status_code == 201
    assert_problem(api.call("POST", "/v1/examples", "proposer", content=padded + b" ", headers=JSON), 413, "too-large")
    lying = {**JSON, "Content-Length": "9" * 30}
    assert_problem(api.client.post("/v1/examples", content=b"{}", headers=lying), 413, "too-large")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RuntimeError(SECRET), 500, "internal"),
        (LogInconsistent(SECRET), 500, "internal"),
        (OperationalError(SECRET, {"secret": SECRET}, Exception(SECRET)), 503, "unavailable"),
    ],
)
def test_what_breaks_inside_says_nothing_of_itself(api, monkeypatch, caplog, error, status, code):
    def break_down(*_args, **_kwargs):
        raise error

    monkeypatch.setattr("curation_api.routes.examples.propose_example", break_down)
    with caplog.at_level(logging.DEBUG):
        response = api.call("POST", "/v1/examples", "proposer", json=sft())
    assert_problem(response, status, code)
    assert SECRET not in response.text
    assert "Traceback" not in response.text + caplog.text
    assert type(error).__name__ in caplog.text or isinstance(error, LogInconsistent)
    assert (SECRET in caplog.text) == isinstance(error, LogInconsistent), "only messages of our own tree are logged"


def test_rationale_that_reveals_a_hidden_character_is_not_repeated(api):
    body = REJECT | {"rationale": f"{SECRET}\u200b", "example": "ex_aaaaaaaaaaaaaaaa", "revision": "0" * 64}
    response = api.call("POST", "/v1/reviews", "proposer", json=body)
    assert_problem(response, 422, "invalid-input", fields=["rationale"])
    assert SECRET not in response.text
