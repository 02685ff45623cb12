"""What people do on the pages once they have joined, without any JavaScript."""

from __future__ import annotations

import json
import re

import pytest
from argon2 import PasswordHasher
from sqlalchemy import event, select

from curation.clock import MovableClock
from curation.people.credentials import FREE_GUESSES
from curation.tables import accounts, credentials, examples, recovery_codes, reviews, sessions, tokens
from tests.api.pages import LANGUAGES, Browser
from tests.api.support import PERSPECTIVES, REVIEWERS, START, TOPIC, Api, copy_home

PASSPHRASE = "five random words are good"


@pytest.fixture
def api(seeded, tmp_path, monkeypatch):
    # The real parameters are meant to be slow.
    monkeypatch.setattr("curation.people.credentials._HASHER", PasswordHasher(1, 8, 1))
    clock = MovableClock(START)
    platform = copy_home(seeded, tmp_path / "home", clock)
    yield Api(platform, clock, seeded.tokens)
    platform.home.close()


def joining(handle="newcomer", **changes):
    return {
        "handle": handle,
        "passphrase": PASSPHRASE,
        "again": PASSPHRASE,
        "language": ["en", "fr"],
        "publish": "yes",
        "understood": "yes",
    } | changes


def join(api, handle="newcomer", language="en"):
    browser = Browser(api.platform, language)
    seen = browser.send("/join", "/join", joining(handle))
    browser.codes = re.findall(r"[a-z2-7]{5}(?:-[a-z2-7]{5}){3}", seen.text)
    return browser


def sft_form(**changes):
    return {
        "do": "propose",
        "once": "a" * 32,
        "sources": "1",
        "turns": "2",
        "language": "en",
        "positions": ["right-to-arms", "stronger-gun-laws"],
        "framing": "neutral",
        "claims": ["interpretation"],
        "turn-0": "Should background checks cover private sales?",
        "turn-1": "People disagree about it.",
        "origin": "human",
        "license": "CC-BY-4.0",
        "grant": "yes",
        "source-0-language": "",
    } | changes


def propose(browser, kind="sft", **changes):
    action = f"/propose/{TOPIC}/{kind}"
    token = browser.token(action)
    response = browser.client.post(action, data=sft_form(form_token=token, **changes), follow_redirects=False)
    assert response.status_code == 303, response.text
    return response.headers["location"].partition("?")[0].removeprefix("/examples/")


def sign_in_as(api, handle):
    """A browser of somebody who came in on the command line, with a session that was opened for them."""
    from curation.people.accounts import actor_by_handle
    from curation.people.sessions import open_session

    browser = Browser(api.platform)
    with api.platform.write() as writing:
        actor = actor_by_handle(writing.connection, handle)
        token = open_session(writing.connection, actor.account, writing.now, writing.token_bytes)
    browser.client.cookies.set("evenhand_session", token)
    return browser


def review(browser, **fields):
    browser.send("/review", "/review/seat", {"topic": TOPIC})
    revision = next(item["value"] for item in browser.see("/review").all("input") if item.get("name") == "revision")
    answer = {"revision": revision, "verdict": "accept", "score-positions": "5"} | fields
    return browser.client.post("/review", data={"form_token": browser.token("/review"), **answer})


def rows(api, table):
    with api.platform.read() as loaded:
        return loaded.connection.execute(select(table)).all()


@pytest.mark.parametrize("language", LANGUAGES)
def test_join_declare_propose_judge_and_read_the_outcome(api, language):
    browser = join(api, language=language)
    assert len(browser.codes) == 8
    browser.see("/work")
    browser.see(f"/topics/{TOPIC}/perspective")
    browser.send(f"/topics/{TOPIC}/perspective", f"/topics/{TOPIC}/perspective", {"perspective": PERSPECTIVES[0]})
    for kind in ("sft", "preference", "pluralistic", "prompt"):
        browser.see(f"/propose/{TOPIC}/{kind}")
    browser.see("/propose")
    example = propose(browser)
    browser.see(f"/examples/{example}?done=proposed")
    for perspective in PERSPECTIVES:
        for handle in REVIEWERS[perspective][:3]:
            reviewer = sign_in_as(api, handle)
            reviewer.language = "en"
            assert review(reviewer).status_code == 200
    assert "accepted" in sign_in_as(api, REVIEWERS[PERSPECTIVES[0]][0]).see("/work").text
    Browser(api.platform, language).see(f"/examples/{example}", 404)
    api.close_epoch()
    Browser(api.platform, language).see(f"/examples/{example}")
    with api.platform.read() as loaded:
        history = loaded.existing(example)
        assert history.status == "accepted"
        assert {item.via for item in history.reviews.values()} == {"web"}


def test_what_is_wrong_stands_beside_the_field_and_what_was_typed_is_kept(api):
    browser = join(api)
    hostile = "</textarea><script>alert(1)</script> a\u202eb"
    fields = sft_form(**{"turn-1": hostile, "claims": ["fact"], "source-0-url": "javascript:alert(1)"})
    seen = browser.send(f"/propose/{TOPIC}/sft", f"/propose/{TOPIC}/sft", fields, 422)
    assert hostile in seen.text
    assert "There is an invisible character in it (U+202E)" in seen.text
    wrong = {item["id"] for tag, item in seen.tags if item.get("aria-invalid") == "true"}
    assert {"turn-1", "source-0-url", "source-0-date", "source-0-publisher"} <= wrong
    assert {item["src"].partition("?")[0] for item in seen.all("script")} == {"/static/htmx.min.js"}
    assert rows(api, examples) == []


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("prompt", {"prompt": "What do they say?", "use": "evaluation"}),
        ("preference", {"prompt": "What?", "chosen": "This and that.", "rejected": "Only this."}),
        (
            "pluralistic",
            {
                "prompt": "What?",
                "answer-right-to-arms": "We say this.",
                "answer-stronger-gun-laws": "We say that.",
                "synthesis": "They differ.",
            },
        ),
    ],
)
def test_every_kind_can_be_proposed(api, kind, fields):
    browser = join(api)
    example = propose(browser, kind, **fields)
    assert [(row.id, row.kind) for row in rows(api, examples)] == [(example, kind)]


def test_open_question_is_answered_from_its_page_in_its_group(api):
    author = join(api)
    asked = "What do they say, <b>on both sides</b>?"
    question = propose(author, "prompt", prompt=asked, use="training", positions=["right-to-arms"])
    page = f"/propose/{TOPIC}/sft?answers={question}"
    answerer = sign_in_as(api, "contributor")
    answerer.see(page, 404)
    assert page not in [item["href"] for item in author.see(f"/examples/{question}").all("a")]
    for perspective in PERSPECTIVES:
        for handle in REVIEWERS[perspective][:3]:
            review(sign_in_as(api, handle))
    api.close_epoch()
    assert page in [item["href"] for item in answerer.see(f"/examples/{question}").all("a")]
    assert page not in [item["href"] for item in Browser(api.platform).see(f"/examples/{question}").all("a")]
    for kind in ("preference", "pluralistic"):
        assert asked in answerer.see(f"/propose/{TOPIC}/{kind}?answers={question}").text
    seen = answerer.see(page)
    fields = {item["name"]: item["value"] for item in seen.all("input") if item.get("type") == "hidden"}
    assert asked in seen.text
    answer = {"turn-0": asked, "turn-1": "They say this and that.", "group": fields["group"]}
    made = propose(answerer, **answer)
    groups = {row.id: row.group_id for row in rows(api, examples)}
    assert groups[made] == groups[question]
    answerer.see(f"/propose/{TOPIC}/prompt?answers={question}", 404)
    answerer.see(f"/propose/{TOPIC}/sft?answers={made}", 404)


def test_question_that_measures_is_not_offered_for_answers(api):
    author = join(api)
    question = propose(author, "prompt", prompt="What do they say?", use="evaluation")
    for perspective in PERSPECTIVES:
        for handle in REVIEWERS[perspective][:3]:
            review(sign_in_as(api, handle))
    api.close_epoch()
    author.see(f"/propose/{TOPIC}/sft?answers={question}", 404)


def test_form_sent_twice_proposes_once(api):
    browser = join(api)
    assert propose(browser) == propose(browser)
    assert len(rows(api, examples)) == 1
    propose(browser, once="b" * 32, **{"turn-1": "Something else."})
    assert len(rows(api, examples)) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_form_sent_again_with_another_text_says_so_and_proposes_it_when_sent_once_more(api, language):
    browser = join(api, language=language)
    first = propose(browser)
    page = f"/propose/{TOPIC}/sft"
    changed = sft_form(**{"turn-1": "Opinions differ, and here is why."})
    seen = browser.send(page, page, changed, 409)
    assert first in seen.text
    assert "Opinions differ, and here is why." in seen.text
    assert len(rows(api, examples)) == 1
    once = next(item["value"] for item in seen.all("input") if item.get("name") == "once")
    browser.send(page, page, changed | {"once": once})
    browser.send(page, page, changed | {"once": once})
    assert len(rows(api, examples)) == 2


def test_checks_speak_before_anything_is_sent(api):
    browser = join(api)
    action = f"/propose/{TOPIC}/sft"
    seen = browser.send(action, action, sft_form(do="check", **{"turn-1": "Write to joe.doe@posteo.net."}))
    assert "personal/" in seen.text
    seen = browser.send(action, action, sft_form(do="more-sources"))
    assert "source-1-url" in seen.ids
    seen = browser.send(action, action, sft_form(do="more-turns"))
    assert "turn-3" in seen.ids
    seen = browser.send(action, action, {name: value for name, value in sft_form().items() if name != "grant"}, 422)
    assert "Nothing is taken in without this." in seen.text
    assert rows(api, examples) == []


def test_author_sees_what_the_checks_say_of_what_was_proposed_and_nobody_else_does(api):
    browser = join(api)
    example = propose(browser, **{"turn-1": "Write to joe.doe@posteo.net."})
    assert "personal/contact" in browser.see(f"/examples/{example}").text
    api.close_epoch()
    assert "personal/contact" not in Browser(api.platform).see(f"/examples/{example}").text


def test_revise_withdraw_and_see_the_own_work(api):
    browser = join(api)
    example = propose(browser)
    page = f"/examples/{example}/revise"
    assert "People disagree about it." in browser.see(page).text
    browser.send(page, page, sft_form(once="c" * 32, **{"turn-1": "People differ."}))
    assert "People differ." in browser.see(f"/examples/{example}").text
    page = f"/examples/{example}/withdraw"
    browser.send(page, page, {"reason": ""}, 422)
    browser.send(page, page, {"reason": "error"})
    assert "withdrawn" in browser.see("/work").text
    other = join(api, "somebody-else")
    other.see(f"/examples/{example}/revise", 404)


def questions_asked(api, browser, page):
    """How many statements a page sends to the database."""
    asked = []

    def note(*arguments):
        asked.append(arguments[2])

    event.listen(api.platform.home.engine, "before_cursor_execute", note)
    browser.see(page)
    event.remove(api.platform.home.engine, "before_cursor_execute", note)
    return len(asked)


def test_own_work_asks_the_database_as_much_for_many_reviews_as_for_one(api):
    author, reviewer = join(api), sign_in_as(api, REVIEWERS[PERSPECTIVES[0]][0])
    counts = []
    for number, text in enumerate(("One thing is said here.", "Another one follows it.", "A third one ends it all.")):
        propose(author, once=str(number) * 32, **{"turn-1": text})
        review(reviewer)
        counts.append(questions_asked(api, reviewer, "/work"))
    assert len(rows(api, reviews)) == 3
    assert counts[1] == counts[2]


def test_preference_order_is_the_drawn_one_and_votes_are_recorded_by_answer(api):
    author = join(api)
    propose(author, "preference", prompt="What?", chosen="This and that.", rejected="Only this.")
    for handle in REVIEWERS[PERSPECTIVES[0]][:3]:
        browser = sign_in_as(api, handle)
        browser.send("/review", "/review/seat", {"topic": TOPIC})
        text = browser.see("/review").text
        better_first = text.index("This and that.") < text.index("Only this.")
        assert "Proposed as the better answer" not in text
        seen = {"seen-a": ["right-to-arms"], "seen-b": []}
        answer = review(browser, comparison="a" if better_first else "b", **seen)
        assert answer.status_code == 200
        assert "Your review was taken in" in answer.text
    with api.platform.read() as loaded:
        history = loaded.existing(rows(api, examples)[0].id)
    assert {item.comparison for item in history.reviews.values()} == {"chosen"}
    shown = {item.order_shown for item in history.reviews.values()}
    assert shown <= {"chosen_first", "rejected_first"}


def test_review_needs_what_its_verdict_needs_and_can_be_replaced(api):
    author = join(api)
    example = propose(author)
    browser = sign_in_as(api, REVIEWERS[PERSPECTIVES[0]][0])
    answer = review(browser, verdict="reject")
    assert answer.status_code == 422
    assert "gives a reason and a rationale" in answer.text
    answer = review(browser, verdict="reject", reasons=["one_sided"], rationale="My side is missing.")
    assert answer.status_code == 200
    given = browser.see(f"/reviews/{example}")
    assert {"verdict-reject", "reason-one_sided"} <= {
        item["id"].replace("reasons-", "reason-") for item in given.all("input") if "checked" in item
    }
    assert "My side is missing." in given.text
    browser.send(f"/reviews/{example}", f"/reviews/{example}", {"verdict": "accept"})
    assert [(row.verdict, row.superseded) for row in sorted(rows(api, reviews), key=lambda row: row.superseded)] == [
        ("accept", False),
        ("reject", True),
    ]
    assert "newcomer" not in browser.see("/work").text
    second = sign_in_as(api, REVIEWERS[PERSPECTIVES[0]][1])
    second.send("/review", "/review/seat", {"topic": TOPIC})
    second.send("/review", "/review/pass", {"example": example})
    assert "No seat on this topic is free" in second.send("/review", "/review/seat", {"topic": TOPIC}).text
    nobody = join(api, "no-perspective")
    assert "declared" in nobody.send("/account", "/review/seat", {"topic": TOPIC}, 409).text


def test_appeal_and_flag(api):
    author = join(api)
    example = propose(author)
    for perspective in PERSPECTIVES:
        for handle in REVIEWERS[perspective][:3]:
            review(sign_in_as(api, handle), verdict="reject", reasons=["tone"], rationale="It sneers.")
    page = f"/examples/{example}/appeal"
    author.send(page, page, {"rationale": ""}, 422)
    author.send(page, page, {"rationale": "They read another text."})
    seen = author.send(page, page, {"rationale": "Again."}, 409)
    assert "appealed once" in seen.text or "ended with an outcome" in seen.text
    api.close_epoch()
    page = f"/examples/{example}/flag"
    reader = join(api, "reader")
    assert "It was appealed: new people are judging it again." in reader.see(f"/examples/{example}").text
    seen = reader.see(page)
    revision = next(item["value"] for item in seen.all("input") if item.get("name") == "revision")
    fields = {"revision": revision, "ground": "law", "evidence": "Here."}
    reader.send(page, page, fields)
    author.send(page, page, fields, 409)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"handle": "Not A Handle"}, "handle"),
        ({"handle": ""}, "handle"),
        ({"handle": "proposer"}, "handle"),
        ({"again": "another"}, "again"),
        ({"passphrase": "short", "again": "short"}, "passphrase"),
        ({"passphrase": "x" * 300, "again": "x" * 300}, "passphrase"),
        ({"language": []}, "languages"),
    ],
)
def test_joining_says_what_is_wrong_beside_the_field(api, changes, field):
    seen = Browser(api.platform, "fr").send("/join", "/join", joining(**changes), 422)
    assert f"{field}-wrong" in seen.ids
    assert PASSPHRASE not in seen.text
    assert rows(api, credentials) == []


def test_nobody_joins_without_consent(api):
    fields = {name: value for name, value in joining().items() if name != "publish"}
    Browser(api.platform).send("/join", "/join", fields, 422)
    assert rows(api, credentials) == []


def test_sign_in_throttles_a_handle_and_a_recovery_code_still_works(api):
    member = join(api)
    member.send("/account", "/sign-out", {})
    member.see("/work")  # leads to the sign-in
    assert rows(api, sessions) == []
    stranger = Browser(api.platform)
    for _ in range(FREE_GUESSES):
        stranger.send("/sign-in", "/sign-in", {"handle": "newcomer", "passphrase": "wrong"}, 422)
    seen = stranger.send("/sign-in", "/sign-in", {"handle": "newcomer", "passphrase": PASSPHRASE}, 422)
    assert "wait" in seen.text
    # Others behind the same address are not held up.
    join(api, "neighbour").send("/account", "/sign-out", {})
    neighbour = Browser(api.platform)
    neighbour.send("/sign-in", "/sign-in", {"handle": "neighbour", "passphrase": PASSPHRASE})
    assert "neighbour" in neighbour.see("/account").text
    fields = {"handle": "newcomer", "code": member.codes[0].upper().replace("-", " "), "passphrase": "another good one"}
    stranger.send("/recover", "/recover", fields)
    stranger.see("/account")
    again = Browser(api.platform)
    again.send("/recover", "/recover", fields, 422)
    again.send("/sign-in", "/sign-in", {"handle": "newcomer", "passphrase": "another good one"})
    assert len(rows(api, recovery_codes)) == 15


def test_waiting_ends(api):
    join(api)
    stranger = Browser(api.platform)
    for _ in range(FREE_GUESSES):
        stranger.send("/sign-in", "/sign-in", {"handle": "newcomer", "passphrase": "wrong"}, 422)
    api.clock.advance(hours=0.05)
    stranger.send("/sign-in", "/sign-in", {"handle": "newcomer", "passphrase": PASSPHRASE})
    stranger.see("/account")


def test_account_page_changes_tokens_languages_and_passphrase(api):
    browser = join(api)
    seen = browser.send("/account", "/account/tokens", {"label": "my script"})
    (token,) = re.findall(r"evh_[\w-]{43}", seen.text)
    assert api.client.get("/v1/me", headers={"Authorization": f"Bearer {token}"}).json()["handle"] == "newcomer"
    seen = browser.see("/account")
    assert token not in seen.text
    digest = next(item["value"] for item in seen.all("input") if item.get("name") == "token")
    other = join(api, "other")
    other.send("/account", "/account/tokens/revoke", {"token": digest}, 404)
    browser.send("/account", "/account/tokens/revoke", {"token": digest})
    assert digest not in {row.digest for row in rows(api, tokens)}
    browser.send("/account", "/account/languages", {"language": ["fr", "xx"]})
    assert [json.loads(row.languages) for row in rows(api, accounts) if row.handle == "newcomer"] == [["fr"]]
    browser.send("/account", "/account/languages", {}, 422)
    second = Browser(api.platform)
    second.send("/sign-in", "/sign-in", {"handle": "newcomer", "passphrase": PASSPHRASE})
    fields = {"own": PASSPHRASE, "passphrase": "a new passphrase", "again": "a new passphrase"}
    browser.send("/account", "/account/passphrase", fields | {"own": "wrong"}, 422)
    browser.send("/account", "/account/passphrase", fields)
    browser.see("/account")
    assert second.client.get("/account", follow_redirects=False).status_code == 303
    browser.send("/account", "/account/codes", {"own": "a new passphrase"})


def test_export_holds_everything_and_leaving_destroys_it(api):
    browser = join(api)
    browser.send(f"/topics/{TOPIC}/perspective", f"/topics/{TOPIC}/perspective", {"perspective": PERSPECTIVES[0]})
    example = propose(browser)
    answer = browser.client.post("/account/export", data={"form_token": browser.token("/account")})
    held = answer.json()
    assert held["handle"] == "newcomer"
    assert [item["id"] for item in held["on topics"][TOPIC]["proposed"]] == [example]
    assert held["on topics"][TOPIC]["declared"][0]["perspective"] == PERSPECTIVES[0]
    browser.send("/account/leave", "/account/leave", {"own": PASSPHRASE}, 422)
    browser.send("/account/leave", "/account/leave", {"own": "wrong", "sure": "yes"}, 422)
    browser.send("/account/leave", "/account/leave", {"own": PASSPHRASE, "sure": "yes"})
    for table in (credentials, recovery_codes, sessions):
        assert rows(api, table) == []
    assert "newcomer" not in {row.handle for row in rows(api, accounts)}
    assert len(rows(api, examples)) == 1
    assert browser.client.get("/account", follow_redirects=False).status_code == 303


def test_cookies_are_out_of_reach_for_scripts_and_other_sites(api):
    browser = Browser(api.platform)
    token = browser.token("/join")
    answer = browser.client.post("/join", data={"form_token": token, **joining()})
    (cookie,) = [item for item in answer.headers.get_list("set-cookie") if "evenhand_session" in item]
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    value = cookie.partition("=")[2].partition(";")[0]
    for table in (sessions, credentials, recovery_codes, tokens):
        assert value not in str(rows(api, table))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: {},
        lambda token: {"form_token": ""},
        lambda token: {"form_token": "0" * 64},
        lambda token: {"form_token": token[:-1]},
        lambda token: {"form_token": "é" * 64},
    ],
)
def test_form_without_its_token_is_refused(api, spoil):
    browser = join(api)
    token = browser.token("/account")
    answer = browser.client.post("/account/languages", data={"language": "fr", **spoil(token)})
    assert answer.status_code == 403
    foreign = {"Sec-Fetch-Site": "cross-site"}
    fields = {"language": "fr", "form_token": token}
    assert browser.client.post("/account/languages", data=fields, headers=foreign).status_code == 403
    stranger = Browser(api.platform)
    assert stranger.client.post("/account/languages", data=fields).status_code == 403


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"{}", "application/json", 415),
        (b"a=1", "multipart/form-data; boundary=x", 415),
        (b"a=\xff", "application/x-www-form-urlencoded", 400),
        (b"a=%ff", "application/x-www-form-urlencoded", 400),
        (b"&".join([b"a=1"] * 700), "application/x-www-form-urlencoded", 400),
    ],
)
def test_body_that_is_no_form_is_refused_as_a_page(api, content, media_type, status):
    answer = Browser(api.platform).client.post("/sign-in", content=content, headers={"Content-Type": media_type})
    assert answer.status_code == status
    assert "<h1>" in answer.text
