"""WARC records: those that are kept, and files that somebody brought along, hostile ones too."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from curation.errors import InvalidInput
from curation.evidence import warc
from curation.evidence.fetch import Fetched, NotFetched
from curation.evidence.warc import find_pages, read_record, write_record

URL = "http://pages.example.org/minutes"
HEADERS = (("content-type", "text/html"), ("set-cookie", "session=secret"), ("x-odd", "a\r\nInjected: b"))
PAGE = Fetched(URL, 200, "OK", HEADERS, b"<p>The council met.</p>")


def block(
    url: str = URL,
    body: bytes = PAGE.body,
    status: str = "200 OK",
    headers: str = "",
    kind: str = "response",
    media: str = "text/html",
) -> bytes:
    """A record as a crawler writes it."""
    http = f"HTTP/1.1 {status}\r\nContent-Type: {media}\r\n{headers}\r\n".encode() + body
    return (
        (
            f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2024-05-01T10:20:30Z\r\n"
            f"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-000000000000>\r\nWARC-IP-Address: 10.0.0.9\r\n"
            f"Content-Type: application/http; msgtype={kind}\r\nContent-Length: {len(http)}\r\n\r\n"
        ).encode()
        + http
        + b"\r\n\r\n"
    )


INFO = b"WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 15\r\n\r\noperator: Jane\n\r\n\r\n"


def found_in(path: Path, content: bytes, *urls: str):
    path.write_bytes(content)
    return find_pages([path], urls or [URL])


def test_a_kept_record_reads_back_and_its_digests_are_ours(tmp_path):
    made = write_record(PAGE, "2026-05-03", bytes(16))
    assert made.record == hashlib.sha256(made.content).hexdigest()
    assert made.payload == hashlib.sha256(PAGE.body).hexdigest()
    again = read_record(made.content)
    assert (again.url, again.status, again.body) == (URL, 200, PAGE.body)
    assert b"secret" not in made.content
    assert b"\r\nInjected" not in made.content
    assert made == write_record(PAGE, "2026-05-03", bytes(16))
    (tmp_path / "kept.warc").write_bytes(made.content)
    with (tmp_path / "kept.warc").open("rb") as file:
        records = [(record.rec_type, record.rec_headers["WARC-Date"]) for record in ArchiveIterator(file)]
    assert records == [("response", "2026-05-03")]


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_a_page_is_found_in_a_file(tmp_path, packed):
    parts = [INFO, block("http://elsewhere.example.org/"), block()]
    content = b"".join(gzip.compress(part) if packed else part for part in parts)
    (found,) = found_in(tmp_path / "x.warc", content).values()
    assert isinstance(found, Fetched)
    assert (found.body, found.header["content-type"]) == (PAGE.body, "text/html")
    kept = write_record(found, "2026-05-03", bytes(16)).content
    assert not any(word in kept for word in (b"Jane", b"10.0.0.9", b"10:20:30"))


def test_a_page_is_found_along_its_redirections(tmp_path):
    moved = block(status="301 Moved", headers="Location: https://new.example.org/m\r\n")
    (found,) = found_in(tmp_path / "x.warc", block("https://new.example.org/m") + moved).values()
    assert isinstance(found, Fetched)
    assert found.url == "https://new.example.org/m"
    loop = block(status="302 Found", headers="Location: /minutes\r\n")
    assert found_in(tmp_path / "y.warc", loop) == {URL: NotFetched("absent")}


def test_a_chunked_body_is_put_together(tmp_path):
    chunked = b"4\r\n<p>T\r\n13\r\nhe council met.</p>\r\n0\r\n\r\n"
    (found,) = found_in(tmp_path / "x.warc", block(body=chunked, headers="Transfer-Encoding: chunked\r\n")).values()
    assert isinstance(found, Fetched)
    assert found.body == b"<p>The council met.</p>"


def test_what_is_no_page_of_the_address_is_absent(tmp_path):
    for content in (INFO, block(status="404 Not Found"), block(kind="revisit"), block("dns:example.org"), block("")):
        assert found_in(tmp_path / "x.warc", content) == {URL: NotFetched("absent")}


def test_a_page_that_is_larger_than_is_kept_is_absent(tmp_path):
    assert found_in(tmp_path / "x.warc", block(body=b"x" * 5_000_001)) == {URL: NotFetched("absent")}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"PK\x03\x04", id="another kind"),
        pytest.param(b"\x1f\x8b\x08", id="half a gzip head"),
        pytest.param(gzip.compress(block())[:-20], id="gzip cut off"),
        pytest.param(block()[:-30], id="cut off in a body"),
        pytest.param(block()[:60], id="cut off in the headers"),
        pytest.param(block().replace(b"Content-Length: ", b"Content-Length: 9"), id="a length beyond the end"),
        pytest.param(block().replace(b"Content-Length: ", b"Content-Length: -"), id="a length below zero"),
        pytest.param(block().replace(b"Content-Length: ", b"X: "), id="no length"),
        pytest.param(block().replace(b"WARC/1.0", b"WARC/9.9"), id="another version"),
        pytest.param(b"WARC/1.0\r\n" + b"X: y\r\n" * 100_000 + block(), id="many headers"),
        pytest.param(b"WARC/1.0\r\nX: " + b"y" * 1_000_000 + b"\r\n" + block(), id="a huge header"),
        pytest.param(gzip.compress(b"WARC/1.0\r\nX: " + b"y" * 100_000_000), id="a bomb without a line's end"),
        pytest.param(block() + b"garbage", id="garbage behind"),
    ],
)
def test_a_file_that_is_none_is_refused_by_its_name(tmp_path, content):
    with pytest.raises(InvalidInput) as caught:
        found_in(tmp_path / "brought.warc", content)
    assert caught.value.where == "brought.warc"
    assert len(str(caught.value)) < 100


def test_a_file_that_unpacks_to_more_than_is_read_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(warc, "MAX_FILE", 1_000_000)
    with pytest.raises(InvalidInput, match="unpacks to more than is read"):
        found_in(tmp_path / "bomb.warc.gz", gzip.compress(block("http://a.example.org/", bytes(50_000_000))))


SEED = INFO + block() + block(status="301 Moved", headers="Location: https://new.example.org/m\r\n")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400)
@given(st.lists(st.tuples(st.integers(0, len(SEED) - 1), st.binary(max_size=4), st.integers(0, 6)), max_size=6))
def test_a_file_changed_anywhere_is_read_or_refused(tmp_path, changes):
    content = SEED
    for place, new, length in changes:
        content = content[:place] + new + content[place + length :]
    try:
        found_in(tmp_path / "fuzz.warc", content)
    except InvalidInput:
        pass


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.integers(0, 700), st.binary(max_size=6))
def test_a_packed_file_changed_anywhere_is_read_or_refused(tmp_path, place, new):
    packed = gzip.compress(INFO, mtime=0) + gzip.compress(block(), mtime=0)
    try:
        found_in(tmp_path / "fuzz.warc.gz", packed[:place] + new + packed[place + len(new) :])
    except InvalidInput:
        pass
