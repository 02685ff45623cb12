"""A server in a thread, and Debian's Chromium."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from playwright.sync_api import sync_playwright

from curation.clock import SystemClock
from curation.writing import Platform
from curation_api import create_app
from curation_api.app import UVICORN
from tests.api.support import copy_home, seed_home

CHROMIUM = os.environ.get("EVENHAND_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


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


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The address of the pages, with the pilot's topics."""
    folder = tmp_path_factory.mktemp("browser")
    seeded = seed_home(folder / "seeded")
    with serving(copy_home(seeded, folder / "home", SystemClock())) as address:
        yield address


@pytest.fixture(scope="session")
def chromium():
    if CHROMIUM is None:
        pytest.skip("NO BROWSER: install Debian's chromium, or name one in EVENHAND_CHROMIUM, to run these tests")
    with sync_playwright() as playwright:
        # Root has no sandbox; nothing but the pages of this test is ever opened.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


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
