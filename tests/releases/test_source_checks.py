"""What was found of cited pages, in a release: columns, card, measures, story; and that it goes with the source."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from curation.audit.trace import trace_example
from curation.audit.verify import verify_bundle
from curation.db import reading
from curation.epoch import close_epoch
from curation.evidence.archive import archive_sources, cited_sources
from curation.evidence.fetch import Fetched, NotFetched
from curation.examples.erase import Erase, erase_openings
from curation.releases.cut import cut_release
from curation.releases.project import source_id
from curation.tables import openings
from tests.audit.demo import SECOND
from tests.audit.tampering import Folder
from tests.releases.test_erasure import leaf_of, opened

PREFIX = "https://archive.example.org/2026/"
HTML = (("content-type", "text/html; charset=utf-8"),)


def page(url: str, text: str) -> Fetched:
    return Fetched(url, 200, "OK", HTML, f"<p>{text}</p>".encode())


def quoted_in_training(bundle) -> list[str]:
    """The addresses of sources with a quote that examples of `sft` cite."""
    named = {item for row in Folder(bundle).rows("data/sft/train-*.parquet") for item in row["sources"]}
    rows = Folder(bundle).rows("data/sources/*.parquet")
    return sorted({row["url"] for row in rows if row["quote"] and row["source_id"] in named})


@pytest.fixture
def checked(home):
    """(home, bundle, URL whose quote is missing, URL that could not be had): a release whose sources were checked."""
    missing, absent = quoted_in_training(home / "releases" / SECOND)[:2]
    with opened(home) as (platform, founder):
        with reading(platform.home.engine) as connection:
            cited = cited_sources(connection)
        quotes: dict[str, str] = {}
        for source in cited:
            quotes[source.url] = f"{quotes.get(source.url, '')} {source.quote}"
        pages: dict[str, Fetched | NotFetched] = {url: page(url, text) for url, text in quotes.items()}
        pages |= {missing: page(missing, "Nothing of the kind."), absent: NotFetched("refused", 404)}
        list(archive_sources(platform, pages, "warc", archive_url=PREFIX))
        close_epoch(platform)
        made = cut_release(platform, founder)
        close_epoch(platform)
    return home, made.path, missing, absent


def cited_by_one(bundle, url: str) -> tuple[str, dict[str, Any]]:
    """(source id, row) of an example of `sft` that cites an address."""
    named = {row["source_id"] for row in Folder(bundle).rows("data/sources/*.parquet") if row["url"] == url}
    row = next(row for row in Folder(bundle).rows("data/sft/train-*.parquet") if named & set(row["sources"]))
    return (named & set(row["sources"])).pop(), row


def test_a_release_says_how_each_quote_stands_and_verifies(checked):
    _, bundle, missing, absent = checked
    assert verify_bundle(bundle).failures == []
    for row in Folder(bundle).rows("data/sources/*.parquet"):
        if not row["quote"]:
            assert row["quote_status"] == "none"
        elif row["url"] == absent:
            assert row["quote_status"] == "not_archived"
        else:
            assert row["quote_status"] == ("missing" if row["url"] == missing else "exact")
    card = (bundle / "README.md").read_text("utf-8")
    assert "it is missing there" in card
    assert "the page could not be archived" in card
    assert "provenance/quotes" in (bundle / "validation" / "report.json").read_text("utf-8")
    # What the contributor gave counts before what the server was told; the story has both.
    identifier, row = cited_by_one(bundle, missing)
    (found,) = [
        item
        for item in trace_example(bundle, row["example_id"]).story["revisions"][-1]["sources"]
        if item["url"] == missing
    ]
    assert found["check"]["status"] == "missing"
    assert len(found["check"]["page"]["payload"]) == 64
    assert found["check"]["page"]["archive_url"] == PREFIX + missing
    published = next(item for item in Folder(bundle).rows("data/sources/*.parquet") if item["source_id"] == identifier)
    assert published["archive_url"] == (found.get("archive_url") or PREFIX + missing)


def test_what_was_found_of_an_erased_source_is_gone_from_the_next_release(checked):
    home, bundle, missing, _ = checked
    identifier, row = cited_by_one(bundle, missing)
    source = next(item for item in leaf_of(bundle, row["revision"])["sources"] if source_id(item) == identifier)
    with opened(home) as (platform, founder):
        with platform.write() as made:
            pages = {check.event.page for check in made.history(row["example_id"]).checks[source]}
            erase_openings(made, founder, Erase(act=row["revision"], ground="law", commitments=[source]))
        close_epoch(platform)
        later = cut_release(platform, founder).path
        with reading(platform.home.engine) as connection:
            kept = set(connection.execute(select(openings.c.commitment)).scalars())
    assert len(pages) == 1
    assert not pages & kept
    assert not pages & {item["commitment"] for item in Folder(later).rows("openings/*.parquet")}
    erased = next(item for item in Folder(later).rows("data/sources/*.parquet") if item["source_id"] == identifier)
    assert (erased["quote_status"], erased["archive_url"]) == (None, None)
    assert verify_bundle(later).failures == []
