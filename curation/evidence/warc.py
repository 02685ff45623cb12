"""WARC records (ISO 28500): what is kept of a page, and pages that somebody brought along.

Rules that always hold:
- a kept file holds one record, uncompressed, so that its SHA-256 is the record's; cookies are left out of it, and the
  time is a day. warcio writes SHA-1 digests into it: ours stand in the database;
- a file that was brought along is read as a stream, however large it is, and never unpacked beyond a limit; nothing in
  it is trusted but the page: who wrote the file, when, and from where is not kept;
- whatever such a file holds, reading it raises InvalidInput or ends.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import re
import uuid
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from warcio.bufferedreaders import ChunkedDataReader
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord, ArcWarcRecordLoader
from warcio.statusandheaders import StatusAndHeaders, StatusAndHeadersParserException
from warcio.warcwriter import WARCWriter

from curation.errors import InvalidInput
from curation.evidence.addresses import read_page_address
from curation.evidence.fetch import Fetched, Limits, NotFetched

MAX_FILE = 16 << 30
"""Bytes that a file may unpack to."""
_MAX_LINE, _MAX_HEADERS = 16_384, 262_144
_CHUNK = 65_536
_LEFT_OUT = frozenset(("set-cookie", "set-cookie2", "transfer-encoding", "connection", "keep-alive"))
_REDIRECTS = ("301", "302", "303", "307", "308")
_HOPS = 5


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A record as it is kept: its bytes, and the SHA-256 of them and of the page's body as it was transferred."""

    content: bytes
    record: str
    payload: str


def write_record(page: Fetched, day: str, identity: bytes) -> KeptRecord:
    """The record of a page.

    Args:
        page: what was fetched, or brought along.
        day: YYYY-MM-DD.
        identity: 16 random bytes for the record's id.
    """
    headers = [(name, re.sub(r"[\x00-\x1f\x7f]", " ", value)) for name, value in page.headers if name not in _LEFT_OUT]
    reason = re.sub(r"[^ -~]", "", page.reason)
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=False, warc_version="1.1")
    record = writer.create_warc_record(
        page.url,
        "response",
        payload=io.BytesIO(page.body),
        length=len(page.body),  # else warcio copies it through a temporary file
        http_headers=StatusAndHeaders(f"{page.status} {reason}".rstrip(), headers, protocol="HTTP/1.1"),
        warc_headers_dict={
            "WARC-Date": day,  # WARC 1.1 §5.4 (W3CDTF): a day is precise enough
            "WARC-Record-ID": f"<urn:uuid:{uuid.UUID(bytes=identity, version=4)}>",
        },
    )
    writer.write_record(record)
    content = out.getvalue()
    return KeptRecord(content, hashlib.sha256(content).hexdigest(), hashlib.sha256(page.body).hexdigest())


def read_record(content: bytes) -> Fetched:
    """Read a kept record. Raises InvalidInput when it is none."""
    with _reading("the record"):
        for _, found in _pages(io.BytesIO(content), len(content)):
            if isinstance(found, Fetched):
                return found
    raise InvalidInput("holds no page", where="the record")


# --- files brought along ----------------------------------------------------------------------------------------------


class _Malformed(Exception):
    """Something in a file is beyond what is read."""


class _reading:  # noqa: N801  # used as a statement
    """Whatever goes wrong in a foreign file becomes InvalidInput."""

    def __init__(self, where: str) -> None:
        self.where = where

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, _Malformed):
            raise InvalidInput(str(error), where=self.where) from None
        if isinstance(error, _FOREIGN):
            raise InvalidInput("is no WARC file, or is damaged or cut off", where=self.where) from None


_FOREIGN = (
    ArchiveLoadFailed,
    StatusAndHeadersParserException,
    EOFError,
    zlib.error,
    gzip.BadGzipFile,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
)


class _Bounded:
    """A file read line by line or in parts; lines, headers and the whole are bounded."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self.file = file
        self.left = most
        self.headers_left = _MAX_HEADERS

    def _took(self, part: bytes) -> bytes:
        self.left -= len(part)
        if self.left < 0:
            raise _Malformed("unpacks to more than is read")
        return part

    def read(self, length: int) -> bytes:
        return self._took(self.file.read(min(length, _CHUNK)))

    def readline(self, length: int | None = None) -> bytes:
        line = self._took(self.file.readline(_MAX_LINE if length is None else min(length, _MAX_LINE)))
        self.headers_left -= len(line)
        if len(line) == _MAX_LINE or self.headers_left < 0:
            raise _Malformed("has a record with too many or too long headers")
        return line

    def tell(self) -> int:
        return 0


def _records(file: IO[bytes], most: int) -> Iterator[ArcWarcRecord]:
    bounded = _Bounded(file, most)
    loader = ArcWarcRecordLoader()
    while True:
        bounded.headers_left = _MAX_HEADERS
        line = bounded.readline()
        while line in (b"\r\n", b"\n"):
            line = bounded.readline()
        if not line:
            return
        record = loader.parse_record_stream(bounded, statusline=line, known_format="warc")
        if record.rec_headers.get_header("Content-Length") is None:
            raise _Malformed("has a record without Content-Length")
        yield record
        # What is left of the record's block, so that the next line is the next record's first.
        while record.raw_stream.read(_CHUNK):
            pass
        if record.raw_stream.limit:
            raise _Malformed("ends within a record")


def _pages(file: IO[bytes], most: int) -> Iterator[tuple[str, Fetched | str | None]]:
    """(address, the page, or where it redirects to, or None for what is no page) of each response."""
    for record in _records(file, most):
        headers = record.http_headers
        if record.rec_type != "response" or headers is None:
            continue
        url = _plain(record.rec_headers.get_header("WARC-Target-URI") or "")
        status = headers.get_statuscode()
        if status in _REDIRECTS:
            yield url, _joined(url, headers.get_header("location") or "")
        elif status == "200" and url:
            page = _page(url, record)
            yield url, page
        else:
            yield url, None


def _page(url: str, record: ArcWarcRecord) -> Fetched | None:
    """None for a page that is larger than is kept."""
    http = record.http_headers
    stream = record.raw_stream
    if (http.get_header("transfer-encoding") or "").strip().lower() == "chunked":
        stream = ChunkedDataReader(stream, decomp_type=None)
    parts, size = [], 0
    while part := stream.read(_CHUNK):
        size += len(part)
        if size > Limits().body_bytes:
            return None
        parts.append(part)
    headers = tuple((name.lower(), value) for name, value in http.headers)
    _, _, reason = http.statusline.partition(" ")
    return Fetched(url, 200, reason, headers, b"".join(parts))


def _plain(url: str) -> str:
    """The address in the one form in which addresses are compared; empty when it is none of a page."""
    try:
        return read_page_address(url.strip(), ports=None).url
    except InvalidInput:
        return ""


def _joined(url: str, reference: str) -> str | None:
    try:
        return _plain(read_page_address(url, ports=None).joined(reference)) or None
    except InvalidInput:
        return None


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes]]:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not packed:
            yield file
            return
        # Each record is a gzip member of its own; Python's reader goes from one to the next.
        with gzip.GzipFile(fileobj=file) as unpacking:
            yield cast("IO[bytes]", unpacking)


def find_pages(paths: Iterable[Path], urls: Iterable[str]) -> dict[str, Fetched | NotFetched]:
    """Look for pages in WARC files, along the redirections that these hold.

    Args:
        paths: the files, plain or compressed with gzip; of several captures the last counts.
        urls: the addresses that are cited.

    Raises:
        InvalidInput: a file is none, is damaged, or unpacks to more than is read.
    """
    files = list(paths)
    wanted = {url: _plain(url) for url in urls}
    leads: dict[str, str] = {}
    for path in files:
        with _reading(path.name), _opened(path) as file:
            leads |= {url: found for url, found in _pages(file, MAX_FILE) if isinstance(found, str)}
    ends = {url: _end(plain, leads) for url, plain in wanted.items()}
    pages: dict[str, Fetched] = {}
    targets = set(ends.values()) | set(wanted.values())
    for path in files:
        with _reading(path.name), _opened(path) as file:
            pages |= {
                url: found for url, found in _pages(file, MAX_FILE) if isinstance(found, Fetched) and url in targets
            }
    return {url: pages.get(wanted[url]) or pages.get(end) or NotFetched("absent") for url, end in ends.items()}


def _end(url: str, leads: dict[str, str]) -> str:
    for _ in range(_HOPS):
        if url not in leads:
            break
        url = leads[url]
    return url
