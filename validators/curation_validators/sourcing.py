"""What an example says of its sources, licence and origin.

Rules that always hold (pure; nothing is fetched):
- a quote is looked for in the archived text that was brought along; without one it stands as the release says that it
  was found in the page, and where that says nothing it is not checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from curation_validators.anchor import anchor
from curation_validators.findings import Finding, Insufficient
from curation_validators.records import Record

COMPARED = ("exact", "fuzzy", "missing")
"""How a quote stands that was looked for in its page."""
_NEEDED = ("publisher", "owner", "country", "date")
_DATE = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?")
_COUNTRY = re.compile(r"[A-Z]{2}|INT")
_SPDX = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")


def check_sources(record: Record) -> Iterator[Finding]:
    """What each source lacks. Raises Insufficient where the dataset names no sources at all."""
    if record.sources is None:
        raise Insufficient("the dataset has no sources")
    for place, source in enumerate(record.sources):
        where = f"{record.where}, sources.{place}"
        lacking = [name for name in _NEEDED if not _well_formed(name, source.get(name))]
        if not _is_url(source.get("url")):
            lacking.insert(0, "url")
        if lacking:
            message = f"has no well-formed {', '.join(lacking)}"
            yield Finding("source/incomplete", where, message, "Complete it: a reader must be able to find it.")
        elif not source.get("archive_url"):
            hint = "Archive the page and give its archive_url: pages change."
            yield Finding("source/unarchived", where, "has no archived copy", hint)


def is_attributed(source: Mapping[str, Any]) -> bool:
    """Whether a source says who published it, and when."""
    return all(_well_formed(name, source.get(name)) for name in ("publisher", "owner", "date"))


def _well_formed(name: str, value: Any) -> bool:
    if not isinstance(value, str) or not value.strip():
        return False
    if name == "country":
        return _COUNTRY.fullmatch(value) is not None
    return name != "date" or _DATE.fullmatch(value) is not None


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and _is_web_address(value)


@lru_cache(maxsize=4_096)  # Many examples cite one source.
def _is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and "." in (parts.hostname or "")
    except ValueError:
        return False


def check_quotes(record: Record, archived: Mapping[str, str]) -> Iterator[Finding]:
    """Whether each quote stands in the archived page of its source.

    Args:
        record: the example.
        archived: URL → extracted text. Of a source that has none, the column `quote_status` counts.

    Raises:
        Insufficient: no quote was compared with a page.
    """
    quoted = [
        (place, source) for place, source in enumerate(record.sources or ()) if isinstance(source.get("quote"), str)
    ]
    stands = {place: _stands(source, archived) for place, source in quoted if source["quote"]}
    if not any(stands.values()):
        raise Insufficient("no quote was compared with an archived page")
    for place, status in stands.items():
        where = f"{record.where}, sources.{place}"
        if status == "fuzzy":
            hint = "Quote it as it stands there."
            yield Finding("source/quote-fuzzy", where, "its quote stands in the archived page only nearly", hint)
        elif status == "missing":
            hint = "Correct the quote or the address, or name another source."
            yield Finding("source/quote-missing", where, "its quote is missing in the archived page", hint)


def _stands(source: Mapping[str, Any], archived: Mapping[str, str]) -> str | None:
    if source.get("url") in archived:
        return anchor(source["quote"], archived[source["url"]]).status
    return source["quote_status"] if source.get("quote_status") in COMPARED else None


def is_archived(source: Mapping[str, Any]) -> bool:
    """Whether a copy of the page is kept: a public one, or the one that its quote was looked for in."""
    return bool(source.get("archive_url")) or source.get("quote_status") in (*COMPARED, "not_extracted")


def check_licence(record: Record) -> Iterator[Finding]:
    """Whether the example has a licence. Raises Insufficient where the dataset has none for each example."""
    if record.license is None and "license" not in record.says:
        raise Insufficient("the dataset has no licence for each example")
    if record.license is None or not _SPDX.fullmatch(record.license):
        what = "has no licence" if record.license is None else "has a licence that is no SPDX identifier"
        yield Finding("licence/missing", record.where, what, "Name it in the field license, for instance CC-BY-4.0.")


def check_origin(record: Record) -> Iterator[Finding]:
    """Whether a text that is not wholly human names its model. Raises Insufficient where the dataset says nothing."""
    if record.origin is None:
        raise Insufficient("the dataset does not say who or what wrote its texts")
    kind = record.origin.get("kind")
    if kind != "human" and not (record.origin.get("model") and record.origin.get("version")):
        what = (
            f"its origin is {kind if kind in ('synthetic', 'mixed') else 'of no known kind'}, without model and version"
        )
        yield Finding("origin/unnamed", record.where, what, "Name both («unknown» if it is not known).")
