"""Homes on either database for every test of databases."""

import pytest

from tests.support.fixtures import homes
from tests.support.world import copy_home, template

__all__ = ["homes", "small_world", "world"]


@pytest.fixture
def world(homes, databases, tmp_path):
    """A home under the full policy, on either database."""
    made = copy_home(template(homes, "full"), tmp_path / "home", databases=databases)
    yield made
    made.platform.home.close()


@pytest.fixture
def small_world(homes, databases, tmp_path):
    """A home where rounds end soon, on either database."""
    made = copy_home(template(homes, "small"), tmp_path / "home", databases=databases)
    yield made
    made.platform.home.close()
