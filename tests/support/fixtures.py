"""Fixtures for tests that act on a home. A conftest imports those it wants."""

from __future__ import annotations

import pytest

from tests.support.world import copy_home, template


@pytest.fixture(scope="session")
def homes(tmp_path_factory):
    """Where the homes are kept that the others copy."""
    return tmp_path_factory.mktemp("homes")


@pytest.fixture
def world(homes, tmp_path):
    """A home under the full policy: 3 seats of which 2 must accept; 4 and 3 on the river."""
    made = copy_home(template(homes, "full"), tmp_path / "home")
    yield made
    made.platform.home.close()


@pytest.fixture
def small_world(homes, tmp_path):
    """A home where rounds end soon: one seat for each perspective, two on the river."""
    made = copy_home(template(homes, "small"), tmp_path / "home")
    yield made
    made.platform.home.close()
