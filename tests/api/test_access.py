"""Who may call what: every route, with no token, a wrong one, a contributor's and a maintainer's."""

from __future__ import annotations

import hashlib

import pytest
from fastapi.routing import iter_route_contexts
from sqlalchemy import select

from curation.people.accounts import actor_by_handle, revoke_tokens
from curation.releases import jobs
from curation.tables import tokens
from tests.api.support import ACCEPT, TOPIC, assert_problem, sft

EXAMPLE = "ex_aaaaaaaaaaaaaaaa"
HASH = "a" * 64
REVIEW = ACCEPT | {"example": EXAMPLE, "revision": HASH}
FLAG = {"example": EXAMPLE, "revision": HASH, "ground": "law", "evidence": "Here."}
APPEAL = {"example": EXAMPLE, "rationale": "Because."}
RULE = {"seats": 5, "min_accepts": 3, "min_share_percent": 60}
POLICY = {
    "standard": RULE,
    "high": RULE,
    "round_days": 60,
    "lease_hours": 72,
    "max_revisions": 3,
    "flag_days": 14,
}
OVERRULING = {"topic": TOPIC, "gates": ["balance/coverage"], "reason": "The rest follows."}
ABSENT = (404, 401, 404, 404)
NOWHERE = (404, 404, 404, 404)
UNASKED = (200, 200, 200, 200)  # no token is looked at, so a wrong one does no harm
NOBODY = "p_" + "a" * 26
REFUSED = (401, 401, 403, 403)  # for administrators only
OVERSEEN = (401, 401, 403, 200)
ACT = (401, 401, 404, 403)  # the maintainer here is no contributor

# Method, path, what is sent, and the statuses for: no token, a wrong one, a contributor, a maintainer.
TABLE = [
    ("POST", "/v1/examples", sft(), (401, 401, 201, 403)),
    ("POST", "/v1/examples/{example}/revisions", sft(), ACT),
    ("POST", "/v1/examples/{example}/withdrawal", {"reason": "error"}, ACT),
    ("GET", "/v1/examples", None, UNASKED),
    ("GET", "/v1/examples/{example}", None, ABSENT),
    ("GET", "/v1/examples/{example}/trace", None, ABSENT),
    ("POST", "/v1/seats", {"topic": TOPIC}, (401, 401, 409, 403)),
    ("POST", "/v1/seats/{example}/pass", None, ACT),
    ("POST", "/v1/reviews", REVIEW, ACT),
    ("PUT", "/v1/reviews/{example}", ACCEPT, ACT),
    ("POST", "/v1/appeals", APPEAL, ACT),
    ("GET", "/v1/flags", None, (401, 401, 200, 200)),
    ("GET", "/v1/flags/{flag}", None, (401, 401, 404, 404)),
    ("POST", "/v1/flags", FLAG, ACT),
    ("POST", "/v1/flags/{flag}/upholds", None, ACT),
    ("POST", "/v1/perspectives", {"topic": TOPIC, "perspective": "gun-rights"}, (401, 401, 201, 403)),
    ("GET", "/v1/topics", None, UNASKED),
    ("GET", "/v1/search", None, UNASKED),
    ("GET", "/v1/leaves/{leaf}", None, NOWHERE),
    ("GET", "/v1/topics/{topic}", None, UNASKED),
    ("GET", "/v1/topics/{topic}/objections", None, (401, 401, 200, 200)),
    ("GET", "/v1/proposed-topics", None, (200, 401, 200, 200)),
    ("GET", "/v1/proposed-topics/{topic}", None, ABSENT),
    ("GET", "/v1/releases", None, UNASKED),
    ("GET", "/v1/oversight", None, OVERSEEN),
    ("GET", "/v1/oversight/topics/{topic}/reviewers", None, OVERSEEN),
    ("GET", "/v1/policies", None, OVERSEEN),
    ("POST", "/v1/policies/drafts", {"policy": POLICY, "reason": "More seats."}, (401, 401, 403, 201)),
    ("POST", "/v1/policies/drafts/{draft}/agreement", None, (401, 401, 403, 404)),
    ("POST", "/v1/policies/drafts/{draft}/removal", None, (401, 401, 403, 404)),
    ("GET", "/v1/releases/{version}", None, NOWHERE),
    ("GET", "/v1/releases/{version}/files/{path}", None, NOWHERE),
    ("GET", "/v1/releases/{version}/rows/{config}/{split}", None, NOWHERE),
    ("GET", "/v1/exports/examples", None, UNASKED),
    ("GET", "/v1/exports/traces", None, UNASKED),
    ("GET", "/v1/releases/{version}/diff", None, NOWHERE),
    ("POST", "/v1/roles", {"handle": "auditor", "roles": ["contributor"]}, REFUSED),
    ("GET", "/v1/suspensions", None, REFUSED),
    ("POST", "/v1/suspensions", {"topic": TOPIC, "pseudonym": NOBODY, "ground": "spam"}, REFUSED),
    ("POST", "/v1/suspensions/{pseudonym}/end", None, REFUSED),
    ("GET", "/v1/webhooks", None, OVERSEEN),
    ("POST", "/v1/webhooks", {"url": "https://example.org/hook"}, (401, 401, 403, 201)),
    ("POST", "/v1/webhooks/{receiver}/secret", None, (401, 401, 403, 404)),
    ("POST", "/v1/webhooks/{receiver}/removal", None, (401, 401, 403, 404)),
    ("GET", "/v1/next-release", None, OVERSEEN),
    ("POST", "/v1/next-release/plan", None, (401, 401, 403, 202)),
    ("POST", "/v1/next-release/overrulings", OVERRULING, (401, 401, 403, 202)),
    ("POST", "/v1/next-release/cut", None, (401, 401, 403, 202)),
    ("POST", "/v1/integrations/label-studio/webhook", None, (403, 403, 403, 403)),
    ("GET", "/v1/me", None, (401, 401, 200, 200)),
    ("GET", "/log/checkpoint", None, UNASKED),
    ("GET", "/log/tile/{path}", None, NOWHERE),
    ("GET", "/healthz", None, UNASKED),
    ("GET", "/openapi.json", None, UNASKED),
]
FILLED = {
    "{version}": "1.0.0",
    "{config}": "sft",
    "{split}": "train",
    "{example}": EXAMPLE,
    "{flag}": HASH,
    "{leaf}": HASH,
    "{topic}": TOPIC,
    "{draft}": "d_aaaa",
    "{receiver}": "wh_aaaa",
    "{pseudonym}": NOBODY,
    "{path}": "0/000.p/255",
}
CODES = {401: "unauthenticated", 403: "not-allowed", 404: "not-found", 409: "refused"}


def fill(path):
    for name, value in FILLED.items():
        path = path.replace(name, value)
    return path


@pytest.fixture(autouse=True)
def begun(monkeypatch):
    """Who may begin long work is asked here, not what it does."""
    monkeypatch.setattr(jobs, "_start", lambda home, lock, wanted: None)


def test_table_has_every_route(api):
    served = set()
    for context in iter_route_contexts(api.client.app.routes):
        path = str(context.path).replace("{path:path}", "{path}")
        served |= {(method, path) for method in (context.methods or set()) - {"HEAD"}}
    assert served == {(method, path) for method, path, _, _ in TABLE}
    documented = {(method.upper(), path) for path, item in api.document["paths"].items() for method in item}
    assert documented == served - {("GET", "/openapi.json")}


@pytest.mark.parametrize(("method", "path", "body", "expected"), TABLE, ids=[f"{row[0]} {row[1]}" for row in TABLE])
def test_route_lets_in_whom_it_should(api, method, path, body, expected):
    api.tokens = api.tokens | {"nobody": "evh_" + "x" * 43}
    for who, status in zip((None, "nobody", "contributor", "maintainer"), expected, strict=True):
        sent = {} if body is None else {"json": body}
        response = api.call(method, fill(path), who, **sent)
        assert response.status_code == status, (who, response.text)
        if status in CODES:
            assert_problem(response, status, CODES[status], rule="review/declared" if status == 409 else None)
        if status == 401:
            assert response.headers["www-authenticate"].startswith("Bearer")


def test_administrator_has_every_role(api):
    assert api.propose("administrator")["id"]


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "evh_x", "Bearer é", "Bearer \t", "Bearer a b"]
)
def test_header_that_holds_no_known_token_is_refused_even_where_none_is_needed(api, header):
    for path in ("/v1/me", f"/v1/examples/{EXAMPLE}"):
        response = api.call("GET", path, headers={"Authorization": header.encode("latin-1")})
        assert_problem(response, 401, "unauthenticated")
        assert "evh_x" not in response.text


def test_two_tokens_are_none(api):
    token = f"Bearer {api.tokens['contributor']}"
    response = api.client.get("/v1/me", headers=[("Authorization", token), ("Authorization", token)])
    assert_problem(response, 401, "unauthenticated")


def test_scheme_is_read_in_any_case(api):
    headers = {"Authorization": f"bEARER {api.tokens['contributor']}"}
    assert api.call("GET", "/v1/me", headers=headers).status_code == 200


def test_revoked_token_is_nobodys(api):
    with api.platform.write() as writing:
        revoke_tokens(writing.connection, actor_by_handle(writing.connection, "contributor").account)
    assert_problem(api.call("GET", "/v1/me", "contributor"), 401, "unauthenticated")


def test_tokens_are_kept_as_their_hash_only(api):
    with api.platform.read() as loaded:
        digests = set(loaded.connection.execute(select(tokens.c.digest)).scalars())
    assert hashlib.sha256(api.tokens["proposer"].encode()).hexdigest() in digests
    assert not digests & set(api.tokens.values())
