"""Signing in through a provider: a real one in this process, and everything that an attacker or a bad day sends."""

from __future__ import annotations

import logging
import re
import time
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from curation.clock import MovableClock
from curation.errors import InvalidInput, Unavailable
from curation.people import provider as protocol
from curation.people.accounts import actor_by_handle
from curation.people.credentials import hash_passphrase, keep_passphrase
from curation.people.provider import Provider
from curation.people.sessions import open_session
from curation.tables import accounts, credentials, identities, metadata
from curation_api import create_app
from curation_api.app import provider_from_environment
from curation_api.pages.routes import provider as routes
from tests.api.pages import look_at
from tests.api.support import START, copy_home
from tests.support.provider import CLIENT, SECRET, Served, StandIn

HERE = "http://localhost"
BACK = f"{HERE}/sign-in/provider/back"
TEST_CLIENTS = ("httpx", "httpcore", "uvicorn")
"""Loggers of the browser's part in these tests, and of the stand-in."""
PASSPHRASE = "five random words are good"
CONSENT = {"language": "en", "publish": "yes", "understood": "yes"}


@pytest.fixture(scope="module")
def stand_in():
    made = StandIn(now=START)
    served = Served(made)
    yield made
    served.stop()


@pytest.fixture(scope="module")
def site(stand_in, seeded, tmp_path_factory):
    """A home with its pages, and the provider that they send people to."""
    platform = copy_home(seeded, tmp_path_factory.mktemp("provider") / "home", MovableClock(START))
    provider = Provider(issuer=stand_in.address, client_id=CLIENT, redirect=BACK, secret=SECRET, name="The Stand-in")
    yield platform, create_app(platform, provider=provider), provider
    platform.home.close()


@pytest.fixture
def browser(site, stand_in):
    stand_in.reset()
    _, app, provider = site
    provider._known_until = 0.0
    client = TestClient(app, base_url=HERE, raise_server_exceptions=False, follow_redirects=False)
    client.headers.update({"Accept": "text/html", "Accept-Language": "en"})
    return client


def sent_back(browser):
    """Begin, ask the provider as a browser would, and return the address that it sends back to."""
    begun = browser.get("/sign-in/provider")
    assert begun.status_code == 303, begun.text
    answer = httpx.get(begun.headers["location"], trust_env=False)
    assert answer.status_code == 302
    return answer.headers["location"].removeprefix(HERE)


def come_in(browser):
    return browser.get(sent_back(browser))


def token_in(page):
    return page.partition('name="form_token" value="')[2].partition('"')[0]


def join(browser, handle):
    assert come_in(browser).headers["location"] == "/join/provider"
    page = browser.get("/join/provider")
    look_at(page.text, "en")
    token = token_in(page.text)
    return browser.post("/join/provider", data={"form_token": token, "handle": handle, **CONSENT})


def test_stranger_joins_comes_back_and_leaves(site, stand_in, browser, caplog):
    caplog.set_level(logging.DEBUG)
    platform, _, _ = site
    stand_in.subject = "stranger-of-the-story"
    joined = join(browser, "through-one")
    assert len(re.findall(r"(?:[a-z2-7]{5}-){3}[a-z2-7]{5}", joined.text)) == 8
    browser.cookies.clear()
    assert come_in(browser).headers["location"] == "/work"
    page = browser.get("/account").text
    assert "through-one" in page
    assert "Your handle, to confirm" in page
    with platform.read() as loaded:
        rows = [row for table in metadata.sorted_tables for row in loaded.connection.execute(select(table))]
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith(TEST_CLIENTS)]
    kept = " ".join([*map(str, rows), *logged, joined.text, page])
    for secret in (stand_in.subject, "A Name That Nobody Keeps", "kept-nowhere", "id_token", stand_in.seen[-1]["code"]):
        assert secret not in kept

    token = token_in(page)
    wrong = browser.post("/account/leave", data={"form_token": token, "own": "somebody", "sure": "yes"})
    assert wrong.status_code == 422
    left = browser.post("/account/leave", data={"form_token": token, "own": "through-one", "sure": "yes"})
    assert left.status_code == 200, left.text
    with platform.read() as loaded:
        assert not loaded.connection.execute(select(identities)).all()
        assert "through-one" not in loaded.connection.execute(select(accounts.c.handle)).scalars().all()
    assert come_in(browser).headers["location"] == "/join/provider"


def test_one_identity_has_one_account_and_no_passphrase(site, stand_in, browser):
    platform, app, _ = site
    stand_in.subject = "twice"
    come_in(browser)
    late = dict(browser.cookies)
    assert join(browser, "the-first").status_code == 200
    second = TestClient(app, base_url=HERE, cookies=late, follow_redirects=False, headers={"Accept": "text/html"})
    page = second.get("/join/provider")
    token = token_in(page.text)
    again = second.post("/join/provider", data={"form_token": token, "handle": "the-second", **CONSENT})
    assert again.status_code == 422
    with platform.read() as loaded:
        rows = loaded.connection.execute(select(identities).join(accounts)).all()
        assert len(rows) == 1
        assert "the-second" not in loaded.connection.execute(select(accounts.c.handle)).scalars().all()
        assert not loaded.connection.execute(select(credentials).where(credentials.c.account == rows[0].account)).all()


SPOILT: dict[str, dict[str, Any]] = {
    "another nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None}},
    "another audience": {"claims": {"aud": "somebody-else"}},
    "audiences without us as party": {"claims": {"aud": [CLIENT, "x"], "azp": "x"}},
    "another issuer": {"claims": {"iss": "https://example.org"}},
    "over": {"claims": {"exp": START - 61}},
    "not yet": {"claims": {"nbf": START + 600}},
    "from the future": {"claims": {"iat": START + 600}},
    "no end": {"claims": {"exp": None}},
    "no subject": {"claims": {"sub": None}},
    "an empty subject": {"claims": {"sub": ""}},
    "a subject that is no text": {"claims": {"sub": 7}},
    "a long subject": {"claims": {"sub": "x" * 256}},
    "another access token": {"claims": {"at_hash": "AAAA"}},
    "no signature": {"header": {"alg": "none"}},
    "a key of another": {"signer": "another"},
    "the public key as a shared secret": {"header": {"alg": "HS256"}},
    "an unknown key": {"header": {"kid": "unknown"}},
}


@pytest.mark.parametrize("name", SPOILT)
def test_token_that_is_not_as_it_must_be_signs_nobody_in(site, stand_in, browser, name, caplog):
    for part, value in SPOILT[name].items():
        setattr(stand_in, part, value)
    if stand_in.signer == "another":
        stand_in.signer = type(stand_in.key).generate_key(2048, {"kid": stand_in.key.kid})
    refused(browser, come_in(browser))
    assert "subject" not in caplog.text


def refused(browser, answer, status=422):
    assert answer.status_code == status, answer.text
    assert "evenhand_session" not in answer.headers.get("set-cookie", "")
    assert browser.get("/work").headers["location"] == "/sign-in"
    assert browser.get("/join/provider").headers["location"] == "/sign-in"
    look_at(answer.text, "en")


def test_answer_fits_the_try_and_the_browser_that_began_it(site, browser):
    path = sent_back(browser)
    _, app, _ = site
    stranger = TestClient(app, base_url=HERE, follow_redirects=False, headers={"Accept": "text/html"})
    refused(stranger, stranger.get(path))
    spoilt = re.sub(r"state=[^&]+", "state=another", path)
    refused(browser, browser.get(spoilt))
    refused(browser, browser.get(path))  # a try ends with its first answer


@pytest.mark.parametrize(
    "query",
    ["", "?error=access_denied&state={state}", "?state={state}", "?code=x&state={state}&iss=https://example.org"],
)
def test_answer_without_a_code_of_this_provider_signs_nobody_in(browser, query):
    state = sent_back(browser).partition("state=")[2]
    refused(browser, browser.get("/sign-in/provider/back" + query.format(state=state)))


def test_code_that_was_used_signs_nobody_in(site, stand_in, browser):
    path = sent_back(browser)
    carried = dict(browser.cookies)
    assert browser.get(path).status_code == 303
    _, app, _ = site
    thief = TestClient(app, base_url=HERE, cookies=carried, follow_redirects=False, headers={"Accept": "text/html"})
    refused(thief, thief.get(path))


def test_cookie_that_was_changed_or_is_old_is_none(browser, monkeypatch):
    path = sent_back(browser)
    value = browser.cookies["evenhand_provider"]
    for spoilt in (value[:-1] + ("0" if value[-1] != "0" else "1"), "x" + value, "", ".", "%%%.x"):
        browser.cookies.clear()
        browser.cookies.set("evenhand_provider", spoilt)
        refused(browser, browser.get(path))
    monkeypatch.setattr(routes, "_TRY_SECONDS", 0)
    refused(browser, browser.get(sent_back(browser)))


def test_keys_may_change(site, stand_in, browser):
    assert come_in(browser).status_code == 303
    stand_in.turn_keys()
    assert come_in(browser).status_code == 303


def test_provider_that_is_silent_slow_or_another_is_told_and_holds_nobody_up(site, stand_in, browser, monkeypatch):
    stand_in.metadata = {"issuer": "https://example.org"}
    assert browser.get("/sign-in/provider").status_code == 503
    stand_in.metadata = {"token_endpoint": "http://example.org/token"}
    assert browser.get("/sign-in/provider").status_code == 422
    stand_in.metadata = {"x": "y" * 300_000}
    assert browser.get("/sign-in/provider").status_code == 503
    monkeypatch.setattr(protocol, "_SECONDS", 0.2)
    stand_in.metadata, stand_in.slow = {}, 1.0
    began = time.monotonic()
    answer = browser.get("/sign-in/provider")
    assert answer.status_code == 503
    assert time.monotonic() - began < 0.9
    gone = Provider(issuer="http://127.0.0.1:9", client_id=CLIENT, redirect=BACK)
    with pytest.raises(Unavailable):
        gone.begin()


def test_few_wait_for_a_provider_at_once(stand_in, monkeypatch):
    monkeypatch.setattr(protocol, "_PATIENCE_S", 0.01)
    taken = [protocol._AT_ONCE.acquire(blocking=False) for _ in range(9)]
    assert taken == [True] * 8 + [False]
    try:
        with pytest.raises(Unavailable):
            Provider(issuer=stand_in.address, client_id=CLIENT, redirect=BACK).begin()
    finally:
        for _ in range(8):
            protocol._AT_ONCE.release()


@pytest.mark.parametrize("issuer", ["http://example.org", "ftp://127.0.0.1", "", "https//x", "javascript:x"])
def test_provider_is_asked_over_tls(issuer):
    with pytest.raises(InvalidInput):
        Provider(issuer=issuer, client_id=CLIENT, redirect=BACK)


def test_settings_name_the_provider(monkeypatch):
    assert provider_from_environment() is None
    monkeypatch.setenv("EVENHAND_OIDC_CLIENT_ID", "an-id")
    with pytest.raises(InvalidInput, match="PUBLIC_URL"):
        provider_from_environment()
    monkeypatch.setenv("EVENHAND_PUBLIC_URL", "https://evenhand.example.org/")
    monkeypatch.setenv("EVENHAND_OIDC_CLIENT_SECRET", "a-secret-value")
    made = provider_from_environment()
    assert made is not None
    assert (made.issuer, made.secret) == ("https://huggingface.co", "a-secret-value")
    assert made.redirect == "https://evenhand.example.org/sign-in/provider/back"
    assert "a-secret-value" not in repr(made)


def test_without_a_provider_there_is_no_such_page(site):
    platform, _, _ = site
    client = TestClient(create_app(platform), base_url=HERE, follow_redirects=False, headers={"Accept": "text/html"})
    for path in ("/sign-in/provider", "/sign-in/provider/back", "/join/provider"):
        assert client.get(path).status_code == 404
    assert "provider" not in client.get("/sign-in").text


def signed_in(site, handle="contributor"):
    """A browser of somebody who joined with a passphrase, and the token of their account's page."""
    platform, app, _ = site
    with platform.write() as writing:
        account = actor_by_handle(writing.connection, handle).account
        keep_passphrase(writing.connection, account, hash_passphrase(PASSPHRASE, writing.token_bytes))
        session = open_session(writing.connection, account, writing.now, writing.token_bytes)
    client = TestClient(app, base_url=HERE, follow_redirects=False, headers={"Accept": "text/html"})
    client.cookies.set("evenhand_session", session)
    return client, token_in(client.get("/account").text)


def linked(client, token, own=PASSPHRASE):
    """Begin to link, and ask the provider as a browser would: where it sends the browser back to."""
    begun = client.post("/account/provider", data={"form_token": token, "own": own})
    assert begun.status_code == 200, begun.text
    (onward,) = [item for item in look_at(begun.text, "en").all("a") if item["href"].startswith("http://127.0.0.1")]
    answer = httpx.get(onward["href"], trust_env=False)
    return answer.headers["location"].removeprefix(HERE)


def test_account_is_linked_by_its_owner_and_entered_through_the_provider(site, stand_in, browser):
    stand_in.subject = "links"
    client, token = signed_in(site)
    wrong = client.post("/account/provider", data={"form_token": token, "own": "not this one"})
    assert wrong.status_code == 422
    back = client.get(linked(client, token))
    assert (back.status_code, back.headers["location"]) == (303, "/account?done=1")
    assert "The Stand-in vouches for you" in client.get("/account").text
    assert come_in(browser).headers["location"] == "/work"
    assert "contributor" in browser.get("/account").text
    other, token = signed_in(site, "proposer")
    taken = other.get(linked(other, token))
    assert taken.status_code == 409
    assert "The Stand-in vouches for you" not in other.get("/account").text


def test_account_is_not_linked_by_another_session_than_the_one_that_began(site, stand_in, browser):
    stand_in.subject = "another-session"
    client, token = signed_in(site, "auditor")
    back = linked(client, token)
    victim, _ = signed_in(site, "maintainer")
    victim.cookies.set("evenhand_provider", client.cookies["evenhand_provider"].strip('"'))
    assert victim.get(back).status_code == 422
    assert "The Stand-in vouches for you" not in victim.get("/account").text
    assert come_in(browser).headers["location"] == "/join/provider"
