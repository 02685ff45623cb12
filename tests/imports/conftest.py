"""A home to import into, on each database."""

from __future__ import annotations

import shutil

import pytest

from curation.begin import begin_home
from curation.clock import SystemClock
from curation.home import open_home
from curation.topics.define import DefineDataset
from curation.writing import Platform
from curation_schemas.definition import DatasetDefinition
from curation_schemas.parsing import validate
from tests.imports.support import Place
from tests.support.generated import definition
from tests.support.postgres import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]


def begun(path, seats=1, **options):
    command = DefineDataset(definition=validate(DatasetDefinition, definition(seats=seats)))
    return begin_home(path, command, "founder", simulated=True, **options)[0]


@pytest.fixture(scope="session")
def begun_home(tmp_path_factory):
    """A home that has begun, to be copied."""
    path = tmp_path_factory.mktemp("begun") / "home"
    begun(path).home.close()
    return path


@pytest.fixture
def place(begun_home, tmp_path):
    """A new home, and a folder for what is imported into it."""
    home = shutil.copytree(begun_home, tmp_path / "home")
    platform = Platform(open_home(home), SystemClock())
    yield Place(tmp_path, home, platform)
    platform.home.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_place(request, tmp_path, monkeypatch):
    """The same on each database; a module that wants more seats than one says so in SEATS."""
    seats = getattr(request.module, "SEATS", 1)
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_url")
        monkeypatch.setenv("EVENHAND_DATABASE_URL", url)
        platform = begun(tmp_path / "home", seats, database=url)
    elif seats == 1:
        yield request.getfixturevalue("place")
        return
    else:
        platform = begun(tmp_path / "home", seats)
    yield Place(tmp_path, tmp_path / "home", platform)
    platform.home.close()
