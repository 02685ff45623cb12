"""What people do in a browser, and what is asked of every page."""

from __future__ import annotations

from pathlib import Path

AXE = (Path(__file__).parent / "axe.min.js").read_text("utf-8")
PASSPHRASE = "five random words are good"


def join(page, handle, language="en"):
    """Open an account that reads one language."""
    page.goto("/join")
    page.fill("#handle", handle)
    page.fill("#passphrase", PASSPHRASE)
    page.fill("#again", PASSPHRASE)
    for box in page.locator("input[name=language]").all():
        box.set_checked(box.get_attribute("value") == language)
    for box in ("#publish", "#understood"):
        page.check(box)
    page.click("form[action='/join'] button")
    assert page.locator(".codes li").count() == 8


def fits(page):
    """Whether nothing sticks out at the side."""
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def faults(page, path):
    """What is wrong with a page for people who see little, or have a small screen: nothing, or what and where."""
    answer = page.goto(path)
    found = [] if fits(page) else [(path, "sticks out")]
    if answer is None or answer.status != 200:
        found.append((path, f"was answered {answer and answer.status}"))
    # The policy of the pages forbids a script tag; evaluating it is the tester's right.
    page.evaluate(AXE)
    return found + [
        (path, item["id"], item["nodes"][0]["html"][:200])
        for item in page.evaluate("axe.run()")["violations"]
        if item["impact"] in ("serious", "critical")
    ]
