"""The demonstration's home for every test of the command line."""

import pytest

from tests.audit.demo import bundle, demo

__all__ = ["bundle", "demo", "home"]


@pytest.fixture
def home(demo, databases, tmp_path, monkeypatch):
    """A copy of the demonstration's home, on either database; commands find it."""
    url = databases.copy(demo.home, tmp_path / "home")
    if url is not None:
        monkeypatch.setenv("EVENHAND_DATABASE_URL", url)
    return tmp_path / "home"
