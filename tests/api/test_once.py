"""A request that is sent again under its key is answered again, and does nothing twice."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from curation.clock import DAY
from curation.errors import NotFound
from curation.people.accounts import actor_by_handle, erase_account
from curation.tables import pending_leaves, repeats
from tests.api.support import ACCEPT, TOPIC, assert_problem, sft

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"


def acts(api):
    with api.platform.read() as loaded:
        return loaded.connection.execute(select(func.count()).select_from(pending_leaves)).scalar()


def send(api, who, path, body, key=KEY, method="POST"):
    return api.call(method, path, who, json=body, headers={"Idempotency-Key": key})


def test_same_request_gets_the_same_answer_and_acts_once(api):
    before = acts(api)
    first = send(api, "proposer", "/v1/examples", sft())
    again = send(api, "proposer", "/v1/examples", sft())
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    assert acts(api) == before + 1


def test_a_key_may_be_quoted_as_the_draft_has_it(api):
    first = send(api, "proposer", "/v1/examples", sft())
    assert send(api, "proposer", "/v1/examples", sft(), key=f'"{KEY}"').content == first.content


def test_another_body_or_path_under_the_same_key_is_refused_and_does_nothing(api):
    made = send(api, "proposer", "/v1/examples", sft()).json()
    before = acts(api)
    for path, body in (
        ("/v1/examples", sft("Others say otherwise.")),
        (f"/v1/examples/{made['id']}/withdrawal", {"reason": "error"}),
    ):
        response = send(api, "proposer", path, body)
        assert_problem(response, 409, "conflict", says="this key came before, with another request")
    assert acts(api) == before


def test_everybody_has_keys_of_their_own(api):
    mine = send(api, "proposer", "/v1/examples", sft()).json()
    other = send(api, "contributor", "/v1/examples", sft("Others say otherwise."))
    assert other.status_code == 201
    assert other.json()["id"] != mine["id"]


def test_what_was_refused_may_be_sent_again_under_the_same_key(api):
    body = {"topic": TOPIC, "perspective": "no-such-perspective"}
    refused = send(api, "contributor", "/v1/perspectives", body)
    assert refused.status_code in (404, 409, 422)
    mended = send(api, "contributor", "/v1/perspectives", {"topic": TOPIC, "perspective": "gun-rights"})
    assert mended.status_code == 201


def test_a_review_is_filled_and_superseded_once(api):
    api.propose()
    seat = api.sit("gun-rights-1")
    body = ACCEPT | {"example": seat["example"], "revision": seat["revision"]}
    first = send(api, "gun-rights-1", "/v1/reviews", body)
    assert send(api, "gun-rights-1", "/v1/reviews", body).content == first.content
    path = f"/v1/reviews/{seat['example']}"
    changed = send(api, "gun-rights-1", path, ACCEPT, key="another", method="PUT")
    before = acts(api)
    assert send(api, "gun-rights-1", path, ACCEPT, key="another", method="PUT").content == changed.content
    assert acts(api) == before


@pytest.mark.parametrize("key", ["", " ", "k" * 256, "two words", "\N{LATIN SMALL LETTER E WITH ACUTE}"])
def test_a_key_that_is_none_is_an_error_of_the_header(api, key):
    response = api.call("POST", "/v1/examples", "proposer", json=sft(), headers={"Idempotency-Key": key.encode()})
    assert_problem(response, 400, "bad-header", says="Idempotency-Key")


def test_answers_go_after_two_days(api):
    send(api, "proposer", "/v1/examples", sft())
    api.clock.advance(days=2)
    later = send(api, "proposer", "/v1/examples", sft("Others say otherwise."))
    assert later.status_code == 201
    with api.platform.read() as loaded:
        assert loaded.connection.execute(select(func.count()).select_from(repeats)).scalar() == 1


def test_a_row_tells_neither_whose_it_is_nor_when_it_came_nor_what_was_done(api):
    made = send(api, "proposer", "/v1/examples", sft()).json()
    with api.platform.write() as writing:
        row = writing.connection.execute(select(repeats)).one()
        account = actor_by_handle(writing.connection, "proposer").account
        assert row.ends_at % DAY == 0
        for secret in (made["leaf"], made["id"], account, KEY):
            assert secret.encode() not in row.sealed
            assert secret not in row.tag
        erase_account(writing.connection, writing.vault, account)
        with pytest.raises(NotFound):
            writing.vault.take_out(account, f"repeat:{KEY}", row.sealed)


def test_two_at_once_do_it_once(api):
    before, answers = acts(api), []

    def sending():
        answers.append(send(api, "proposer", "/v1/examples", sft()))

    threads = [threading.Thread(target=sending) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 5
    assert acts(api) == before + 1
