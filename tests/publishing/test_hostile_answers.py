"""Whatever the other side answers, the error says what happened; no answer drives the terminal or removes what is not
ours, and no secret is told."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from curation.audit.remote import place_of
from curation.errors import Conflict, InvalidInput, Unavailable
from curation.integrations.folders import FolderDestination
from curation.integrations.hub import HubDestination
from curation.integrations.publish import publish_release, read_release
from tests.audit.demo import FIRST, call
from tests.simulators import hub as simulator
from tests.simulators.hub import WRITE, Repository

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
NAME = "org/contested-demo"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No waiting between attempts."""
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)


@pytest.fixture(scope="module")
def first(demo):
    return read_release(demo.bundle(FIRST))


@pytest.fixture
def liar():
    """(its address, what it answers)"""
    answer = [b""]

    class Liar(BaseHTTPRequestHandler):
        def log_message(self, *_):
            """Silent."""

        def do_GET(self):
            self.wfile.write(answer[0])
            self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Liar)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}", answer
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    "answer",
    [
        b"302 Found\r\nLocation: http://[::1\r\nContent-Length: 0\r\n\r\n",
        b"302 Found\r\nLocation: http://\xff\xe9/\r\nContent-Length: 0\r\n\r\n",
        b"503 Later\r\nRetry-After: \xb2\r\nContent-Length: 0\r\n\r\n",
        b"200 OK\r\nContent-Length: \xb2\r\n\r\n{}",
        b"200 OK\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n{}",
        b"200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n{}",
    ],
)
def test_an_answer_that_is_no_http_is_no_traceback(answer, liar):
    address, answers = liar
    answers[0] = b"HTTP/1.1 " + answer
    called = call("verify", address)
    assert (called.code, called.out) == (1, "")
    assert called.err.startswith((f"evenhand: {address} ", "evenhand: manifest.json: ")), called.err


def test_a_name_in_a_foreign_manifest_does_not_drive_the_terminal(liar, first):
    address, answers = liar
    manifest = json.loads((first.path / "manifest.json").read_text())
    manifest["files"] = {"data/\x1b]0;title\x07": {"sha256": "0" * 64, "bytes": 1}}
    content = json.dumps(manifest).encode()
    answers[0] = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content
    called = call("verify", address)
    assert called.err == "evenhand: data/\\u001b]0;title\\u0007: is larger than the 1 bytes that it can have\n"


@pytest.mark.parametrize("address", ["https://[x", "https://joe:secret@127.0.0.1:1/1.0.0"])
def test_an_address_with_a_password_or_without_an_end_is_refused(address):
    with pytest.raises(InvalidInput) as caught:
        place_of(address)
    assert "secret" not in str(caught.value)


def test_a_password_in_the_address_of_a_folder_is_in_no_message():
    with pytest.raises(Unavailable, match="ftp://joe:…@127") as caught:
        FolderDestination("ftp://joe:secret@127.0.0.1:1/demo")
    assert "secret" not in str(caught.value)
    with pytest.raises(InvalidInput):
        FolderDestination("reference://demo")


@pytest.mark.parametrize("step", ["refs", "create", "preupload", "batch", "commit"])
@pytest.mark.parametrize("content", [b"{}", b"null", b"[null]", b'"x"', b"<html>"])
def test_an_answer_in_no_form_of_the_hubs_is_said_and_the_next_run_ends_it(step, content, hub, first, monkeypatch):
    destination = HubDestination(f"hf://datasets/{NAME}")
    with monkeypatch.context() as patch:
        patch.setattr(simulator._Handler, f"_{step}", lambda self, **_: self._send(200, content))
        with pytest.raises(Unavailable, match="broke off") as caught:
            destination.bring(first, lambda _said: None)
    assert WRITE not in str(caught.value)
    destination.bring(first, lambda _said: None)
    assert set(hub.repositories[NAME].tags) == {f"v{FIRST}"}


def publish(release, *, really):
    destination = HubDestination(f"hf://datasets/{NAME}")
    return publish_release(release, destination, as_demo=True, really=really, tell=lambda _said: None)


@pytest.mark.parametrize("really", [False, True])
@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"theirs.csv": b"1"}, r"holds 1 files and no manifest\.json, which would be removed"),
        ({"manifest.json": b"{}"}, r"holds a manifest\.json that is none of a release"),
        ({"manifest.json": None}, "holds a release of the dataset another-one"),
    ],
)
def test_a_repository_that_is_not_ours_is_left_as_it_is(files, says, really, hub, first):
    manifest = (first.path / "manifest.json").read_bytes()
    another = manifest.replace(b'"dataset": "contested-pilot"', b'"dataset": "another-one"')
    repository = hub.repositories[NAME] = Repository()
    made = repository.commit("theirs", {name: another if held is None else held for name, held in files.items()})
    with pytest.raises(Conflict, match=says):
        publish(first, really=really)
    assert repository.head == made


def test_a_repository_that_was_only_begun_is_taken(hub, first):
    repository = hub.repositories[NAME] = Repository()
    repository.commit("begun", {".gitattributes": b"", "README.md": b"# Soon"})
    assert publish(first, really=True).published


@pytest.mark.parametrize("really", [False, True])
def test_a_tag_of_something_else_is_not_taken_for_the_release(really, hub, first):
    repository = hub.repositories[NAME] = Repository()
    repository.tags[f"v{FIRST}"] = repository.commit("theirs", {"README.md": b"# Another thing"})
    with pytest.raises(Conflict, match="and it is another one"):
        publish(first, really=really)
