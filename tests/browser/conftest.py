"""A server in a thread, and pages of it in Chromium (tests/support/chromium.py)."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn

from curation.clock import SystemClock
from curation.people.accounts import actor_by_handle
from curation.people.sessions import open_session
from curation.writing import Platform
from curation_api import create_app
from curation_api.app import UVICORN
from tests.api.support import copy_home, seed_home


@contextmanager
def serving(platform: Platform) -> Iterator[str]:
    """Serve a platform, in a thread. Gives the address."""
    server = uvicorn.Server(uvicorn.Config(create_app(platform), port=0, log_level="warning", **UVICORN))
    thread = threading.Thread(target=server.run)
    thread.start()
    end = time.monotonic() + 30
    while not server.started and time.monotonic() < end:
        time.sleep(0.05)
    assert server.started
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(30)
    platform.home.close()


def signed_in(chromium, platform: Platform, address: str, handle: str, **options):
    """A browser in which somebody is signed in."""
    with platform.write() as writing:
        account = actor_by_handle(writing.connection, handle).account
        session = open_session(writing.connection, account, writing.now, writing.token_bytes)
    context = chromium.new_context(base_url=address, **options)
    context.add_cookies([{"name": "evenhand_session", "value": session, "url": address}])
    return context


@pytest.fixture(scope="session")
def seeded(tmp_path_factory):
    """A home with the pilot's topics and people, to be copied."""
    return seed_home(tmp_path_factory.mktemp("browser") / "seeded")


@pytest.fixture(scope="session")
def site(seeded):
    """The address of the pages, with the pilot's topics."""
    with serving(copy_home(seeded, seeded.path.parent / "home", SystemClock())) as address:
        yield address


@pytest.fixture
def open_page(chromium, site):
    """Open a page in a browser of its own, which records whatever it asks of anybody else, and every complaint."""
    contexts = []

    def opened(**options):
        context = chromium.new_context(base_url=site, **options)
        page = context.new_page()
        page.foreign, page.complaints = [], []
        page.on("request", lambda request: request.url.startswith(site) or page.foreign.append(request.url))
        page.on("console", lambda message: message.type == "error" and page.complaints.append(message.text))
        contexts.append((context, page))
        return page

    yield opened
    for context, page in contexts:
        assert page.foreign == []
        assert page.complaints == []
        context.close()
