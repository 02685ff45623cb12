"""Rows made flat: what measures count, one small tuple each.

Rules that always hold (pure; the same function runs in every engine):
- each table has fixed columns of text and whole numbers; nothing is null but text, and null means «not said»;
- logarithms are whole numbers of ten-thousandths, so that a sum is the same in whatever order it was added;
- a row that lacks what a table needs gives no fact, and so lowers the number of items, never the measure.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from curation_validators.contents import Row, answer_of, list_of, prompt_of, side_of, text_of, texts_of, whole_text
from curation_validators.duplicates import text_digest
from curation_validators.faults import faults_of
from curation_validators.loaded import count_loaded
from curation_validators.records import Record, read_record
from curation_validators.refusals import is_refusal
from curation_validators.sourcing import COMPARED, is_archived, is_attributed

LOG_UNIT = 10_000
"""Length ratios are counted in ten-thousandths of their natural logarithm."""
SCORE_UNIT = 1_000
"""Scores are counted in thousandths of a point."""
_PROMPT = 2_000
"""Characters of a prompt that are compared with its mirror's."""
EXAMPLES = ("sft", "preference", "pluralistic", "prompts")
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


def _examples(config: str, row: Row) -> Iterator[Fact]:
    """One for each example."""
    yield fact_of_example(config, row, read_record(row, ""))


def fact_of_example(config: str, row: Row, record: Record) -> Fact:
    """What is counted of an example, whose row was read. What is only compared between sides is left out where it
    stands on none.
    """
    topic, answer = text_of(row, "topic"), answer_of(row)
    language, side = text_of(row, "language"), side_of(row)
    refused = None if side is None else is_refusal(answer, language)
    loaded, tokens = (0, 0) if side is None else count_loaded(answer, language)
    content = whole_text(row)
    return (
        config,
        topic,
        text_of(row, "example_id"),
        text_of(row, "revision"),
        text_of(row, "group_id"),
        language,
        text_of(row, "proposer"),
        side,
        len(answer),
        -1 if refused is None else int(refused),
        text_digest(content) if content.strip() else None,
        loaded,
        tokens,
        None if side is None else prompt_of(row)[:_PROMPT],
        faults_of(record),
    )


def _positions(config: str, row: Row) -> Iterator[Fact]:
    """One for each position that an example names."""
    for position in dict.fromkeys(texts_of(row, "positions")):
        yield config, text_of(row, "topic"), text_of(row, "language"), position, text_of(row, "example_id")


def _citations(config: str, row: Row) -> Iterator[Fact]:
    """One for each source that an example cites."""
    for source in dict.fromkeys(texts_of(row, "sources")):
        yield config, text_of(row, "topic"), text_of(row, "example_id"), source


def _sources(_config: str, row: Row) -> Iterator[Fact]:
    """One for each source."""
    identifier = text_of(row, "source_id")
    if identifier is not None:
        owner = text_of(row, "owner") or text_of(row, "publisher")
        plain = " ".join(owner.split()).casefold() if owner else None
        status = row.get("quote_status")
        yield (
            identifier,
            plain,
            domain_of(text_of(row, "url")),
            text_of(row, "country"),
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


def _mirrors(_config: str, row: Row) -> Iterator[Fact]:
    """One for each mirror of an example."""
    for mirror in dict.fromkeys(texts_of(row, "mirrors")):
        yield text_of(row, "example_id"), mirror


class Pair(NamedTuple):
    """Two answers on different sides, of one config and language. Whole numbers under 0 stand for «cannot be said»."""

    config: str
    topic: str | None
    group_id: str | None
    side: str
    example_id: str | None
    mirror: str | None
    revision: str | None
    other_revision: str | None
    length: int
    other_length: int
    refused: int
    other_refused: int
    loaded: int
    other_loaded: int
    tokens: int
    other_tokens: int
    swap: int
    """1 where the prompts differ by a swap."""


_TEXT_OF_PAIR = frozenset(Pair._fields[: Pair._fields.index("length")])
PAIR = tuple((name, str if name in _TEXT_OF_PAIR else int) for name in Pair._fields)
"""The columns of a table of pairs."""


def _voices(config: str, row: Row) -> Iterator[Fact]:
    """One for each ordered pair of a pluralistic example's answers: they are mirrors of each other, and a cluster.

    An example without a group is a cluster by itself.
    """
    said = {
        item["position"]: item["content"]
        for item in list_of(row, "answers")
        if isinstance(item, Mapping) and text_of(item, "position") and text_of(item, "content")
    }
    topic, group, language = (text_of(row, name) for name in ("topic", "group_id", "language"))
    group = group or text_of(row, "example_id")
    counted = {position: count_loaded(content, language) for position, content in said.items()}
    for position, other in itertools.permutations(said, 2):
        yield Pair(
            config=config,
            topic=topic,
            group_id=group,
            side=position,
            example_id=None,
            mirror=None,
            revision=None,
            other_revision=None,
            length=len(said[position]),
            other_length=len(said[other]),
            refused=-1,
            other_refused=-1,
            loaded=counted[position][0],
            other_loaded=counted[other][0],
            tokens=counted[position][1],
            other_tokens=counted[other][1],
            swap=0,
        )


def log_ratio(length: int, other: int) -> int:
    """ln(length / other) in ten-thousandths; both above 0."""
    return round(LOG_UNIT * math.log(length / other))


def _framings(config: str, row: Row) -> Iterator[Fact]:
    """One for each example of a group that is framed, in the group's languages."""
    group, framing = text_of(row, "group_id"), text_of(row, "framing")
    if group is not None and framing is not None and framing != "neutral":
        topic = text_of(row, "topic")
        yield config, topic, f"{config}|{topic}|{group}", text_of(row, "language"), framing


def _places(config: str, row: Row) -> Iterator[Fact]:
    """One for each example that has reviews: where it is."""
    yield config, text_of(row, "topic"), text_of(row, "example_id")


def _reviews(_config: str, row: Row) -> Iterator[Fact]:
    """One for each review that counted."""
    if row.get("counted") is True:
        accepts = row.get("verdict") == "accept" and row.get("comparison") in (None, "chosen")
        yield (
            text_of(row, "example_id"),
            text_of(row, "revision"),
            text_of(row, "perspective"),
            text_of(row, "reviewer"),
            int(accepts),
        )


def _scores(_config: str, row: Row) -> Iterator[Fact]:
    """One for each review that counted and scores: the mean of the criteria that it scores."""
    scores = row.get("scores")
    given = [item for item in scores.values() if isinstance(item, int)] if isinstance(scores, Mapping) else []
    if row.get("counted") is True and given:
        points = round(SCORE_UNIT * sum(given) / len(given))
        yield text_of(row, "revision"), text_of(row, "perspective"), points


def _seen(_config: str, row: Row) -> Iterator[Fact]:
    """For each review that counted and says which positions it sees: one without a position, and one for each."""
    seen = row.get("positions_seen")
    if row.get("counted") is True and isinstance(seen, Mapping):
        revision = text_of(row, "revision")
        chosen, rejected = (texts_of(seen, name) for name in ("chosen", "rejected"))
        yield revision, None, 0, 0
        for position in dict.fromkeys((*chosen, *rejected)):
            yield revision, position, int(position in chosen), int(position in rejected)


_CONTENT = ("messages", "prompt", "chosen", "rejected", "answers", "synthesis")
_PLACE = ("topic", "language", "group_id", "example_id", "revision", "positions", "framing")
_C, _T = ("config", str), ("topic", str)

_TABLES: tuple[FactTable, ...] = (
    FactTable(
        "examples",
        EXAMPLES,
        (*_PLACE, *_CONTENT, "proposer", "use"),
        (
            _C,
            _T,
            ("example_id", str),
            ("revision", str),
            ("group_id", str),
            ("language", str),
            ("proposer", str),
            ("side", str),
            ("length", int),
            ("refused", int),
            ("digest", str),
            ("loaded", int),
            ("tokens", int),
            ("prompt", str),
            ("faults", int),
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
        ("example_id", "mirrors"),
        (("example_id", str), ("mirror", str)),
        _mirrors,
    ),
    FactTable("voices", ("pluralistic",), ("topic", "group_id", "example_id", "language", "answers"), PAIR, _voices),
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
    FactTable(
        "scores",
        ("reviews",),
        ("revision", "perspective", "scores", "counted"),
        (("revision", str), ("perspective", str), ("points", int)),
        _scores,
    ),
    FactTable(
        "seen",
        ("reviews",),
        ("revision", "positions_seen", "counted"),
        (("revision", str), ("position", str), ("chosen", int), ("rejected", int)),
        _seen,
    ),
)

FACT_TABLES: dict[str, FactTable] = {table.name: table for table in _TABLES}
