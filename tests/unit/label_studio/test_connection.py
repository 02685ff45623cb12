"""Which address and token a Label Studio may have, and what a server that is none is answered with; on this machine."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from curation.errors import EvenhandError, InvalidInput
from curation.integrations.label_studio.client import Client
from curation.integrations.label_studio.connection import Server, read_server_url


@pytest.mark.parametrize(
    ("url", "read"),
    [
        (" https://label-studio.example.org/ ", "https://label-studio.example.org"),
        ("https://10.0.0.7:8443/tool/", "https://10.0.0.7:8443/tool"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://localhost", "http://localhost"),
    ],
)
def test_address_is_https_or_on_this_machine(url, read):
    assert read_server_url(url) == read


@pytest.mark.parametrize(
    "url",
    [
        "",
        "label-studio.example.org",
        "ftp://example.org",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https://me:secret@example.org",
        "https://example.org/?next=x",
        "https://example.org/#x",
        "https://example.org:99999",
        "https://[::1",
        "http://example.org",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
        "http://10.0.0.7",
    ],
)
def test_other_addresses_are_refused_without_repeating_them(url):
    with pytest.raises(InvalidInput) as refused:
        read_server_url(url)
    assert "secret" not in str(refused.value)
    if url.startswith("http://") and url != "http://":
        assert read_server_url(url, http=True) == url


class _Strange(BaseHTTPRequestHandler):
    answer = (200, b"{}")

    def do_GET(self):
        status, body = self.answer
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815  # the name that the standard library calls

    def log_message(self, format, *args):
        pass


@pytest.fixture(scope="module")
def strange():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Strange)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def ask_who(server):
    client = Client(server)
    try:
        client.whoami()
    finally:
        client.close()


@pytest.mark.parametrize(
    "answer",
    [
        (401, b"{}"),
        (302, b""),
        (500, b"<html>x" * 1_000),
        (200, b"<html>no JSON</html>"),
        (200, b"[]"),
        (200, b"null"),
        (200, b"\xff\xfe"),
    ],
)
@pytest.mark.parametrize("token", ["a-token", "é\r\nX-Evil: 1", ""])
def test_server_that_is_no_label_studio_is_told_of_without_the_token(strange, answer, token):
    _Strange.answer = answer
    with pytest.raises(EvenhandError) as refused:
        ask_who(Server(strange, token, ""))
    assert token == "" or token not in str(refused.value)
