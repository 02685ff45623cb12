"""`evenhand sources` as people see it."""

from __future__ import annotations

import json
import re
import socket

import pytest

from curation.evidence.archive import CitedSource, Kept, advice, shown_archived, shown_quote
from curation.evidence.fetch import REASONS
from curation.evidence.forget import record_path
from tests.audit.demo import call
from tests.cli.masking import assert_golden, masked
from tests.evidence.test_warc import block
from tests.support.fixtures import small_world
from tests.support.words import SOURCE, example

__all__ = ["small_world"]

QUOTES = {
    "exact": "The council met in May.",
    "fuzzy-space": "The  council met in May.",
    "fuzzy-edits": "The council mat in May. It",
    "missing": "The council was dissolved for good.",
    "none": "",
}
PAGE = b"<p>The council met in May. It met in May 2024, once.</p>"


def shown(text: str) -> str:
    return masked(re.sub(r"\d{4}-\d\d-\d\d", "<day>", text))


@pytest.fixture
def home(small_world, tmp_path):
    """A home whose examples cite a page for each quote, one that no file holds, and one that is a PDF."""
    for number, (name, quote) in enumerate(QUOTES.items()):
        turns = [{"role": "user", "content": f"Question {number}?"}, example()["messages"][1]]
        cited = SOURCE | {"url": f"https://pages.example.org/{name}", "quote": quote}
        small_world.propose(messages=turns, sources=[cited])
    more = [SOURCE | {"url": f"https://pages.example.org/{name}"} for name in ("pdf", "absent")]
    small_world.propose(messages=[{"role": "user", "content": "More?"}, example()["messages"][1]], sources=more)
    small_world.close()
    content = b"".join(block(f"https://pages.example.org/{name}", PAGE) for name in QUOTES)
    pdf = block("https://pages.example.org/pdf", b"%PDF-1.7", media="application/pdf")
    (tmp_path / "brought.warc").write_bytes(content + pdf)
    return small_world.platform.home.path


def sources(home, *arguments):
    called = call("--home", home, "sources", *arguments)
    return called, shown(called.out + called.err)


def in_order(text: str) -> str:
    """Sources come in the order of random commitments; here in that of their addresses."""
    parts = re.split(r"(?m)^(?=src_|\d+ sources|Kept )", text)
    return "".join(sorted(parts, key=lambda part: (not part.startswith("src_"), part)))


def test_sources_from_a_file_are_kept_listed_and_checked(home, tmp_path):
    called, text = sources(home, "list")
    assert called.code == 0
    assert text.count("Run `evenhand sources archive`.") == 7
    called, text = sources(home, "archive", "--warc", tmp_path / "brought.warc")
    assert called.code == 0
    assert_golden("sources-archive", in_order(text))
    called, text = sources(home, "list")
    assert called.code == 0
    assert_golden("sources-list", in_order(text))
    called, text = sources(home, "check")
    assert called.code == 1
    listed = json.loads(sources(home, "list", "--json")[0].out)
    assert {item["url"].rsplit("/", 1)[1]: item.get("quote_status") for item in listed} == {
        "exact": "exact",
        "fuzzy-space": "fuzzy",
        "fuzzy-edits": "fuzzy",
        "missing": "missing",
        "none": "none",
        "pdf": "not_extracted",
        "absent": None,
    }
    record_path(home, next(item["commitment"] for item in listed if item["archived"])).unlink()
    assert "kept   its record is gone" in sources(home, "check")[1]


def test_a_page_whose_host_is_this_machine_is_not_fetched(home, monkeypatch):
    look_up, asked = socket.getaddrinfo, []

    def look_up_here(host, *arguments, **options):
        if host != "pages.example.org":
            return look_up(host, *arguments, **options)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up_here)
    called, text = sources(home, "archive", "--pause", "1")
    assert called.code == 0
    assert text.count("not kept: its host is not on the public internet") == 7
    assert "Kept 0 pages; 7 could not be kept." in text
    assert asked


def test_a_file_that_is_not_there_or_is_none_is_a_wrong_call(home, tmp_path):
    called, text = sources(home, "archive", "--warc", tmp_path / "nothing.warc")
    assert called.code == 2
    assert "does not exist" in text
    (tmp_path / "other.warc").write_bytes(b"PK")
    called, text = sources(home, "archive", "--warc", tmp_path / "other.warc")
    assert called.code == 2
    assert "other.warc: is no WARC file, or is damaged or cut off" in text


def test_every_reason_has_its_words_and_its_advice():
    lines = []
    for reason in REASONS:
        source = CitedSource("0" * 64, "ex", "https://example.org/", "a quote", Kept("2026-01-02", reason, "fetch"))
        lines += [f"{reason}: {shown_archived(source)}", f"  {shown_quote(source)}. {advice(source)}"]
    assert_golden("sources-reasons", "\n".join(lines) + "\n")
