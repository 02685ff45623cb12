"""The pages in a real browser: without JavaScript, by keyboard alone, at 360 pixels, and as axe sees them."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from tests.api.support import TOPIC

AXE = (Path(__file__).parent / "axe.min.js").read_text("utf-8")
PASSPHRASE = "five random words are good"
PUBLIC = ["/", "/how-it-works", "/topics", f"/topics/{TOPIC}", "/examples", "/releases", "/log", "/search?q=arms"]
PUBLIC += [f"/topics/{TOPIC}/objections"]
ASKING = ["/join", "/sign-in", "/recover"]
OWN = ["/work", "/account", "/account/leave", "/propose", "/review", f"/topics/{TOPIC}/perspective"]
FORMS = [f"/propose/{TOPIC}/{kind}" for kind in ("sft", "preference", "pluralistic", "prompt", "topic")]
FORMS += ["/propose-topic", "/receipts"]
NUMBERS = count(1)


def join(page):
    page.goto("/join")
    page.fill("#handle", f"browser-{next(NUMBERS)}")
    page.fill("#passphrase", PASSPHRASE)
    page.fill("#again", PASSPHRASE)
    for box in ("#language-en", "#publish", "#understood"):
        page.check(box)
    page.click("form[action='/join'] button")
    assert page.locator(".codes li").count() == 8


def fits(page):
    """Whether nothing sticks out at the side."""
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("locale", ["en-GB", "fr-FR", "zh-CN"])
def test_join_declare_and_propose_without_javascript_at_360_pixels(open_page, locale):
    page = open_page(locale=locale, java_script_enabled=False, viewport={"width": 360, "height": 740})
    join(page)
    page.goto(f"/topics/{TOPIC}/perspective")
    page.check("#p-gun-rights")
    page.click("main form button")
    assert page.url.endswith(f"/work?topic={TOPIC}")
    page.goto(f"/propose/{TOPIC}/sft")
    page.select_option("#language", "en")
    page.check("#positions-right-to-arms")
    page.fill("#turn-0", "What do they say?")
    page.click("button[value=propose]")
    assert page.locator("#turn-1-wrong").is_visible()
    assert page.input_value("#turn-0") == "What do they say?"
    page.fill("#turn-1", f"They say this, in {locale}.")
    page.check("#grant")
    page.click("button[value=propose]")
    assert page.locator(".note.good").is_visible()
    assert f"They say this, in {locale}." in page.inner_text("main")
    page.complaints.clear()  # a form that is not right is answered with 422, and the console says so


def test_signing_in_by_keyboard_alone(open_page):
    page = open_page()
    join(page)
    handle = f"browser-{next(NUMBERS) - 1}"
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_nothing_sticks_out(open_page, scheme):
    page = open_page(color_scheme=scheme, viewport={"width": 360, "height": 740})
    found: list[tuple[str, ...]] = []

    def look(paths):
        for path in paths:
            page.goto(path)
            if not fits(page):
                found.append((path, "sticks out"))
            # The policy of the pages forbids a script tag; evaluating it is the tester's right.
            page.evaluate(AXE)
            result = page.evaluate("axe.run()")
            found.extend(
                (path, item["id"], item["nodes"][0]["html"][:200])
                for item in result["violations"]
                if item["impact"] in ("serious", "critical")
            )

    look([*PUBLIC, *ASKING])
    join(page)
    look([*OWN, *FORMS])
    assert found == []


def test_what_is_typed_is_looked_at_under_the_strict_policy_and_a_draft_outlives_its_tab(open_page):
    page = open_page(viewport={"width": 360, "height": 740})
    join(page)
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
