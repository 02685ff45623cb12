"""Pages go compressed where nobody learns anything by it, and a form's token is another one in every answer."""

from __future__ import annotations

import pytest

from curation.clock import MovableClock
from tests.api.pages import Browser
from tests.api.support import START, copy_home
from tests.api.test_oversight import browser_of


@pytest.fixture(scope="module")
def platform(seeded, tmp_path_factory):
    made = copy_home(seeded, tmp_path_factory.mktemp("compressing") / "home", MovableClock(START))
    yield made
    made.home.close()


class Signed:
    """What `browser_of` wants of an API."""

    def __init__(self, platform):
        self.platform = platform


@pytest.mark.parametrize(
    ("signed_in", "led_by", "compressed"),
    [
        (False, None, True),
        (False, "none", True),
        (False, "cross-site", False),
        (True, None, False),
        (True, "none", True),
        (True, "same-origin", True),
        (True, "same-site", False),
        (True, "cross-site", False),
    ],
)
def test_page_that_another_site_led_to_goes_as_it_is(platform, signed_in, led_by, compressed):
    browser = browser_of(Signed(platform), "contributor") if signed_in else Browser(platform)
    headers = {} if led_by is None else {"Sec-Fetch-Site": led_by}
    answer = browser.client.get("/how-it-works", headers=headers)
    assert answer.status_code == 200
    assert ("content-encoding" in answer.headers) is compressed
    if compressed:
        assert answer.headers["vary"] == "Accept-Encoding"
        assert int(answer.headers["content-length"]) < len(answer.content) / 2


def test_browser_that_cannot_unpack_gets_the_page_as_it_is(platform):
    answer = Browser(platform).client.get("/how-it-works", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert "</html>" in answer.text


def test_token_of_a_form_is_another_one_in_every_answer_and_each_is_good(platform):
    browser = browser_of(Signed(platform), "contributor")
    first, second = browser.token("/account"), browser.token("/account")
    assert first != second
    for token in (first, second, first):
        sent = browser.client.post("/account/languages", data={"form_token": token, "language": "en"})
        assert sent.status_code == 200


def test_token_with_another_mask_or_of_another_visitor_is_refused(platform):
    browser = browser_of(Signed(platform), "contributor")
    token = browser.token("/account")
    other = browser_of(Signed(platform), "proposer").token("/account")
    spoilt = ["0" * 64 + token[64:], token[:64] + "0" * 64, token[64:], token + "00", "ü" * 128, "", other]
    for wrong in spoilt:
        sent = browser.client.post("/account/languages", data={"form_token": wrong, "language": "en"})
        assert sent.status_code == 403, wrong


def test_inputs_of_one_page_carry_one_token(platform):
    seen = browser_of(Signed(platform), "contributor").see("/account")
    tokens = [item["value"] for item in seen.all("input") if item.get("name") == "form_token"]
    assert len(tokens) > 3
    assert len(set(tokens)) == 1
