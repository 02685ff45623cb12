"""The text of PDFs, and files made to break whoever reads them."""

from __future__ import annotations

import zlib

import pytest

from curation.evidence import pdf
from curation.evidence.archive import look_for_quote
from curation.evidence.extract import Extracted, NotExtracted, extract
from curation.evidence.fetch import Fetched
from curation.evidence.pdf import PdfText, pdf_text

HEADERS = {"content-type": "application/pdf"}


def written(*pages: bytes, more: bytes = b"", packed: bool = False) -> bytes:
    """A PDF whose pages have these content streams (PDF 1.7, ISO 32000-1 §7.5)."""
    count = len(pages)
    kids = b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(count))
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Count %d /Kids [%s] >>" % (count, kids), font]
    for number, content in enumerate(pages):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources << /Font << /F1 3 0 R >> >> >>" % (5 + 2 * number)
        )
        stream = zlib.compress(content, 9) if packed else content
        kind = b" /Filter /FlateDecode" if packed else b""
        objects.append(b"<< /Length %d%s >>\nstream\n%s\nendstream" % (len(stream), kind, stream))
    made, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R%s >>\nstartxref\n%d\n%%%%EOF\n" % (size, more, len(made))
    return made + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table) + trailer


def lines(*texts: bytes) -> bytes:
    """A page that sets these lines, one below the other."""
    return b"BT /F1 12 Tf 14 TL 72 720 Td " + b" T* ".join(b"(%s) Tj" % text for text in texts) + b" ET"


MINUTES = written(
    lines(b"The council met in May. It was", b"chaired by the vice-", b"president."), lines(b"Second page.")
)


def test_lines_of_a_page_are_joined_and_pages_stand_apart():
    made = extract(MINUTES, HEADERS)
    assert isinstance(made, Extracted)
    assert made.text == "The council met in May. It was chaired by the vice-president.\nSecond page."
    assert made.extractor.startswith("evenhand-pdf/1 pypdf/")


@pytest.mark.parametrize(
    ("pages", "quote", "status"),
    [
        ((lines(b"It was", b"chaired."),), "It was chaired.", "exact"),
        ((lines(b"It was", b"chaired."),), "It was dissolved for good.", "missing"),
        ((lines(b"It was", b"chaired."), b""), "It was dissolved for good.", "not_extracted"),
        ((b"",), "It was chaired.", "not_extracted"),
    ],
    ids=["over a line's end", "missing", "may stand on a page without text", "scanned"],
)
def test_a_quote_is_missing_only_where_every_page_was_read(pages, quote, status):
    page = Fetched("https://pages.example.org/a.pdf", 200, "OK", tuple(HEADERS.items()), written(*pages))
    assert look_for_quote(page, quote)["quote_status"] == status


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "damaged"),
        (b"%PDF-1.7 ...", "damaged"),
        (written(b"\x00" * 200_000_000, packed=True), "large"),
        (written(lines(b"x"), more=b" /Encrypt << /Filter /Standard /V 1 /R 2 /P 0 /O (a) /U (a) >>"), "locked"),
    ],
    ids=["empty", "cut off", "a bomb", "encrypted"],
)
def test_what_cannot_be_read_is_told_with_its_reason(body, reason):
    assert extract(body, HEADERS) == NotExtracted(reason, "application/pdf")


def test_what_takes_too_long_is_given_up(monkeypatch, tmp_path):
    endless = tmp_path / "endless.py"
    endless.write_text("while True: pass\n")
    monkeypatch.setattr(pdf, "_PROCESS", endless)
    monkeypatch.setattr(pdf, "SECONDS", 0.2)
    assert pdf_text(b"") == "large"


def test_what_is_ended_by_a_limit_is_too_large(monkeypatch, tmp_path):
    ended = tmp_path / "ended.py"
    ended.write_text("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)\n")
    monkeypatch.setattr(pdf, "_PROCESS", ended)
    assert pdf_text(b"") == "large"


def test_many_pages_are_read():
    assert pdf_text(written(*[lines(b"Page.")] * 50)) == PdfText("\n".join(["Page."] * 50), 0)
