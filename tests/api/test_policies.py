"""A policy is changed on the pages: a form, a comparison, a reason, and a second maintainer."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from curation.tables import accounts, policy_drafts
from tests.api.pages import LANGUAGES
from tests.api.support import assert_problem
from tests.api.test_oversight import browser_of

NEW = "/maintain/policy/new"
REASON = "Two seats were too few."


def filled(browser, **changes):
    """The form as the page shows it, with other numbers."""
    seen = browser.see(NEW)
    fields = {item["name"]: item["value"] for item in seen.all("input") if item.get("inputmode") == "numeric"}
    return fields | {"reason": REASON} | changes


def drafts(api):
    with api.platform.read() as loaded:
        return [row.id for row in loaded.connection.execute(policy_drafts.select())]


def draft(api, **changes):
    browser = browser_of(api, "maintainer")
    fields = filled(browser, **({"standard.seats": "5"} | changes), do="draft", form_token=browser.token(NEW))
    answer = browser.client.post(NEW, data=fields, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"].rpartition("/")[2]


def latest(api):
    return api.get("/v1/policies", "auditor")["policies"][-1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_comparing_shows_what_would_change_and_keeps_nothing(api, language):
    browser = browser_of(api, "maintainer", language)
    changes = {"standard.seats": "5", "thresholds.positions": "3", "do": "compare"}
    seen = browser.send(NEW, NEW, filled(browser, **changes))
    assert [tag for tag, _ in seen.tags].count("ins") == 2
    assert drafts(api) == []
    typed = {item["name"]: item["value"] for item in seen.all("input") if item.get("inputmode") == "numeric"}
    assert typed["standard.seats"] == "5"


WRONG = {
    "standard.seats": ("many", "standard.seats-wrong"),
    "round_days": ("0", "round_days-wrong"),
    "thresholds.positions": ("99", "thresholds.positions-wrong"),
    "high.min_accepts": ("9", "high-wrong"),
    "reason": ("", "reason-wrong"),
}


def test_bad_number_is_told_beside_its_field_and_nothing_typed_is_lost(api):
    browser = browser_of(api, "maintainer")
    for name, (typed, wrong) in WRONG.items():
        seen = browser.send(NEW, NEW, filled(browser, **{name: typed}, do="draft"), 422)
        assert wrong in seen.ids
        values = {item["name"]: item["value"] for item in seen.all("input") if item.get("inputmode") == "numeric"}
        assert values.get(name, "") == typed
    assert drafts(api) == []


def test_draft_that_changes_nothing_is_refused(api):
    browser = browser_of(api, "maintainer")
    browser.send(NEW, NEW, filled(browser, do="draft"), 422)
    assert drafts(api) == []


def test_second_maintainer_agrees_and_it_binds_two_epochs_later(api):
    page = f"/maintain/policy/drafts/{draft(api)}"
    own = browser_of(api, "maintainer")
    assert REASON in own.see(page).text
    assert f"{page}/agree" not in [form["action"] for form in own.see(page).all("form")]
    seen = own.send("/account", f"{page}/agree", {}, 409)
    assert "two different maintainers" in seen.text
    second = browser_of(api, "second-maintainer")
    second.send(page, f"{page}/agree", {})
    second.send("/account", f"{page}/agree", {})  # sent twice
    found = latest(api)
    assert (found["policy"]["standard"]["seats"], found["in_force"], found["binds_from"]) == (5, False, 3)
    assert drafts(api) == []
    api.close_epoch()
    api.close_epoch()
    assert latest(api)["in_force"]
    assert "in force" in browser_of(api, "auditor").see("/maintain/policy").text


def test_same_draft_sent_twice_is_one(api):
    assert draft(api) == draft(api)
    assert len(drafts(api)) == 1


def test_draft_of_somebody_who_is_no_maintainer_any_more_binds_nobody(api):
    made = draft(api)
    with api.platform.write() as writing:
        writing.connection.execute(
            update(accounts).where(accounts.c.handle == "maintainer").values(roles='["auditor"]')
        )
    answer = api.call("POST", f"/v1/policies/drafts/{made}/agreement", "second-maintainer")
    assert_problem(answer, 409, "refused", rule="define/two-maintainers")


def test_draft_is_taken_back_by_its_author_and_once_overtaken_by_any_maintainer(api):
    made, later = draft(api), draft(api, round_days="30")
    answer = api.call("POST", f"/v1/policies/drafts/{made}/removal", "second-maintainer")
    assert_problem(answer, 403, "not-allowed")
    api.act("second-maintainer", f"/v1/policies/drafts/{later}/agreement")
    second = browser_of(api, "second-maintainer")
    page = f"/maintain/policy/drafts/{made}"
    assert "Draft it anew" in second.see(page).text
    assert_problem(
        api.call("POST", f"/v1/policies/drafts/{made}/agreement", "second-maintainer"),
        409,
        "refused",
        rule="define/supersedes-latest",
    )
    second.send(page, f"{page}/drop", {})
    assert drafts(api) == []
