"""Somebody polls the API every minute: what is pending must not be told, by no list, no field and no refusal."""

from __future__ import annotations

import pytest

from tests.api.support import ACCEPT, PERSPECTIVES, REJECT, sft

OTHER = "taiwan-status"
STATUSES = ("needs_reviews", "accepted", "contested", "rejected", "unresolved", "withdrawn")


def end_it(api, proposed):
    api.review_all()


def reject_it(api, proposed):
    api.review_all(dict.fromkeys(PERSPECTIVES, REJECT))


def appeal_it(api, proposed):
    api.review_all()
    api.act("proposer", "/v1/appeals", {"example": proposed["id"], "rationale": "Judge it again."})


def revise_it(api, proposed):
    api.act("proposer", f"/v1/examples/{proposed['id']}/revisions", sft("Another text."))


def withdraw_it(api, proposed):
    api.act("proposer", f"/v1/examples/{proposed['id']}/withdrawal", {"reason": "author_choice"})


def flag_while_open(api, proposed):
    api.review("gun-rights-1")
    form = {"example": proposed["id"], "revision": proposed["leaf"], "ground": "source", "evidence": "Not there."}
    api.act("gun-rights-1", "/v1/flags", form)


ACTS = [end_it, reject_it, appeal_it, revise_it, withdraw_it, flag_while_open]


def refusals_to_an_outsider(api, proposed):
    """What somebody with no part in an example is told; nothing of it is recorded, so it can be asked all day."""
    example, revision = proposed["id"], proposed["leaf"]
    flag = {"example": example, "revision": revision, "ground": "source", "evidence": "x"}
    asked = [
        ("PUT", f"/v1/reviews/{example}", ACCEPT),
        ("POST", "/v1/reviews", ACCEPT | {"example": example, "revision": revision}),
        ("POST", "/v1/appeals", {"example": example, "rationale": "x"}),
        ("POST", "/v1/flags", flag),
        ("POST", f"/v1/examples/{example}/withdrawal", {"reason": "error"}),
        ("POST", f"/v1/examples/{example}/revisions", sft("x")),
        ("POST", f"/v1/seats/{example}/pass", None),
    ]
    answers = []
    for method, path, body in asked:
        answer = api.call(method, path, "contributor", **({} if body is None else {"json": body}))
        assert answer.status_code in (404, 409), answer.text
        answers.append(answer.text)
    return answers


@pytest.mark.parametrize("act", ACTS)
def test_refusals_tell_an_outsider_nothing_of_what_is_pending(api, act):
    proposed = api.propose()
    api.close_epoch()
    before = refusals_to_an_outsider(api, proposed)
    act(api, proposed)
    assert refusals_to_an_outsider(api, proposed) == before


def every_page(api, status, limit):
    pages, cursor = [], ""
    while True:
        page = api.get(f"/v1/examples?status={status}&limit={limit}{cursor}")
        pages.append(page)
        if page["next"] is None:
            return pages
        cursor = f"&cursor={page['next']}"


@pytest.mark.parametrize("act", ACTS)
def test_no_page_of_a_list_changes_in_length_or_place_before_the_epoch_ends(api, act):
    proposed = api.propose()
    elsewhere = api.get(f"/v1/topics/{OTHER}")  # so that the queue has one example only on the topic
    about = {"topic": OTHER, "positions": [elsewhere["positions"][0]["id"]]}
    others = [api.propose(**about) for _ in range(5)]
    for other in others[:2]:
        withdraw_it(api, other)
    api.close_epoch()
    before = [every_page(api, status, limit) for status in STATUSES for limit in (1, 2, 50)]
    act(api, proposed)
    for other in others[2:4]:
        api.act("proposer", f"/v1/examples/{other['id']}/revisions", sft(f"Another text of {other['id']}.", **about))
    assert [every_page(api, status, limit) for status in STATUSES for limit in (1, 2, 50)] == before


def test_proposer_that_was_shown_stays_shown_until_the_epoch_ends(api):
    proposed = api.propose()
    api.review_all()
    api.close_epoch()
    path = f"/v1/examples/{proposed['id']}"
    before = api.get(path)["proposer"]
    assert before is not None
    api.act("gun-rights-1", "/v1/appeals", {"example": proposed["id"], "rationale": "Judge it again."})
    assert api.get(path)["proposer"] == before


def test_withdrawing_somebody_elses_example_is_refused_the_same_before_and_after_it_is_withdrawn(api):
    proposed = api.propose()
    path = f"/v1/examples/{proposed['id']}/withdrawal"
    before = api.call("POST", path, "contributor", json={"reason": "error"}).text
    withdraw_it(api, proposed)
    assert api.call("POST", path, "contributor", json={"reason": "error"}).text == before
