"""One path through Label Studio's own page, in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import expect


def test_a_pair_is_judged_on_label_studios_page(working, chromium):
    example = working.world.propose(kind="preference")
    working.link("keep-1")
    task = working.give("keep-1", example, "preference")
    (slot,) = working.slots("keep-1")
    page = chromium.new_page(viewport={"width": 1300, "height": 2400})
    page.set_default_timeout(60_000)
    page.goto(f"{working.studio.url}/user/login/")
    page.fill("input[name=email]", working.people["keep-1"].email)
    page.fill("input[name=password]", "a passphrase of theirs")
    page.click("button[type=submit]")
    page.wait_for_url(re.compile("^(?!.*login)"))
    page.goto(f"{working.studio.url}/projects/{working.project('keep-1', 'preference')}/data?labeling=1&task={task}")
    page.get_by_text("Which answer is better?").wait_for()
    page.get_by_role("radio", name="Answer A").click()
    page.get_by_role("checkbox", name="keep (en)").first.click()
    page.get_by_role("radio", name="To revise").click()
    page.get_by_role("checkbox", name="one-sided").click()
    page.locator("textarea").first.fill("It leaves out what my side says.")
    page.locator("button", has_text=re.compile("^Submit$")).first.click()
    expect(page.get_by_text("No More Tasks Left in Queue")).to_be_visible(timeout=30_000)
    page.close()
    came = working.sync("keep-1")
    assert (came.taken, came.refused) == (1, [])
    (review,) = working.world.history(example).reviews.values()
    first = "chosen" if slot.order == "chosen_first" else "rejected"
    assert (review.verdict, review.comparison, review.via) == ("revise", first, "label-studio")
    assert getattr(review.positions_seen, first) == ["keep-it"]
    assert review.reasons == ("one_sided",)
    assert review.rationale is not None
