"""The platform that the attackers meet: the API's own home with people, and the same on SQLite's files."""

from __future__ import annotations

import shutil

import pytest

from curation.clock import MovableClock
from curation.home import open_home
from curation.writing import Platform
from tests.api.conftest import api, seeded
from tests.api.support import START, Api

__all__ = ["api", "seeded"]


@pytest.fixture
def sqlite_api(seeded, tmp_path):
    clock = MovableClock(START)
    shutil.copytree(seeded.path, tmp_path / "home")
    platform = Platform(open_home(tmp_path / "home"), clock)
    yield Api(platform, clock, seeded.tokens)
    platform.home.close()
