"""A web site on loopback, and homes on either database; nothing beyond this machine can be reached."""

import socket

import pytest

from tests.conftest import is_loopback, refuse
from tests.evidence.site import running_site
from tests.support.fixtures import homes
from tests.support.world import copy_home, template

__all__ = ["homes", "site", "small_world"]


@pytest.fixture
def site():
    with running_site() as running:
        yield running


@pytest.fixture
def small_world(homes, databases, tmp_path):
    made = copy_home(template(homes, "small"), tmp_path / "home", databases=databases)
    yield made
    made.platform.home.close()


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch):
    connect = socket.socket.connect

    def guarded(sock, address):
        if sock.family in (socket.AF_INET, socket.AF_INET6) and not is_loopback(address[0]):
            refuse(address[0])
        return connect(sock, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
