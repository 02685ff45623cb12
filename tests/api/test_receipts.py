"""Receipts on pages: for one's own pending acts, on request, and with the words that they can incriminate."""

from __future__ import annotations

import pytest

from curation.tables import pending_leaves
from tests.api.pages import LANGUAGES
from tests.api.support import PERSPECTIVES, REVIEWERS
from tests.api.test_member_pages import api, join, propose, review, rows, sign_in_as

__all__ = ["api"]


def leaves_on(browser):
    return [item["value"] for item in browser.see("/receipts").all("input") if item.get("name") == "leaf"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_receipt_is_shown_for_an_own_act_and_says_first_what_it_can_cost(api, language):
    browser = join(api, language=language)
    assert leaves_on(browser) == []
    propose(browser)
    (leaf,) = leaves_on(browser)
    before = rows(api, pending_leaves)
    seen = browser.send("/receipts", "/receipts", {"leaf": leaf})
    assert f"{leaf}\nsealed in epoch 1" in seen.text
    warned = seen.text.index({"en": "incriminate", "fr": "incriminer", "zh-Hans": "不利"}[language])
    assert warned < seen.text.index("evenhand.org/v1/receipt")
    assert rows(api, pending_leaves) == before
    api.close_epoch()
    assert leaves_on(browser) == []
    browser.send("/account", "/receipts", {"leaf": leaf}, 404)


def test_nobody_gets_the_receipt_of_somebody_elses_act(api):
    browser = join(api)
    propose(browser)
    (leaf,) = leaves_on(browser)
    other = join(api, "somebody-else")
    propose(other, once="b" * 32, **{"turn-1": "I say something quite different about it."})
    assert len(leaves_on(other)) == 1
    for wanted in (leaf, "", "0" * 64, "x"):
        other.send("/receipts", "/receipts", {"leaf": wanted}, 404)


def test_receipt_of_a_review_in_an_open_round_names_no_epoch(api):
    propose(join(api))
    browser = sign_in_as(api, REVIEWERS[PERSPECTIVES[0]][0])
    review(browser)
    (leaf,) = leaves_on(browser)
    seen = browser.send("/receipts", "/receipts", {"leaf": leaf})
    assert "sealed in the epoch in which its round ends" in seen.text
