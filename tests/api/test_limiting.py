"""How many requests a minute somebody may send, and whom that never locks out."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from curation_api import create_app
from curation_api.limiting import RateLimits
from tests.api.support import assert_problem, check_answer

VPN = "203.0.113.7"


@pytest.fixture
def ask(api):
    """Ask as somebody from an address: ten requests a minute to an account, five to an address."""
    app = create_app(api.platform, RateLimits(per_account=10, per_address=5))
    document = app.openapi()

    def asking(path="/v1/topics", who=None, host=VPN, token=None):
        client = TestClient(app, raise_server_exceptions=False, client=(host, 50_000))
        given = token or (api.tokens[who] if who else None)
        response = client.get(path, headers={"Authorization": f"Bearer {given}"} if given else {})
        check_answer(document, "GET", path, response)
        return response

    return asking


def test_an_answer_says_what_is_left(ask):
    first = ask()
    assert first.headers["ratelimit-policy"] == '"address";q=5;w=60'
    said = re.fullmatch(r'"address";r=4;t=(\d+)', first.headers["ratelimit"])
    assert said is not None
    assert 1 <= int(said[1]) <= 60
    assert ask(who="proposer").headers["ratelimit-policy"] == '"account";q=10;w=60'


def test_too_many_from_an_address_wait(ask):
    assert {ask().status_code for _ in range(5)} == {200}
    refused = ask()
    assert_problem(refused, 429, "too-many", says="this minute")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit"].startswith('"address";r=0;')
    assert ask(host="198.51.100.1").status_code == 200


def test_an_address_never_locks_out_who_is_signed_in(ask):
    for _ in range(6):
        ask()
    assert ask().status_code == 429
    assert ask(who="proposer").status_code == 200
    assert ask("/v1/me", who="contributor").status_code == 200


def test_an_account_is_counted_wherever_it_asks_from(ask):
    codes = [ask("/v1/me", who="proposer", host=f"198.51.100.{number}").status_code for number in range(11)]
    assert codes == [200] * 10 + [429]
    assert ask("/v1/me", who="contributor").status_code == 200


def test_tokens_that_nobody_has_count_for_the_address(ask):
    codes = [ask("/v1/me", token=f"evh_{number}").status_code for number in range(6)]
    assert codes == [401] * 5 + [429]


def test_one_network_of_ipv6_is_one_address(ask):
    codes = [ask(host=f"2001:db8:0:1::{number}").status_code for number in range(6)]
    assert codes == [200] * 5 + [429]
    assert ask(host="2001:db8:0:2::1").status_code == 200
    assert ask(host="::ffff:127.0.0.1").headers.get("ratelimit") is None


def test_a_server_in_front_is_not_counted(ask):
    answers = [ask(host="127.0.0.1") for _ in range(7)]
    assert {answer.status_code for answer in answers} == {200}
    assert not any("ratelimit" in answer.headers for answer in answers)


def test_files_of_the_log_and_the_health_check_are_not_counted(ask):
    assert {ask("/log/checkpoint").status_code for _ in range(7)} == {200}
    assert {ask("/healthz").status_code for _ in range(7)} == {200}


def test_a_limit_of_nothing_is_none(api):
    client = TestClient(create_app(api.platform, RateLimits(0, 0)), client=(VPN, 50_000))
    answers = [client.get("/v1/topics") for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200}


def test_no_address_is_kept_as_it_is(api):
    limits = RateLimits(per_account=10, per_address=5)
    limits.count_address(VPN)
    kept = repr(vars(limits._limiter.storage))
    assert VPN not in kept
    assert "address" in kept
