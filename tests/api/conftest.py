"""A home with people for every test of the API; it is made once and copied."""

from __future__ import annotations

import pytest

from curation.clock import MovableClock
from curation.writing import Platform
from tests.api.support import START, Api, Seeded, seed_home


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    return seed_home(tmp_path_factory.mktemp("seeded") / "home")


@pytest.fixture
def api(seeded, databases, tmp_path):
    clock = MovableClock(START)
    platform = Platform(databases.open_copy(seeded.path, tmp_path / "home"), clock)
    yield Api(platform, clock, seeded.tokens)
    platform.home.close()
