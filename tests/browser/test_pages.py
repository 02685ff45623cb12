"""The pages in a real browser: by keyboard alone, and what scripts add to them."""

from __future__ import annotations

from itertools import count

import pytest

from tests.api.support import TOPIC
from tests.browser.steps import PASSPHRASE, fits, join

NUMBERS = count(1)


def test_signing_in_by_keyboard_alone(open_page):
    page = open_page()
    handle = f"browser-{next(NUMBERS)}"
    join(page, handle)
    page.goto("/account")
    page.focus("form[action='/sign-out'] button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    page.goto("/sign-in")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type(handle)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSPHRASE)
    page.keyboard.press("Enter")
    page.wait_for_url("**/work")


def tab_to(page, selector):
    """Press Tab until this has the focus, and see that it shows."""
    for _ in range(150):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", f"{selector} does not show that it has the focus"
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the keyboard does not get to {selector}")


def type_into(page, fields):
    """Fill in fields, and choose what has no text, by keyboard."""
    for selector, text in fields.items():
        tab_to(page, selector)
        if text:
            page.keyboard.type(text)
        else:
            page.keyboard.press("Space")


def join_by_keyboard(page):
    page.goto("/join")
    handle = f"keys-{next(NUMBERS)}"
    fields = {"#handle": handle, "#passphrase": PASSPHRASE, "#again": PASSPHRASE}
    choices = [item for item in ("#language-en", "#publish", "#understood") if not page.is_checked(item)]
    type_into(page, fields | dict.fromkeys(choices, ""))
    tab_to(page, "form[action='/join'] button")
    page.keyboard.press("Enter")
    page.wait_for_selector(".codes li")


def test_whole_journey_by_keyboard_alone(open_page):
    reviewer, author = open_page(), open_page(viewport={"width": 360, "height": 740})
    join_by_keyboard(reviewer)
    reviewer.goto(f"/topics/{TOPIC}/perspective")
    type_into(reviewer, {"main input[type=radio]": ""})
    reviewer.keyboard.press("ArrowDown")
    tab_to(reviewer, "main form button")
    reviewer.keyboard.press("Enter")
    reviewer.wait_for_url("**/work?**")
    join_by_keyboard(author)
    author.goto(f"/propose/{TOPIC}/sft")
    texts = {"#turn-0": "Who asks this?", "#turn-1": "Somebody without a mouse asks it, and gets an answer."}
    type_into(author, {"#positions-right-to-arms": "", **texts, "#grant": ""})
    tab_to(author, "button[value=propose]")
    author.keyboard.press("Enter")
    author.wait_for_selector(".note.good")
    assert fits(author)
    reviewer.goto(f"/review?topic={TOPIC}")
    tab_to(reviewer, f"main form:has(input[value='{TOPIC}']) button")
    reviewer.keyboard.press("Enter")
    reviewer.wait_for_selector("form[data-keys]")
    reviewer.keyboard.press("1")
    assert reviewer.is_checked("#verdict-accept")
    tab_to(reviewer, "form[data-keys] button[type=submit]")
    reviewer.keyboard.press("Enter")
    reviewer.wait_for_url("**/work?done=reviewed")


def test_what_is_typed_is_looked_at_under_the_strict_policy_and_a_draft_outlives_its_tab(open_page):
    page = open_page(viewport={"width": 360, "height": 740})
    join(page, f"browser-{next(NUMBERS)}")
    address = f"/propose/{TOPIC}/sft"
    page.goto(address)
    page.fill("#turn-0", "What do they say?")
    page.fill("#turn-1", "Write to joe.doe@posteo.net. <script>alert(1)</script>")
    page.wait_for_selector("#look >> text=personal/contact")
    assert "<script>alert(1)</script>" in page.inner_text("#look")
    page.click("button[value=keep]")
    page.fill("#turn-1", "Typed after the draft was kept.")
    page.wait_for_selector("#look >> text=Your draft is up to date.")
    assert fits(page)
    page.context.new_page().goto(address)
    page.close()
    other = page.context.pages[-1]
    assert other.input_value("#turn-1") == "Typed after the draft was kept."
    assert other.evaluate("localStorage.length + sessionStorage.length") == 0
