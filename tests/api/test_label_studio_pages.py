"""A page says what Label Studio’s server learns, and links whoever agrees; its webhooks are hints."""

from __future__ import annotations

import statistics
import time

import pytest

from curation.clock import MovableClock
from curation.holdings import holdings_of
from curation.integrations.label_studio.connection import HOOK_PATH, SECRET_HEADER, connected_server, keep_server
from curation.integrations.label_studio.telling import told
from curation.people.accounts import actor_by_handle
from curation.people.vault import Vault
from curation.tables import label_studio_hints
from tests.api.pages import LANGUAGES
from tests.api.support import START, Api, copy_home
from tests.api.test_oversight import browser_of

PAGE = "/account/label-studio"


@pytest.fixture(scope="module")
def api(seeded, tmp_path_factory):
    platform = copy_home(seeded, tmp_path_factory.mktemp("label-studio") / "home", MovableClock(START))
    made = Api(platform, MovableClock(START), seeded.tokens)
    assert "label-studio" not in browser_of(made, "contributor").see("/account").text
    assert browser_of(made, "contributor").see(PAGE, 404)
    with platform.write() as writing:
        maintainer = actor_by_handle(writing.connection, "maintainer")
        keep_server(writing, maintainer, "https://label-studio.example.org", "a token")
    yield made
    platform.home.close()


@pytest.fixture(scope="module")
def secret(api):
    """What webhooks carry."""
    with api.platform.read() as loaded:
        vault = Vault(loaded.connection, api.platform.home.vault_key, api.platform.token_bytes)
        return connected_server(loaded, vault).secret


@pytest.mark.parametrize("language", LANGUAGES)
def test_volunteer_is_told_first_then_linked_and_takes_it_back(api, language):
    browser = browser_of(api, "contributor", language)
    seen = browser.see(PAGE)
    assert all(sentence in seen.text for sentence in told(language))
    form = {"email": "Me@example.org", "language": language, "also": "answer"}
    refused = browser.send(PAGE, PAGE, form, 422)
    assert "Me@example.org" in [item.get("value") for item in refused.all("input")], "what was typed stays"
    wrong = browser.send(PAGE, PAGE, {**form, "email": "nobody", "agreed": "yes"}, 422)
    assert '<span lang="en">' not in wrong.text
    linked = browser.send(PAGE, PAGE, {**form, "agreed": "yes"})
    assert "me@example.org" in linked.text
    with api.platform.read() as loaded:
        actor = actor_by_handle(loaded.connection, "contributor")
    assert holdings_of(api.platform, actor)["reviewing in Label Studio"]["address there"] == "me@example.org"
    other = browser_of(api, "proposer", language)
    assert "me@example.org" not in other.send(PAGE, PAGE, {**form, "email": "me@EXAMPLE.org", "agreed": "1"}, 422).text
    ended = browser.send(PAGE, PAGE + "/end", {})
    assert "me@example.org" not in ended.text


def test_hint_of_a_webhook_is_taken_at_once_and_from_nobody_else(api, secret):
    def hint(project="1", carried=secret, **more):
        return api.client.post(f"{HOOK_PATH}?project={project}", headers={SECRET_HEADER: carried}, **more)

    for wrong in ("", "x", secret[:-1], secret + " x", "\x7f", "x" * 300):
        assert hint(carried=wrong).status_code in (403, 422)
    assert hint(carried="é".encode()).status_code in (403, 422)
    for wrong in ("0", "-1", "1e3", str(2**70), "1%00", "; drop table accounts"):
        assert hint(wrong).status_code == 422
    assert hints(api) == []
    assert hint("7", content=b"\x00{not json" * 1_000).status_code == 202
    took = []
    for _ in range(20):
        began = time.perf_counter()
        assert hint("7").status_code == 202
        took.append(time.perf_counter() - began)
    assert statistics.median(took) < 0.1
    assert hints(api) == [7]


def hints(api):
    with api.platform.read() as loaded:
        return list(loaded.connection.execute(label_studio_hints.select()).scalars())
