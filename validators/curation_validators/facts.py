"""Rows made flat: what measures count, one small tuple each.

Rules that always hold (pure; the same function runs in every engine):
- each table has fixed columns of text and whole numbers; nothing is null but text, and null means «not said»;
- logarithms are whole numbers of ten-thousandths, so that a sum is the same in whatever order it was added;
- a row that lacks what a table needs gives no fact, and so lowers the number of items, never the measure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from curation_validators.duplicates import text_digest
from curation_validators.refusals import is_refusal
from curation_validators.sourcing import COMPARED, is_archived, is_attributed

LOG_UNIT = 10_000
"""Length ratios are counted in ten-thousandths of their natural logarithm."""
EXAMPLES = ("sft", "preference", "pluralistic", "prompts")
Row = Mapping[str, Any]
Fact = tuple[str | int | None, ...]


@dataclass(frozen=True, slots=True)
class FactTable:
    """A kind of fact: from which configs and columns it comes, what its columns are, and how a row becomes facts."""

    name: str
    configs: tuple[str, ...]
    reads: tuple[str, ...]
    columns: tuple[tuple[str, type], ...]
    facts: Callable[[str, Row], Iterator[Fact]]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its columns."""
        return tuple(name for name, _ in self.columns)


def _text(row: Row, name: str) -> str | None:
    value = row.get(name)
    return value if isinstance(value, str) and value else None


def _list(row: Row, name: str) -> list[Any]:
    value = row.get(name)
    return list(value) if isinstance(value, (list, tuple)) else []


def _texts(row: Row, name: str) -> list[str]:
    return [item for item in _list(row, name) if isinstance(item, str) and item]


def side_of(row: Row) -> str | None:
    """The position on whose side an example stands: its framing, else its only position; None for a neutral one."""
    framing = _text(row, "framing")
    if framing is not None and framing != "neutral":
        return framing
    positions = _texts(row, "positions")
    return positions[0] if len(positions) == 1 else None


def answer_of(row: Row) -> str:
    """What the example would have a model say: the assistant's turns, of a preference pair the chosen ones."""
    for name in ("messages", "chosen"):
        value = row.get(name)
        if isinstance(value, str):
            return value
        turns = [item for item in _list(row, name) if isinstance(item, Mapping)]
        said = [item["content"] for item in turns if item.get("role") == "assistant" and _text(item, "content")]
        if said:
            return "\n".join(said)
    synthesis = row.get("synthesis")
    return synthesis if isinstance(synthesis, str) else ""


def whole_text(row: Row) -> str:
    """All content of a row, one text after the other."""
    parts: list[str] = []
    for name in ("messages", "prompt", "chosen", "rejected", "answers", "synthesis"):
        value = row.get(name)
        if isinstance(value, str):
            parts.append(value)
        parts += [item["content"] for item in _list(row, name) if isinstance(item, Mapping) and _text(item, "content")]
    return "\n".join(parts)


def _examples(config: str, row: Row) -> Iterator[Fact]:
    """One for each example."""
    topic, answer = _text(row, "topic"), answer_of(row)
    language, side = _text(row, "language"), side_of(row)
    refused = None if side is None else is_refusal(answer, language)  # Only a side's answers are ever compared.
    content = whole_text(row)
    yield (
        config,
        topic,
        _text(row, "example_id"),
        _text(row, "group_id"),
        language,
        _text(row, "proposer"),
        side,
        len(answer),
        -1 if refused is None else int(refused),
        text_digest(content) if content.strip() else None,
    )


def _positions(config: str, row: Row) -> Iterator[Fact]:
    """One for each position that an example names."""
    for position in dict.fromkeys(_texts(row, "positions")):
        yield config, _text(row, "topic"), _text(row, "language"), position, _text(row, "example_id")


def _citations(config: str, row: Row) -> Iterator[Fact]:
    """One for each source that an example cites."""
    for source in dict.fromkeys(_texts(row, "sources")):
        yield config, _text(row, "topic"), _text(row, "example_id"), source


def _sources(_config: str, row: Row) -> Iterator[Fact]:
    """One for each source."""
    identifier = _text(row, "source_id")
    if identifier is not None:
        owner = _text(row, "owner") or _text(row, "publisher")
        plain = " ".join(owner.split()).casefold() if owner else None
        status = row.get("quote_status")
        yield (
            identifier,
            plain,
            domain_of(_text(row, "url")),
            _text(row, "country"),
            int(is_attributed(row)),
            int(is_archived(row)),
            int(status in COMPARED),
            int(status == "missing"),
        )


def domain_of(url: str | None) -> str | None:
    """The host of a URL without «www.»."""
    try:
        host = urlsplit(url or "").hostname
    except ValueError:
        return None
    return host.removeprefix("www.") if host else None


def _mirrors(config: str, row: Row) -> Iterator[Fact]:
    """One for each mirror of an example that stands on a side."""
    side, mirrors = side_of(row), _texts(row, "mirrors")
    if side is not None and mirrors:
        answer = answer_of(row)
        refused = is_refusal(answer, _text(row, "language"))
        for mirror in dict.fromkeys(mirrors):
            yield (
                config,
                _text(row, "topic"),
                _text(row, "group_id"),
                _text(row, "language"),
                side,
                mirror,
                len(answer),
                -1 if refused is None else int(refused),
            )


def _voices(config: str, row: Row) -> Iterator[Fact]:
    """One for each ordered pair of a pluralistic example's answers: they are mirrors of each other."""
    said = {
        item["position"]: len(item["content"])
        for item in _list(row, "answers")
        if isinstance(item, Mapping) and _text(item, "position") and _text(item, "content")
    }
    for position, length in said.items():
        for other, others in said.items():
            if other != position:
                yield config, _text(row, "topic"), _text(row, "group_id"), position, log_ratio(length, others)


def log_ratio(length: int, other: int) -> int:
    """ln(length / other) in ten-thousandths; both above 0."""
    return round(LOG_UNIT * math.log(length / other))


def _framings(config: str, row: Row) -> Iterator[Fact]:
    """One for each example of a group that is framed, in the group's languages."""
    group, framing = _text(row, "group_id"), _text(row, "framing")
    if group is not None and framing is not None and framing != "neutral":
        topic = _text(row, "topic")
        yield config, topic, f"{config}|{topic}|{group}", _text(row, "language"), framing


def _places(config: str, row: Row) -> Iterator[Fact]:
    """One for each example that has reviews: where it is."""
    yield config, _text(row, "topic"), _text(row, "example_id")


def _reviews(_config: str, row: Row) -> Iterator[Fact]:
    """One for each review that counted."""
    if row.get("counted") is True:
        accepts = row.get("verdict") == "accept" and row.get("comparison") in (None, "chosen")
        yield (
            _text(row, "example_id"),
            _text(row, "revision"),
            _text(row, "perspective"),
            _text(row, "reviewer"),
            int(accepts),
        )


_CONTENT = ("messages", "prompt", "chosen", "rejected", "answers", "synthesis")
_PLACE = ("topic", "language", "group_id", "example_id", "positions", "framing")
_C, _T = ("config", str), ("topic", str)

_TABLES: tuple[FactTable, ...] = (
    FactTable(
        "examples",
        EXAMPLES,
        (*_PLACE, *_CONTENT, "proposer"),
        (
            _C,
            _T,
            ("example_id", str),
            ("group_id", str),
            ("language", str),
            ("proposer", str),
            ("side", str),
            ("length", int),
            ("refused", int),
            ("digest", str),
        ),
        _examples,
    ),
    FactTable(
        "positions",
        EXAMPLES,
        ("topic", "language", "positions", "example_id"),
        (_C, _T, ("language", str), ("position", str), ("example_id", str)),
        _positions,
    ),
    FactTable(
        "citations",
        EXAMPLES,
        ("topic", "example_id", "sources"),
        (_C, _T, ("example_id", str), ("source_id", str)),
        _citations,
    ),
    FactTable(
        "sources",
        ("sources",),
        ("source_id", "owner", "publisher", "url", "country", "date", "archive_url", "quote_status"),
        (
            ("source_id", str),
            ("owner", str),
            ("domain", str),
            ("country", str),
            ("attributed", int),
            ("archived", int),
            ("compared", int),
            ("missing", int),
        ),
        _sources,
    ),
    FactTable(
        "mirrors",
        EXAMPLES,
        (*_PLACE, *_CONTENT, "mirrors"),
        (
            _C,
            _T,
            ("group_id", str),
            ("language", str),
            ("side", str),
            ("mirror", str),
            ("length", int),
            ("refused", int),
        ),
        _mirrors,
    ),
    FactTable(
        "voices",
        ("pluralistic",),
        ("topic", "group_id", "answers"),
        (_C, _T, ("group_id", str), ("side", str), ("ratio", int)),
        _voices,
    ),
    FactTable(
        "framings",
        EXAMPLES,
        ("topic", "group_id", "language", "framing"),
        (_C, _T, ("key", str), ("language", str), ("framing", str)),
        _framings,
    ),
    FactTable(
        "places",
        (*EXAMPLES, "contested"),
        ("topic", "example_id"),
        (_C, _T, ("example_id", str)),
        _places,
    ),
    FactTable(
        "reviews",
        ("reviews",),
        ("example_id", "revision", "perspective", "reviewer", "verdict", "comparison", "counted"),
        (("example_id", str), ("revision", str), ("perspective", str), ("reviewer", str), ("accepts", int)),
        _reviews,
    ),
)

FACT_TABLES: dict[str, FactTable] = {table.name: table for table in _TABLES}
