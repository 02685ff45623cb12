"""Who may open or send what: every page, for nobody, every role, the owner and somebody else."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from curation.clock import MovableClock
from curation.integrations.label_studio.connection import keep_server
from curation.people.accounts import actor_by_handle
from curation.people.sessions import open_session
from curation.releases import jobs
from curation.writing import Platform
from curation_api.pages.app import create_pages
from tests.api.pages import Browser
from tests.api.support import START, TOPIC, Api, copy_home, sft

OPEN = (200, 200, 200)
IN = (303, 200, 200)  # who is not signed in is led to the sign-in
OUT = (200, 303, 303)  # who is signed in is led to their work
OVERSEEN = (303, 403, 200)
SENT = (401, 303, 303)

# Method, path, what is sent, and the statuses for: nobody, a contributor, a maintainer who is no contributor.
TABLE = [
    ("GET", "/", None, OPEN),
    ("GET", "/how-it-works", None, OPEN),
    ("GET", "/topics", None, OPEN),
    ("GET", "/topics/{topic}", None, OPEN),
    ("GET", "/topics/{topic}/objections", None, OPEN),
    ("POST", "/topics/{topic}/objections", {}, (422, 422, 422)),
    ("POST", "/topics/{topic}/objections/remove", {"objection": "0"}, (401, 403, 404)),
    ("GET", "/topics/{topic}/perspective", None, IN),
    ("POST", "/topics/{topic}/perspective", {"perspective": "gun-rights"}, (401, 303, 403)),
    ("POST", "/topics/{topic}/handle", {}, SENT),
    ("GET", "/examples", None, OPEN),
    ("GET", "/examples/{example}", None, OPEN),
    ("GET", "/leaves/{leaf}", None, OPEN),
    ("GET", "/leaves/{leaf}/proof", None, OPEN),
    ("GET", "/leaves/{leaf}/raw", None, OPEN),
    ("GET", "/releases", None, OPEN),
    ("GET", "/releases/{version}", None, (404, 404, 404)),
    ("GET", "/releases/{version}/files/{path}", None, (404, 404, 404)),
    ("GET", "/releases.atom", None, OPEN),
    ("GET", "/withdrawals.atom", None, OPEN),
    ("GET", "/log", None, OPEN),
    ("GET", "/search", None, OPEN),
    ("GET", "/join", None, OUT),
    ("POST", "/join", {}, (422, 422, 422)),
    ("GET", "/sign-in", None, OUT),
    ("POST", "/sign-in", {"handle": "nobody-here", "passphrase": "x"}, (422, 422, 422)),
    ("GET", "/sign-in/provider", None, (404, 404, 404)),
    ("GET", "/sign-in/provider/back", None, (404, 404, 404)),
    ("GET", "/join/provider", None, (404, 404, 404)),
    ("POST", "/join/provider", {}, (404, 404, 404)),
    ("POST", "/account/provider", {"own": "wrong"}, (404, 404, 404)),
    ("GET", "/recover", None, OPEN),
    ("POST", "/recover", {"handle": "nobody-here", "passphrase": "x" * 20}, (422, 422, 422)),
    ("POST", "/sign-out", {}, (303, 303, 303)),
    ("GET", "/account", None, IN),
    ("POST", "/account/languages", {"language": "en"}, SENT),
    ("POST", "/account/passphrase", {"own": "wrong"}, (401, 422, 422)),
    ("POST", "/account/codes", {"own": "wrong"}, (401, 422, 422)),
    ("POST", "/account/tokens", {}, (401, 200, 200)),
    ("POST", "/account/tokens/revoke", {"token": "a" * 64}, (401, 404, 404)),
    ("POST", "/account/export", {}, (401, 200, 200)),
    ("GET", "/account/leave", None, IN),
    ("POST", "/account/leave", {"own": "wrong", "sure": "yes"}, (401, 422, 422)),
    ("GET", "/account/label-studio", None, IN),
    ("POST", "/account/label-studio", {"email": "x"}, (401, 422, 422)),
    ("POST", "/account/label-studio/end", {}, SENT),
    ("GET", "/work", None, IN),
    ("GET", "/receipts", None, IN),
    ("POST", "/receipts", {"leaf": "{leaf}"}, (401, 404, 404)),
    ("GET", "/propose", None, IN),
    ("GET", "/propose-topic", None, IN),
    ("POST", "/propose-topic", {"do": "propose"}, (401, 422, 422)),
    ("GET", "/propose/{topic}/topic", None, IN),
    ("POST", "/propose/{topic}/topic", {"do": "propose"}, (401, 422, 422)),
    ("GET", "/propose/{topic}/{kind}", None, IN),
    ("POST", "/propose/{topic}/{kind}", {"do": "propose"}, (401, 422, 422)),
    ("POST", "/propose/{topic}/{kind}/look", {}, (401, 200, 200)),
    ("POST", "/examples/{example}/revise/look", {}, (401, 404, 404)),
    ("GET", "/examples/{example}/revise", None, (303, 404, 404)),
    ("GET", "/examples/{example}/revise/topic", None, (303, 404, 404)),
    ("POST", "/examples/{example}/revise/topic", {"do": "propose"}, (401, 404, 404)),
    ("POST", "/examples/{example}/revise/topic/look", {}, (401, 404, 404)),
    ("POST", "/propose-topic/look", {}, (401, 200, 200)),
    ("POST", "/propose/{topic}/topic/look", {}, (401, 200, 200)),
    ("POST", "/examples/{example}/revise", {"do": "propose"}, (401, 404, 404)),
    ("GET", "/review", None, IN),
    ("POST", "/review", {}, SENT),
    ("POST", "/review/seat", {"topic": "taiwan-status"}, (401, 409, 403)),
    ("POST", "/review/pass", {"example": "ex_aaaaaaaaaaaaaaaa"}, (401, 404, 403)),
    ("GET", "/reviews/{example}", None, (303, 404, 404)),
    ("POST", "/reviews/{example}", {}, (401, 404, 404)),
    ("GET", "/flags", None, IN),
    ("GET", "/flags/{flag}", None, IN),
    ("POST", "/flags/{flag}", {}, (401, 303, 403)),
    ("GET", "/maintain", None, OVERSEEN),
    ("GET", "/maintain/topics/{topic}", None, OVERSEEN),
    ("GET", "/maintain/policy", None, OVERSEEN),
    ("GET", "/maintain/people", None, (303, 403, 403)),
    ("POST", "/maintain/people/find", {}, (401, 403, 403)),
    ("POST", "/maintain/people/roles", {}, (401, 403, 403)),
    ("POST", "/maintain/people/suspend", {}, (401, 403, 403)),
    ("POST", "/maintain/people/restore", {}, (401, 403, 403)),
    ("GET", "/maintain/webhooks", None, OVERSEEN),
    ("POST", "/maintain/webhooks", {"url": "http://example.org/hook"}, (401, 403, 422)),
    ("POST", "/maintain/webhooks/secret", {"receiver": "wh_a"}, (401, 403, 404)),
    ("POST", "/maintain/webhooks/remove", {"receiver": "wh_a"}, (401, 403, 404)),
    ("GET", "/maintain/release", None, OVERSEEN),
    ("POST", "/maintain/release/plan", {}, (401, 403, 303)),
    ("POST", "/maintain/release/overrule", {"topic": "{topic}"}, (401, 403, 422)),
    ("POST", "/maintain/release/cut", {}, (401, 403, 303)),
    ("GET", "/releases/{version}/diff", None, (404, 404, 404)),
    ("GET", "/releases/{version}/bundle.tar", None, (404, 404, 404)),
    ("GET", "/maintain/policy/new", None, OVERSEEN),
    ("POST", "/maintain/policy/new", {"do": "draft"}, (401, 403, 422)),
    ("GET", "/maintain/policy/drafts/{draft}", None, (303, 403, 404)),
    ("POST", "/maintain/policy/drafts/{draft}/agree", {}, (401, 403, 303)),
    ("POST", "/maintain/policy/drafts/{draft}/drop", {}, (401, 403, 303)),
    ("GET", "/examples/{example}/withdraw", None, IN),
    ("POST", "/examples/{example}/withdraw", {"reason": "error"}, (401, 409, 403)),
    ("GET", "/examples/{example}/appeal", None, IN),
    ("POST", "/examples/{example}/appeal", {"rationale": "Why."}, (401, 409, 403)),
    ("GET", "/examples/{example}/flag", None, IN),
    (
        "POST",
        "/examples/{example}/flag",
        {"revision": "{leaf}", "ground": "source", "evidence": "Here."},
        (401, 409, 403),
    ),
]
AUDITORS = {
    row[:2]: 403
    for row in TABLE
    if row[0] == "POST" and (row[1].startswith("/maintain/") or row[1].endswith("/objections/remove"))
}
AUDITORS["GET", "/maintain/policy/new"] = 403
"""An auditor sees what a maintainer sees, and does nothing of what maintainers do."""
ADMINISTRATORS = {
    ("GET", "/maintain/people"): 200,
    ("POST", "/maintain/people/find"): 422,
    ("POST", "/maintain/people/roles"): 422,
    ("POST", "/maintain/people/suspend"): 422,
    ("POST", "/maintain/people/restore"): 303,
}
"""What only administrators get. They have every role: else they get what a contributor or a maintainer gets."""
OWNERS = {
    ("GET", "/examples/{example}/revise"): 200,
    ("POST", "/examples/{example}/revise"): 422,
    ("POST", "/examples/{example}/revise/look"): 200,
    ("POST", "/examples/{example}/withdraw"): 303,
}
"""What only the proposer gets."""


@dataclass
class World:
    """A home with one sealed example of the proposer's, being judged, and what fills the holes of a path."""

    platform: Platform
    holes: dict[str, str]

    def fill(self, text: str) -> str:
        for name, value in self.holes.items():
            text = text.replace(name, value)
        return text


@pytest.fixture(scope="module")
def world(seeded, tmp_path_factory):
    begun = pytest.MonkeyPatch()
    begun.setattr(
        jobs, "_start", lambda home, lock, wanted: None
    )  # who may begin a job is asked here, not what it does
    clock = MovableClock(START)
    platform = copy_home(seeded, tmp_path_factory.mktemp("access") / "home", clock)
    api = Api(platform, clock, seeded.tokens)
    made = api.propose("proposer", **sft())
    api.act("contributor", "/v1/perspectives", {"topic": TOPIC, "perspective": "gun-rights"})
    form = {"example": made["id"], "revision": made["leaf"], "ground": "law", "evidence": "A court said so."}
    flag = api.act("simulated", "/v1/flags", form)
    api.close_epoch()
    with platform.write() as writing:
        maintainer = actor_by_handle(writing.connection, "maintainer")
        keep_server(writing, maintainer, "https://label-studio.example.org", "a token")
    holes = {
        "{flag}": flag["leaf"],
        "{topic}": TOPIC,
        "{example}": made["id"],
        "{leaf}": made["leaf"],
        "{version}": "1.0.0",
        "{draft}": "d_aaaa",
        "{kind}": "sft",
        "{path}": "manifest.json",
    }
    yield World(platform, holes)
    begun.undo()
    platform.home.close()


def browser_of(world, handle):
    browser = Browser(world.platform)
    if handle is not None:
        with world.platform.write() as writing:
            account = actor_by_handle(writing.connection, handle).account
            token = open_session(writing.connection, account, writing.now, writing.token_bytes)
        browser.client.cookies.set("evenhand_session", token)
    return browser


def answer_to(world, handle, method, path, fields):
    browser = browser_of(world, handle)
    path = world.fill(path)
    fields = {name: world.fill(text) for name, text in (fields or {}).items()}
    if method == "GET":
        return browser.client.get(path, follow_redirects=False)
    token = browser.token("/account" if handle else "/sign-in")
    return browser.client.post(path, data={"form_token": token, **fields}, follow_redirects=False)


def test_table_has_every_page(world):
    app = create_pages(world.platform)
    served = set()
    for context in iter_route_contexts(app.routes):
        if not isinstance(getattr(context, "route", None), Mount) and context.methods:
            path = str(context.path).replace("{path:path}", "{path}")
            served |= {(method, path) for method in context.methods - {"HEAD"}}
    assert served == {(method, path) for method, path, _, _ in TABLE}


@pytest.mark.parametrize(("method", "path", "fields", "expected"), TABLE, ids=[f"{row[0]} {row[1]}" for row in TABLE])
def test_page_lets_in_whom_it_should(world, method, path, fields, expected):
    for handle, status in zip((None, "contributor", "maintainer"), expected, strict=True):
        answer = answer_to(world, handle, method, path, fields)
        assert answer.status_code == status, (handle, answer.text[:3000])
        if status == 303 and handle is None and method == "GET":
            assert answer.headers["location"] == "/sign-in"
    of_contributors, of_maintainers = expected[1:]
    may = of_maintainers if of_contributors == 403 else of_contributors
    for handle, status in (
        ("auditor", AUDITORS.get((method, path), of_maintainers)),
        ("administrator", ADMINISTRATORS.get((method, path), may)),
    ):
        assert answer_to(world, handle, method, path, fields).status_code == status, handle
    if method == "POST":
        spoilt = browser_of(world, "contributor").client.post(world.fill(path), data={"no": "token"})
        assert spoilt.status_code == 403


@pytest.mark.parametrize(("method", "path"), OWNERS, ids=[f"{method} {path}" for method, path in OWNERS])
def test_owner_gets_what_others_do_not(world, method, path):
    fields = next(row[2] for row in TABLE if row[:2] == (method, path))
    assert answer_to(world, "proposer", method, path, fields).status_code == OWNERS[method, path]
