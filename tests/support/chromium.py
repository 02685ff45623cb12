"""Chromium: Debian's, or Playwright's own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def chromium():
    """One for all tests of a process, wherever they stand: Playwright does not begin a second time in one."""
    from playwright.sync_api import sync_playwright

    named = os.environ.get("EVENHAND_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        found = named or playwright.chromium.executable_path
        if not Path(found).exists():
            pytest.skip("NO BROWSER: run `make browser`, or name one in EVENHAND_CHROMIUM, to run these tests")
        # Root has no sandbox; nothing but the pages of this test is ever opened.
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()
