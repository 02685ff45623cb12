"""Label Studio itself, once for the whole run. Where it cannot be installed, these tests are skipped and say why.

It is installed while other tests run (`tests/conftest.py`), and these come last.
"""

from __future__ import annotations

import secrets

import pytest

from curation.errors import Unavailable
from tests.support.label_studio import shared_studio, work, worker_folder
from tests.support.world import copy_home, template


@pytest.fixture(scope="session")
def studio(tmp_path_factory):
    """A running Label Studio."""
    try:
        with shared_studio(worker_folder(tmp_path_factory.getbasetemp())) as running:
            yield running
    except Unavailable as error:
        pytest.skip(f"NO LABEL STUDIO: {error}")


@pytest.fixture(scope="session")
def templates(tmp_path_factory):
    return tmp_path_factory.mktemp("templates")


@pytest.fixture
def working(studio, templates, tmp_path):
    """A home with one seat for each perspective, connected to the server."""
    # Another seed each time: by their random marks, homes on one server tell their projects apart.
    world = copy_home(template(templates, "small"), tmp_path / "home", secrets.token_hex())
    made = work(world, studio)
    yield made
    made.client.close()
    world.platform.home.close()
