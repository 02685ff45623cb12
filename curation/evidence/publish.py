"""Put into the log what was found of a cited page: the status of its quote, and a commitment to the copy's digests.

Rules that always hold:
- an event says it in the transaction in which it was found, and again only when something changed;
- the leaf holds no address and no text; the digests, and where a public copy is, stand behind a salted commitment,
  whose opening is published and erased with the source's;
- a page that could not be had is said to be not archived once, and never in the place of a copy that was checked.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, select

from curation.errors import InvalidInput
from curation.log.leaf import Opening
from curation.rulebook.checks import Check
from curation.tables import log_leaves, openings, pending_leaves
from curation.writing import Recorded, Writing
from curation_schemas.events import EVENT, SourceChecked
from curation_schemas.text import Url

_LOOKED = ("exact", "fuzzy", "missing")
_URL: TypeAdapter[str] = TypeAdapter(Url)


def archive_address(prefix: str, url: str) -> str:
    """Where a public archive has a copy: its prefix before the page's address. Raises InvalidInput."""
    try:
        return _URL.validate_python(prefix + url)
    except ValidationError:
        raise InvalidInput("makes no web address before a page's", where="--archive-url") from None


def publish_check(writing: Writing, example: str, source: str, row: dict[str, Any], archive_url: str = "") -> None:
    """Record how a source stands, unless the log has it already.

    Args:
        writing: the transaction in which it was found.
        example: the example that cites it.
        source: its commitment.
        row: its row in `source_records`.
        archive_url: where the copy that is kept can be read by everybody, where that was said now.
    """
    history = writing.existing(example)
    latest = history.latest_check(source)
    if row["status"] != "archived":
        if latest is None:
            _record(writing, example, source, {"status": "not_archived"}, [])
        return
    fields = {"status": row["quote_status"]}
    if fields["status"] in _LOOKED:
        fields |= {"extractor": row["extractor"], "anchorer": row["anchorer"]}
    page = {"record": row["record"], "payload": row["payload"]}
    before = _page_of(writing, latest)
    address = archive_url or (before.get("archive_url") if before.get("record") == page["record"] else None)
    page |= {"archive_url": address} if address else {}
    if latest is not None and page == before:
        same = {name: getattr(latest.event, name) for name in ("status", "extractor", "anchorer")}
        if same == {"extractor": None, "anchorer": None} | fields:
            return
    made: list[Opening] = []
    fields["page"] = writing.opening(made, "page", page)
    _record(writing, example, source, fields, made)


def _record(writing: Writing, example: str, source: str, fields: dict[str, Any], made: list[Opening]) -> Recorded:
    history = writing.existing(example)
    latest = history.latest_check(source)
    return writing.record(
        SourceChecked,
        openings=made,
        topic=history.first.topic,
        example=example,
        act=next(leaf for leaf in history.held if source in history.held[leaf]),
        source=source,
        supersedes=latest.leaf if latest else None,
        **fields,
    )


def _page_of(writing: Writing, check: Check | None) -> dict[str, Any]:
    """The digests that a check committed to; nothing where there are none any more."""
    if check is None or check.event.page is None:
        return {}
    writing.flush()
    query = select(openings).where(openings.c.commitment == check.event.page)
    row = writing.connection.execute(query).first()
    return dict(Opening(row.unit, row.salt, row.body).value()) if row else {}


def published_checks(connection: Connection) -> set[str]:
    """The sources that a check stands in the log of, or waits to."""
    found = set()
    for table in (log_leaves, pending_leaves):
        for leaf in connection.execute(select(table.c.leaf).where(table.c.type == "source:checked")).scalars():
            event = EVENT.validate_json(leaf)
            if isinstance(event, SourceChecked):
                found.add(event.source)
    return found
