"""A handle beside a pseudonym: on that topic only, where the pseudonym is shown, as long as its owner wants."""

from __future__ import annotations

import pytest

from curation.tables import log_leaves, pending_leaves, public_handles
from tests.api.pages import LANGUAGES, Browser
from tests.api.support import PERSPECTIVES, REVIEWERS, TOPIC
from tests.api.test_member_pages import PASSPHRASE, api, join, propose, review, rows, sign_in_as

__all__ = ["api"]

PAGE, ACTION = f"/topics/{TOPIC}/perspective", f"/topics/{TOPIC}/handle"


def choose(browser, **fields):
    return browser.send(PAGE, ACTION, {"do": "show", "sure": "yes"} | fields)


@pytest.mark.parametrize("language", LANGUAGES)
def test_handle_is_shown_where_the_pseudonym_is_and_nowhere_before(api, language):
    author = join(api, "known-by-name", language)
    example = propose(author)
    choose(author)
    anybody = Browser(api.platform, language)
    for perspective in PERSPECTIVES:
        for handle in REVIEWERS[perspective][:3]:
            reviewer = sign_in_as(api, handle)
            review(reviewer)
            assert "known-by-name" not in reviewer.see(f"/examples/{example}").text
    assert "known-by-name" in author.see(PAGE).text
    api.close_epoch()
    page = anybody.see(f"/examples/{example}").text
    assert "known-by-name" in page
    assert REVIEWERS[PERSPECTIVES[0]][0] not in page
    for table in (log_leaves, pending_leaves):
        assert not any(b"known-by-name" in row.leaf for row in rows(api, table))
    choose(author, do="hide")
    assert "known-by-name" not in anybody.see(f"/examples/{example}").text
    assert rows(api, public_handles) == []


def test_nothing_is_shown_without_saying_so_and_twice_is_once(api):
    browser = join(api)
    browser.send(PAGE, ACTION, {"do": "show"})
    assert rows(api, public_handles) == []
    choose(browser)
    choose(browser)
    assert [row.handle for row in rows(api, public_handles)] == ["newcomer"]
    held = browser.client.post("/account/export", data={"form_token": browser.token("/account")}).json()
    assert held["on topics"][TOPIC]["public handle"] == "newcomer"
    other = join(api, "somebody-else")
    choose(other, do="hide")
    assert len(rows(api, public_handles)) == 1


def test_handle_goes_with_its_account(api):
    browser = join(api)
    choose(browser)
    choose(join(api, "somebody-else"))
    browser.send("/account/leave", "/account/leave", {"own": PASSPHRASE, "sure": "yes"})
    assert [row.handle for row in rows(api, public_handles)] == ["somebody-else"]
