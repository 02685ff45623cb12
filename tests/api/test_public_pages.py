"""What anybody sees without an account, in every language."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from sqlalchemy import select

from curation.clock import MovableClock
from curation.log.proofs import verify_tlog_proof
from curation.log.trust import TrustedLog, TrustPolicy
from curation.tables import log_leaves
from tests.api.pages import LANGUAGES, Browser, check_headers, look_at
from tests.api.support import REJECT, SOURCE, START, TOPIC, Api, copy_home

HOSTILE = [
    "<script>alert(1)</script>",
    '"><svg onload=alert(1)>',
    "[link](javascript:alert(1))",
    "{{ visit.secret }}{% include '/etc/passwd' %}",
    "</textarea><img src=https://example.org/x>",
]


@pytest.fixture(scope="module")
def api(seeded, tmp_path_factory):
    """The API on SQLite alone: the pages ask the database nothing that the API does not, but for the search."""
    clock = MovableClock(START)
    platform = copy_home(seeded, tmp_path_factory.mktemp("pages") / "home", clock)
    yield Api(platform, clock, seeded.tokens)
    platform.home.close()


@pytest.fixture(scope="module")
def judged(seeded, tmp_path_factory):
    """An accepted and a contested example with hostile texts, sealed; one is being judged."""
    clock = MovableClock(START)
    platform = copy_home(seeded, tmp_path_factory.mktemp("judged") / "home", clock)
    yield _judge(Api(platform, clock, seeded.tokens))
    platform.home.close()


def _judge(api):
    text = "Both sides:\n" + "\n".join(HOSTILE)
    source = SOURCE | {"publisher": HOSTILE[1], "quote": HOSTILE[0]}
    api.ids = [api.propose(text=text, sources=[source])["id"]]
    api.review_all()
    api.ids.append(api.propose(text=text + "!")["id"])
    reject = REJECT | {"rationale": f"No. {HOSTILE[0]}"}
    api.review_all({"gun-rights": reject})
    api.rejected = api.propose(text="Nobody wants this.")
    api.review_all(dict.fromkeys(("gun-rights", "stricter-regulation"), REJECT))
    api.withdrawn = api.propose(text="I take this back.")["id"]
    api.act("proposer", f"/v1/examples/{api.withdrawn}/withdrawal", {"reason": "error"})
    api.open = api.propose(text="Everybody waits for it.")["id"]
    api.close_epoch()
    api.pending = api.propose(text="It was proposed just now.")["id"]
    return api


def pages_of(api):
    with api.platform.read() as loaded:
        rows = loaded.connection.execute(select(log_leaves.c.hash, log_leaves.c.type)).all()
    leaves = {row.type: f"/leaves/{row.hash}" for row in rows}
    return [
        "/",
        "/how-it-works",
        "/topics",
        f"/topics/{TOPIC}",
        "/examples",
        f"/examples?topic={TOPIC}&status=accepted&kind=&language=",
        *(f"/examples/{example}" for example in api.ids),
        *leaves.values(),
        "/releases",
        "/log",
        "/search",
        "/search?q=Both+sides",
        "/search?q=%3Cscript%3E",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_public_page_is_whole_and_harmless(judged, language):
    browser = Browser(judged.platform, language)
    for path in pages_of(judged):
        seen = browser.see(path)
        assert "[U+" not in seen.text, path
        for tag, attributes in seen.tags:
            assert tag != "script", path
            assert not attributes.get("href", "").startswith("javascript"), path


def test_page_of_an_example_tells_its_story_and_shows_hostile_text_as_text(judged):
    accepted, contested = judged.ids
    seen = Browser(judged.platform).see(f"/examples/{accepted}")
    for text in HOSTILE:
        assert text in seen.text
    assert "6 reviews were counted" in seen.text
    seen = Browser(judged.platform).see(f"/examples/{contested}")
    assert "contested" in seen.text
    assert "No. <script>" in seen.text
    assert "0 of 3; 3 of 3" in " ".join(seen.text.split())


def test_example_that_no_release_holds_yet_names_no_release_to_check_it_with(judged):
    seen = Browser(judged.platform).see(f"/examples/{judged.ids[0]}")
    assert "No release holds it yet." in seen.text
    assert "--bundle" not in seen.text


def test_chinese_sets_no_blank_after_a_full_width_sign(judged):
    seen = Browser(judged.platform, "zh-Hans").see(f"/examples/{judged.ids[0]}")
    first = seen.text.index("这是一个")
    told = seen.text[first : first + 300]
    assert "：" in told
    assert not re.search("[。：；，] ", told)
    assert "\0" not in seen.text
    assert "Both sides:\n" in seen.text, "what people wrote stays as it is"


def test_open_round_is_shown_to_nobody(judged):
    browser = Browser(judged.platform)
    browser.see(f"/examples/{judged.pending}", 404)
    seen = browser.see(f"/examples/{judged.open}")
    assert "It is being judged" in seen.text
    assert "Everybody waits" not in seen.text
    assert "not shown while a round is open" in seen.text


def test_search_finds_public_words_and_ids_and_nothing_held_back(judged):
    browser = Browser(judged.platform)
    assert judged.ids[0] in browser.see("/search?q=both+sides").text
    for words in ("everybody+waits", "take+this+back", "just+now"):
        assert "Nothing was found" in browser.see(f"/search?q={words}").text
    for wanted, place in [(judged.ids[0], f"/examples/{judged.ids[0]}"), (TOPIC, f"/topics/{TOPIC}")]:
        assert browser.ask(f"/search?q={wanted}", 303).headers["location"] == place
    assert "Nothing was found" in browser.see("/search?q=%25").text


def test_bidirectional_override_is_made_visible(judged):
    seen = Browser(judged.platform).see("/examples?topic=a%E2%80%AEb&status=", 404)
    assert "\u202e" not in seen.text


def test_leaf_comes_with_a_proof_that_verifies(judged):
    with judged.platform.read() as loaded:
        query = select(log_leaves).where(log_leaves.c.example == judged.ids[0])
        rows = loaded.connection.execute(query).all()
    browser = Browser(judged.platform)
    home = judged.platform.home
    trust = TrustPolicy(logs=(TrustedLog(home.log_key.verifier()),))
    for row in rows:
        proof = browser.ask(f"/leaves/{row.hash}/proof").content
        assert browser.ask(f"/leaves/{row.hash}/raw").content == row.leaf
        assert verify_tlog_proof(proof, row.leaf, trust).index == row.idx


def test_salts_of_a_rejected_example_are_shown_nowhere(judged):
    browser = Browser(judged.platform)
    assert "What it commits to" not in browser.see(f"/leaves/{judged.rejected['leaf']}").text
    with judged.platform.read() as loaded:
        accepted = loaded.history(judged.ids[0]).latest.leaf
    assert "What it commits to" in browser.see(f"/leaves/{accepted}").text


def test_language_can_be_chosen_and_stays(api):
    browser = Browser(api.platform)
    response = browser.ask("/topics?ui=fr&x=1", 303)
    assert response.headers["location"] == "/topics?x=1"
    assert "HttpOnly" in response.headers["set-cookie"]
    assert "samesite=lax" in response.headers["set-cookie"].lower()
    browser.client.cookies.set("evenhand_language", "fr")
    look_at(browser.client.get("/topics").text, "fr")
    assert browser.ask("http://localhost//example.org?ui=fr", 303).headers["location"] == "/example.org"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/examples/ex_aaaaaaaaaaaaaaaa",
        "/examples/x",
        "/topics/none",
        "/releases/1.0.0",
        "/leaves/" + "a" * 64,
        "/static/nothing.css",
        "/search?q=" + "x" * 300,
    ],
)
def test_what_is_not_there_is_said_in_the_readers_language(api, path, language):
    Browser(api.platform, language).see(path, 404)


def test_wrong_method_and_too_large_a_body_are_pages_too(api):
    client = Browser(api.platform).client
    response = client.post("/topics")
    assert response.status_code == 405
    check_headers(response)
    response = client.post("/topics", content=b"x" * 1_000_001)
    assert response.status_code == 413
    check_headers(response)


def test_what_breaks_inside_is_a_page_that_says_nothing_of_it(api, monkeypatch, caplog):
    def broken(_loaded):
        raise RuntimeError("secret")

    monkeypatch.setattr("curation_api.pages.routes.home.topics_in_force", broken)
    seen = Browser(api.platform, "fr").see("/", 500)
    assert "secret" not in seen.text + caplog.text


def test_tls_is_asked_for_unless_on_this_machine(api):
    client = Browser(api.platform).client
    assert "strict-transport-security" not in client.get("/").headers
    assert "max-age" in client.get("http://example.org/").headers["strict-transport-security"]
    cookie = client.get("http://example.org/?ui=fr", follow_redirects=False).headers["set-cookie"]
    assert "Secure" in cookie


def test_static_files_may_be_kept_for_ever(api):
    browser = Browser(api.platform)
    sheet = browser.see("/").all("link")[0]["href"]
    response = browser.ask(sheet)
    assert "immutable" in response.headers["cache-control"]
    assert "@import" not in response.text
    assert "url(" not in response.text


def test_feeds_name_releases_and_withdrawals(judged):
    answer = Browser(judged.platform, "fr").ask("/withdrawals.atom")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(answer.text)
    names = {"a": "http://www.w3.org/2005/Atom"}
    (entry,) = feed.findall("a:entry", names)
    assert judged.withdrawn in (entry.findtext("a:title", "", names))
    assert entry.findtext("a:updated", "", names).endswith("T00:00:00Z")
    assert "toutes les personnes sont simulées" in feed.findtext("a:subtitle", "", names)
    answer = Browser(judged.platform).ask("/releases.atom")
    assert ElementTree.fromstring(answer.text).findall("a:entry", names) == []


def test_pages_do_not_touch_the_api(api):
    assert api.client.get("/nothing", headers={"Accept": "*/*"}).headers["content-type"] == "application/problem+json"
    assert "/topics" not in api.document["paths"]
