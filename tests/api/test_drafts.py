"""Looks at what was typed and not sent, and drafts: what is kept, where, and how it goes."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from sqlalchemy import select

from curation.drafts import KEPT_DAYS, MAX_BYTES
from curation.tables import drafts, examples, pending_leaves
from curation_api.pages.render import STATIC
from curation_api.pages.routes.looking import A_MINUTE
from tests.api.pages import LANGUAGES, Browser
from tests.api.support import SAID, TOPIC, sft
from tests.api.test_member_pages import api, join, propose, rows, sft_form, sign_in_as

__all__ = ["api"]

PAGE = f"/propose/{TOPIC}/sft"
HOSTILE = "</textarea><script>alert(1)</script><img src=x onerror=alert(1)> a\u202eb"


def look(browser, status=200, page=PAGE, **changes):
    """What the form's script gets."""
    fields = {"form_token": browser.token(page), **sft_form(**changes)}
    answer = browser.client.post(f"{page}/look", data=fields)
    assert answer.status_code == status, answer.text
    return answer.text


def test_vendored_script_is_the_one_that_was_published():
    told = (STATIC / "VENDORED.md").read_text("utf-8")
    found = dict(re.findall(r"^\| (\S+) \|.*\| ([0-9a-f]{64}) \|$", told, re.MULTILINE))
    assert set(found) == {path.name for path in Path(STATIC).glob("*.min.js")}
    for name, digest in found.items():
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("language", LANGUAGES)
def test_look_shows_the_text_and_what_the_checks_say_and_keeps_nothing(api, language):
    browser = join(api, language=language)
    said = look(browser, **{"turn-1": f"Write to joe.doe@posteo.net. {HOSTILE}"})
    assert "personal/contact" in said
    assert "&lt;script&gt;" in said
    assert "<script" not in said
    assert "<img" not in said
    assert "[U+202E]" in said
    assert re.search(r"(Answer|Réponse|回答) 1", said)
    half = look(browser, **{"turn-0": ""})
    assert "text/empty" not in half
    assert "personal/" not in look(browser, **{"turn-0": "", "turn-1": ""})
    for table in (drafts, examples, pending_leaves):
        assert rows(api, table) == []
    with api.platform.read() as loaded:
        assert "posteo" not in "".join(loaded.connection.connection.iterdump())


def test_script_is_loaded_where_it_is_used_and_nowhere_else(api):
    browser = join(api)
    assert [item["src"].partition("?")[0] for item in browser.see(PAGE).all("script")] == ["/static/htmx.min.js"]
    for page in ("/", "/work", "/account", "/propose"):
        assert not browser.see(page).all("script")


def test_near_texts_are_shown_side_by_side_once_they_are_public_and_never_before(api):
    text = "The one side says that a check of private sales would be a burden, and the other that it would be a help."
    made = api.propose("proposer", **sft(text))
    browser = join(api)
    assert made["id"] not in look(browser, **{"turn-1": text})
    api.review_all()
    assert "shares" not in look(browser, **{"turn-1": text})
    api.close_epoch()
    found = look(browser, **{"turn-1": text})
    assert made["id"] in found
    assert "100 per cent" in found
    assert made["id"] not in look(browser, **{"turn-1": SAID})


def test_account_looks_so_often_a_minute_and_others_are_not_held_up(api):
    browser = join(api)
    fields = {"form_token": browser.token(PAGE)}
    answers = {browser.client.post(f"{PAGE}/look", data=fields).status_code for _ in range(A_MINUTE)}
    assert answers == {200}
    held = browser.client.post(f"{PAGE}/look", data=fields)
    assert held.status_code == 429
    assert int(held.headers["retry-after"]) <= 60
    assert "The checks rest" in held.text
    look(join(api, "neighbour"))
    assert propose(browser)


def test_draft_is_kept_when_asked_for_sealed_and_found_again_from_another_browser(api):
    browser = join(api)
    fields = sft_form(do="keep", **{"turn-1": f"Half a thought. {HOSTILE}"})
    seen = browser.send(PAGE, PAGE, fields)
    assert "Your draft is kept." in seen.text
    (row,) = rows(api, drafts)
    assert b"Half a thought" not in row.sealed
    assert row.ends_at % 86_400 == 0
    again = sign_in_as(api, "newcomer").see(PAGE)
    assert f"Half a thought. {HOSTILE}" in again.text
    assert not [item for item in again.all("input") if item.get("id") == "grant" and "checked" in item]
    assert "Half a thought" not in join(api, "somebody-else").see(PAGE).text
    assert PAGE in [item["href"] for item in browser.see("/work").all("a")]
    held = browser.client.post("/account/export", data={"form_token": browser.token("/account")}).json()
    assert ["language", "en"] in held["drafts"][PAGE]
    browser.send(PAGE, PAGE, sft_form(do="drop"))
    assert rows(api, drafts) == []
    assert "Half a thought" not in browser.see(PAGE).text


def test_draft_goes_on_with_what_is_typed_and_never_begins_by_itself(api):
    browser = join(api)
    look(browser, draft="kept", **{"turn-1": "Not asked for."})
    assert rows(api, drafts) == []
    browser.send(PAGE, PAGE, sft_form(do="keep", **{"turn-1": "First."}))
    assert "up to date" in look(browser, draft="kept", **{"turn-1": "Second."})
    assert "Second." in browser.see(PAGE).text
    look(browser, **{"turn-1": "Third, from a page that knows of no draft."})
    assert "Second." in browser.see(PAGE).text
    browser.send(PAGE, PAGE, sft_form(do="drop"))
    assert "no draft any more" in look(browser, draft="kept", **{"turn-1": "Fourth, from a forgotten tab."})
    assert rows(api, drafts) == []


def test_draft_goes_with_its_proposal_with_its_days_and_with_its_author(api):
    browser = join(api)
    browser.send(PAGE, PAGE, sft_form(do="keep"))
    example = propose(browser)
    assert rows(api, drafts) == []
    page = f"/examples/{example}/revise"
    browser.send(page, page, sft_form(do="keep", **{"turn-1": "A better wording."}))
    assert "A better wording." in browser.see(page).text
    assert page in [item["href"] for item in browser.see("/work").all("a")]
    api.clock.advance(hours=24 * (KEPT_DAYS + 1))
    again = sign_in_as(api, "newcomer")
    assert "A better wording." not in again.see(page).text
    again.send(PAGE, PAGE, sft_form(do="keep"))
    assert len(rows(api, drafts)) == 1
    again.send(PAGE, PAGE, sft_form(do="keep", **{"turn-1": "x" * MAX_BYTES}), 422)


def test_nobody_without_an_account_has_a_draft_or_a_look(api):
    stranger = Browser(api.platform)
    fields = {"form_token": stranger.token("/sign-in"), **sft_form(do="keep")}
    assert stranger.client.post(PAGE, data=fields).status_code == 401
    assert stranger.client.post(f"{PAGE}/look", data=fields).status_code == 401
    with api.platform.read() as loaded:
        assert loaded.connection.execute(select(drafts)).all() == []
