"""Keep the pages that examples cite, and find their quotes in them.

Rules that always hold:
- only sources whose act stands in the log are asked for: so when a site is asked tells nothing of when anybody acted;
- what is kept stands in a folder that only its owner may read, and a row without a text: commitment, digests, day,
  status. Neither says who cited it;
- each page is kept in a transaction of its own, in which its source is still there: what was erased or withdrawn
  meanwhile is not kept, and a run that breaks off loses nothing;
- what was found is put into the log with the page (publish.py);
- nothing here decides anything: a quote that is missing is told, to people.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import Connection, delete, insert, select

from curation.clock import day_of
from curation.db import lock
from curation.errors import HomeUnusable, InvalidInput
from curation.evidence.extract import NotExtracted, extract
from curation.evidence.fetch import REASONS, Fetched, NotFetched
from curation.evidence.forget import FOLDER, record_path
from curation.evidence.publish import archive_address, publish_check, published_checks
from curation.evidence.warc import read_record, write_record
from curation.tables import examples, log_leaves, openings, source_records
from curation.writing import Platform
from curation_schemas.example import QuoteStatus
from curation_validators.anchor import ANCHORER, Anchored, anchor, shown_ways

Via = Literal["fetch", "warc"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What is known of a source's page. `status` is `archived`, or why it is not: a key of `fetch.REASONS`."""

    day: str
    status: str
    via: str
    record: str | None = None
    payload: str | None = None
    extractor: str | None = None
    anchorer: str | None = None
    quote_status: str | None = None
    ways: str | None = None
    edits: int | None = None
    occurrences: int | None = None


@dataclass(frozen=True, slots=True)
class CitedSource:
    """A source that stands in the log, with what is kept of its page."""

    commitment: str
    example: str
    url: str
    quote: str
    kept: Kept | None

    @property
    def source_id(self) -> str:
        """Its id in releases (releases/project.py, which this package cannot import without a circle)."""
        return f"src_{self.commitment[:24]}"

    @property
    def archived(self) -> bool:
        """Whether its page is kept."""
        return self.kept is not None and self.kept.status == "archived"


_KEPT = [column for column in source_records.columns if column.name != "commitment"]


def cited_sources(connection: Connection, commitment: str | None = None) -> list[CitedSource]:
    """The sources, in the order of their commitments, of examples and reviews that stand in the log.

    Left out: what was erased, what withdrawn examples cite, and acts that wait for their epoch's end.
    """
    query = (
        select(openings.c.commitment, openings.c.body, log_leaves.c.example, *_KEPT)
        .join(log_leaves, log_leaves.c.hash == openings.c.act)
        .join(examples, examples.c.id == log_leaves.c.example)
        .outerjoin(source_records, source_records.c.commitment == openings.c.commitment)
        .where(openings.c.unit == "source", examples.c.status != "withdrawn")
        .order_by(openings.c.commitment)
    )
    if commitment is not None:
        query = query.where(openings.c.commitment == commitment)
    return [_cited(row) for row in connection.execute(query)]


def _cited(row: Any) -> CitedSource:
    body = msgspec.json.decode(row.body)
    kept = None if row.day is None else Kept(**{column.name: getattr(row, column.name) for column in _KEPT})
    return CitedSource(row.commitment, row.example, body["url"], body.get("quote") or "", kept)


# --- quotes -----------------------------------------------------------------------------------------------------------


def look_for_quote(page: Fetched, quote: str) -> dict[str, Any]:
    """The columns of a row that say how a quote stands in a page."""
    extracted = extract(page.body, page.header)
    if isinstance(extracted, NotExtracted):
        return _columns("not_extracted" if quote else "none")
    if not quote:
        return _columns("none") | {"extractor": extracted.extractor}
    found: Anchored = anchor(quote, extracted.text)
    if found.status == "missing" and extracted.unread:
        return _columns("not_extracted")  # it may stand on a page that gave no text
    return _columns(found.status) | {
        "extractor": extracted.extractor,
        "anchorer": ANCHORER,
        "ways": shown_ways(found, len(quote)) if found.ways else None,
        "edits": found.edits,
        "occurrences": found.occurrences,
    }


def _columns(status: QuoteStatus) -> dict[str, Any]:
    return {
        "extractor": None,
        "anchorer": None,
        "quote_status": status,
        "ways": None,
        "edits": None,
        "occurrences": None,
    }


# --- keeping ----------------------------------------------------------------------------------------------------------


def in_turns(urls: Iterable[str]) -> list[str]:
    """The addresses once each, hosts taking turns, so that a pause at one is spent at another."""
    by_host: dict[str, list[str]] = {}
    for url in dict.fromkeys(urls):
        by_host.setdefault(_host(url), []).append(url)
    made = []
    while by_host:
        for host in list(by_host):
            made.append(by_host[host].pop(0))
            if not by_host[host]:
                del by_host[host]
    return made


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def archive_sources(
    platform: Platform,
    pages: Callable[[str], Fetched | NotFetched] | Mapping[str, Fetched | NotFetched],
    via: Via,
    *,
    again: bool = False,
    archive_url: str = "",
    progress: Callable[[list[str]], Iterable[str]] = iter,
) -> Iterator[tuple[CitedSource, Fetched | NotFetched]]:
    """Keep the pages of sources that have none.

    Args:
        platform: the home.
        pages: address → its page, or what gets it; each address is asked for once.
        via: where the pages come from.
        again: also those that are kept already; a page that cannot be had does not replace one that is kept.
        archive_url: what stands before a page's address where a public archive has the same copies.
        progress: goes over the addresses; may show how far it is.

    Yields:
        each source with what came of it, once that is committed.
    """
    remove_leftovers(platform)
    publish_waiting(platform)
    with platform.read() as loaded:
        waiting: dict[str, list[CitedSource]] = {}
        for source in cited_sources(loaded.connection):
            if again or not source.archived:
                waiting.setdefault(source.url, []).append(source)
    for url in progress(in_turns(waiting)):
        found = pages[url] if isinstance(pages, Mapping) else pages(url)
        for source in waiting[url]:
            if _keep(platform, source, found, via, archive_url):
                yield source, found


def publish_waiting(platform: Platform) -> None:
    """Put into the log what was kept before and stands in no check: kept by an older version, or brought by hand."""
    with platform.read() as loaded:
        known = published_checks(loaded.connection)
        waiting = [item for item in cited_sources(loaded.connection) if item.kept and item.commitment not in known]
    for source in waiting:
        with platform.write() as writing:
            writing.existing(source.example)
            for now in cited_sources(writing.connection, source.commitment):
                if now.kept is not None:
                    publish_check(writing, now.example, now.commitment, asdict(now.kept))


def _keep(platform: Platform, source: CitedSource, found: Fetched | NotFetched, via: Via, prefix: str) -> bool:
    """Keep a page, or why it is not there. False when its source has gone meanwhile."""
    address = archive_address(prefix, source.url) if prefix else ""
    with platform.write() as writing:
        writing.existing(source.example)  # locked before its sources, as by whoever erases or withdraws
        lock(writing.connection, [f"source {source.commitment}"])
        now = cited_sources(writing.connection, source.commitment)
        if not now:
            return False
        day = day_of(writing.now)
        if isinstance(found, NotFetched):
            if now[0].archived or (found.reason == "absent" and now[0].kept is not None):
                return True
            row: dict[str, Any] = {"day": day, "status": found.reason, "via": via}
        else:
            made = write_record(found, day, writing.token_bytes(16))
            _write_file(record_path(platform.home.path, source.commitment), made.content)
            row = {"day": day, "status": "archived", "via": via, "record": made.record, "payload": made.payload}
            row |= look_for_quote(found, source.quote)
        table = source_records
        writing.connection.execute(delete(table).where(table.c.commitment == source.commitment))
        writing.connection.execute(insert(table), {"commitment": source.commitment, **row})
        publish_check(writing, source.example, source.commitment, row, address)
    return True


def _write_file(path: Path, content: bytes) -> None:
    """The file is there whole, or it is not; only its owner may read it."""
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
    aside = path.with_suffix(".new")
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def remove_leftovers(platform: Platform) -> int:
    """Remove files that no row names: a crash left them, or what they belonged to was erased. Returns how many."""
    folder = platform.home.path / FOLDER
    removed = 0
    if not folder.is_dir():
        return 0
    with platform.write() as writing:
        # Nobody keeps a page meanwhile on SQLite; on PostgreSQL a file is written under its source's lock.
        kept = source_records.c.record.is_not(None)
        known = set(writing.connection.execute(select(source_records.c.commitment).where(kept)).scalars())
        for path in sorted(folder.glob("??/*")):
            if path.is_file() and (path.suffix != ".warc" or path.stem not in known):
                lock(writing.connection, [f"source {path.stem}"])
                query = select(source_records.c.record).where(source_records.c.commitment == path.stem)
                if path.suffix != ".warc" or writing.connection.execute(query).scalar() is None:
                    path.unlink(missing_ok=True)
                    removed += 1
    return removed


# --- checking ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Checked:
    """A source, and what is wrong with what is kept of it; empty when nothing is."""

    source: CitedSource
    damage: str = ""


def check_sources(platform: Platform) -> Iterator[Checked]:
    """Compare every kept record with its digests, and look for its quote again with this version's extractor."""
    remove_leftovers(platform)
    with platform.read() as loaded:
        sources = cited_sources(loaded.connection)
    for source in sources:
        yield _check(platform, source) if source.archived else Checked(source)


def _check(platform: Platform, source: CitedSource) -> Checked:
    assert source.kept is not None
    try:
        content = record_path(platform.home.path, source.commitment).read_bytes()
        page = read_record(content)
    except FileNotFoundError:
        return Checked(source, "its record is gone")
    except OSError:
        raise HomeUnusable(f"a file under {platform.home.path / FOLDER} cannot be read") from None
    except InvalidInput:
        return Checked(source, "its record is damaged")
    if hashlib.sha256(content).hexdigest() != source.kept.record:
        return Checked(source, "its record was changed")
    if hashlib.sha256(page.body).hexdigest() != source.kept.payload:
        return Checked(source, "its page was changed")
    found = look_for_quote(page, source.quote)
    if any(getattr(source.kept, name) != value for name, value in found.items()):
        with platform.write() as writing:
            writing.existing(source.example)
            lock(writing.connection, [f"source {source.commitment}"])
            mine = source_records.c.commitment == source.commitment
            same = source_records.c.record == source.kept.record
            writing.connection.execute(source_records.update().where(mine, same).values(found))
            now = cited_sources(writing.connection, source.commitment)
            for item in now:
                if item.kept is not None:
                    publish_check(writing, item.example, item.commitment, asdict(item.kept))
        return Checked(now[0] if now else source)
    return Checked(source)


# --- what is told -----------------------------------------------------------------------------------------------------


def shown_archived(source: CitedSource) -> str:
    """Whether a page is kept, in words."""
    kept = source.kept
    if kept is None:
        return "no"
    if kept.status != "archived":
        return f"no: on {kept.day} {REASONS.get(kept.status, kept.status)}"
    return f"{kept.day}, {'fetched' if kept.via == 'fetch' else 'from a WARC file'}"


def shown_quote(source: CitedSource) -> str:
    """How a quote stands, in words."""
    if not source.quote:
        return "no quote"
    kept = source.kept
    if kept is None or kept.status != "archived" or kept.quote_status is None:
        return "not checked"
    if kept.quote_status == "not_extracted":
        return "not checked: no text is extracted from this kind of page"
    told = kept.quote_status + (f" ({kept.ways})" if kept.ways else "")
    return told + (f", {kept.occurrences} times" if (kept.occurrences or 0) > 1 else "")


def advice(source: CitedSource, damage: str = "") -> str:
    """What to do about a source; empty when nothing is."""
    if damage:
        return "Archive it again: `evenhand sources archive --again`, or restore the folder from a backup."
    kept = source.kept
    if kept is None:
        return "Run `evenhand sources archive`."
    if kept.status != "archived":
        return _ADVICE.get(kept.status, "Try again later, or bring a WARC file of it.")
    if source.quote and kept.quote_status == "missing":
        return "Read the page. If it does not say this, the example needs a revision, or a flag on its source."
    if source.quote and kept.quote_status == "fuzzy" and kept.edits:
        return "Read the page: changed letters can change the meaning. Then quote it as it stands there."
    if source.quote and kept.quote_status == "not_extracted":
        return "Read the page yourself."
    return ""


_ADVICE = {
    "address": "Nothing fetches this. The example needs a revision with another address.",
    "private": "Nothing fetches this. The example needs a revision with a public address.",
    "robots": "Bring a WARC file, if you may keep a copy: `evenhand sources archive --warc FILE`.",
    "refused": "Open it in a browser. If it is gone, cite an archived copy; else bring a WARC file.",
    "redirects": "Open it in a browser and cite where it leads.",
    "large": "Bring a smaller copy, or cite the part that counts.",
    "absent": "Bring a WARC file that holds it, or let it be fetched: `evenhand sources archive`.",
}
