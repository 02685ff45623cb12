"""A real uvicorn in a process of its own: many clients at once, and nothing recorded of them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from curation.clock import MovableClock
from curation.errors import HomeUnusable
from curation_api import app_from_environment
from curation_api.app import UVICORN
from tests.api.support import PEOPLE, START, TOPIC, copy_home, sft

CLIENTS = 128
LIMIT_SECONDS = 90
APP = "curation_api.app:app_from_environment"


@pytest.fixture
def served(seeded, databases, tmp_path):
    """A server started as the documentation says, its address, and its output once it has stopped."""
    home = tmp_path / "home"
    url = databases.copy(seeded.path, home)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    output = tmp_path / "output"
    with output.open("wb") as file:
        command = [sys.executable, "-m", "uvicorn", "--factory", APP, "--port", str(port)]
        environment = {**os.environ, "EVENHAND_HOME": str(home)} | ({"EVENHAND_DATABASE_URL": url} if url else {})
        process = subprocess.Popen(command, env=environment, stdout=file, stderr=subprocess.STDOUT)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until_up(process, address, output)
        yield address, process, output
    finally:
        process.terminate()
        process.wait(30)


def wait_until_up(process, address, output):
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"{address}/healthz", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail(f"the server did not come up: {output.read_text()}")


def test_128_clients_at_once_are_all_answered(served, seeded):
    address, _, _ = served
    handles = list(PEOPLE)

    def visit(number):
        headers = {"Authorization": f"Bearer {seeded.tokens['proposer']}"}
        with httpx.Client(base_url=address, timeout=LIMIT_SECONDS, trust_env=False) as client:
            answers = [
                client.post("/v1/examples", json=sft(f"Text {number}."), headers=headers),
                client.get("/v1/examples"),
                client.get("/examples"),
                client.get("/v1/exports/examples"),
                client.get(
                    "/v1/me", headers={"Authorization": f"Bearer {seeded.tokens[handles[number % len(handles)]]}"}
                ),
                client.post("/v1/seats", json={"topic": TOPIC}, headers=headers),
            ]
        return [answer.status_code for answer in answers]

    began = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as pool:
        found = list(pool.map(visit, range(CLIENTS)))
    took = time.monotonic() - began
    assert found == [[201, 200, 200, 200, 200, 409]] * CLIENTS
    assert took < LIMIT_SECONDS


def test_server_records_nothing_of_who_asked(served, seeded):
    address, process, output = served
    agent = {"User-Agent": "agent-to-be-forgotten", "Authorization": f"Bearer {seeded.tokens['proposer']}"}
    assert httpx.get(f"{address}/v1/me?secret=zz", headers=agent, trust_env=False).status_code == 200
    assert httpx.get(f"{address}/nowhere-zz", headers=agent, trust_env=False).status_code == 404
    process.terminate()
    assert process.wait(30) in (0, -15)
    text = output.read_text()
    assert "startup complete" in text
    for trace in ("agent-to-be-forgotten", "GET ", "zz", seeded.tokens["proposer"], "/v1/me"):
        assert trace not in text


def test_server_stops_reading_a_body_over_the_limit(served):
    address, _, _ = served
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as sock:
        lines = ["POST /v1/examples HTTP/1.1", "Host: x", "Content-Type: application/json"]
        sock.sendall("\r\n".join([*lines, "Transfer-Encoding: chunked", "", ""]).encode())
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        try:
            for _ in range(40):
                sock.sendall(chunk)
        except OSError:
            pass  # it has answered and hung up
        try:
            answer = sock.recv(65536)
        except ConnectionResetError:
            return
    assert b" 413 " in answer.split(b"\r\n")[0]


def test_no_home_means_no_server(monkeypatch, tmp_path):
    monkeypatch.setenv("EVENHAND_HOME", str(tmp_path / "none"))
    with pytest.raises(HomeUnusable):
        app_from_environment()


def test_options_for_uvicorn_keep_callers_unrecorded():
    assert UVICORN["access_log"] is False
    assert UVICORN["log_config"] is None
    assert UVICORN["proxy_headers"] is False


def test_application_from_the_environment_closes_its_home(monkeypatch, seeded, tmp_path):
    from starlette.testclient import TestClient

    copy_home(seeded, tmp_path / "home", MovableClock(START)).home.close()
    monkeypatch.setenv("EVENHAND_HOME", str(tmp_path / "home"))
    app = app_from_environment()
    with TestClient(app) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        assert app.state.platform.home.engine.pool.checkedout() == 0
    assert app.state.platform.home.engine.pool.checkedin() == 0
