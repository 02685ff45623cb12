"""Rules for every test.

- A unit test reaches no other machine: connecting, sending or looking up a name beyond loopback fails it.
- Hypothesis runs the same examples on every machine; `HYPOTHESIS_PROFILE=search` looks for new ones.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from curation.integrations.label_studio.local import is_installed
from tests.support.chromium import chromium
from tests.support.postgres import databases, postgres, postgres_url

__all__ = ["chromium", "databases", "postgres", "postgres_url"]

UNIT_TESTS = Path(__file__).parent / "unit"
LABEL_STUDIO_TESTS = Path(__file__).parent / "label_studio"
INSTALLING: list[subprocess.Popen[bytes]] = []

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What needs Label Studio comes last, and it is installed meanwhile, once, where it is not yet."""
    needing = [item for item in items if item.path.is_relative_to(LABEL_STUDIO_TESTS)]
    if not needing or len(needing) == len(items):
        return
    items[:] = [item for item in items if item not in set(needing)] + needing
    first = getattr(config, "workerinput", {"workerid": "gw0"})["workerid"] == "gw0"
    if first and not (config.option.collectonly or is_installed() or os.environ.get("LABEL_STUDIO_RUNNING")):
        program = "from curation.integrations.label_studio.local import install; install()"
        quiet = subprocess.DEVNULL
        command = [sys.executable, "-c", program]
        INSTALLING.append(subprocess.Popen(command, cwd=LABEL_STUDIO_TESTS.parents[1], stdout=quiet, stderr=quiet))


def pytest_sessionfinish() -> None:
    """Leave no install behind that nobody waits for."""
    for process in INSTALLING:
        process.terminate()
        process.wait()


def is_loopback(host: object) -> bool:
    """Whether a host, as given to the socket module, is this machine. No host is: it stands for this one."""
    if host is None or host in ("", b"", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


def refuse(host: object) -> None:
    """Fail the test. Not an Exception, so that no `except Exception` under test swallows it."""
    pytest.fail(f"a unit test tried to reach {host!r}; only loopback is allowed here")


@pytest.fixture(autouse=True)
def loopback_only(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the tests under tests/unit from every network but loopback."""
    if not request.path.is_relative_to(UNIT_TESTS):
        return

    def guarded(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(sock: socket.socket, *args: Any) -> Any:
            address = args[-1]  # connect(address), sendto(data, address), sendto(data, flags, address)
            if sock.family in (socket.AF_INET, socket.AF_INET6) and not is_loopback(address[0]):
                refuse(address[0])
            return method(sock, *args)

        return call

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, guarded(getattr(socket.socket, name)))

    look_up = socket.getaddrinfo

    def look_up_loopback(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not is_loopback(host):
            refuse(host)
        return look_up(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up_loopback)
