"""The Arrow schema of every config, written once.

Rules that always hold:
- each config has exactly the content columns that trainers expect (TRL decides by column names), and no other column
  is called text, label, tools, image, images, conversations or input_ids;
- schemas are explicit: nothing is inferred from rows, so an all-null column keeps its type.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

import pyarrow as pa

_STRINGS = pa.list_(pa.string())
_MSGS = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
_ANSWERS = pa.list_(pa.struct([("position", pa.string()), ("content", pa.string())]))
_ORIGIN = pa.struct([("kind", pa.string()), ("model", pa.string()), ("version", pa.string())])
_ACCEPTANCE = pa.list_(pa.struct([("perspective", pa.string()), ("seats", pa.int32()), ("accepts", pa.int32())]))
CRITERIA = ("positions", "accuracy", "sourcing", "tone", "completeness")
_SEEN = pa.struct([("chosen", _STRINGS), ("rejected", _STRINGS)])
_SCORES = pa.struct([(name, pa.int8()) for name in CRITERIA])

_COMMON: list[tuple[str, Any]] = [
    ("example_id", pa.string()),
    ("revision", pa.string()),
    ("group_id", pa.string()),
    ("topic", pa.string()),
    ("language", pa.string()),
    ("positions", _STRINGS),
    ("framing", pa.string()),
    ("mirrors", _STRINGS),
    ("translation_of", pa.string()),
    ("sources", _STRINGS),
    ("license", pa.string()),
    ("origin", _ORIGIN),
    ("proposer", pa.string()),
    ("reviewers", _STRINGS),
    ("acceptance", _ACCEPTANCE),
    ("events", pa.list_(pa.int64())),
]
_CONTENT: dict[str, list[tuple[str, Any]]] = {
    "sft": [("messages", _MSGS)],
    "preference": [("prompt", _MSGS), ("chosen", _MSGS), ("rejected", _MSGS)],
    "pluralistic": [("prompt", _MSGS), ("answers", _ANSWERS), ("synthesis", pa.string())],
    "prompts": [("prompt", _MSGS), ("use", pa.string())],
    "contested": [
        ("kind", pa.string()),
        ("outcome", pa.string()),
        ("messages", _MSGS),
        ("prompt", _MSGS),
        ("chosen", _MSGS),
        ("rejected", _MSGS),
        ("answers", _ANSWERS),
        ("synthesis", pa.string()),
        ("use", pa.string()),
    ],
}

SCHEMAS: dict[str, pa.Schema] = {config: pa.schema([*content, *_COMMON]) for config, content in _CONTENT.items()} | {
    "reviews": pa.schema(
        [
            ("example_id", pa.string()),
            ("revision", pa.string()),
            ("round", pa.int32()),
            ("seat", pa.int32()),
            ("reviewer", pa.string()),
            ("perspective", pa.string()),
            ("verdict", pa.string()),
            ("scores", _SCORES),
            ("reason_codes", _STRINGS),
            ("rationale", pa.string()),
            ("comparison", pa.string()),
            ("order_shown", pa.string()),
            ("counted", pa.bool_()),
            ("via", pa.string()),
            ("auth", pa.string()),
            ("event", pa.int64()),
            ("positions_seen", _SEEN),
        ]
    ),
    "sources": pa.schema(
        [
            ("source_id", pa.string()),
            ("url", pa.string()),
            ("archive_url", pa.string()),
            ("publisher", pa.string()),
            ("owner", pa.string()),
            ("country", pa.string()),
            ("language", pa.string()),
            ("date", pa.string()),
            ("quote", pa.string()),
            ("quote_status", pa.string()),
            ("license", pa.string()),
        ]
    ),
    "tombstones": pa.schema(
        [
            ("example_id", pa.string()),
            ("revision", pa.string()),
            ("kind", pa.string()),
            ("reason", pa.string()),
            ("event", pa.int64()),
            ("removed_in", pa.string()),
            ("commitments", _STRINGS),
        ]
    ),
}
OPENINGS = pa.schema(
    [("index", pa.int64()), ("commitment", pa.string()), ("salt", pa.binary(32)), ("body", pa.binary())]
)
_FILLED = ("example_id", "revision", "group_id", "topic", "language", "positions", "license")
NEVER_NULL: dict[str, tuple[str, ...]] = dict.fromkeys(_CONTENT, _FILLED) | {
    "reviews": ("example_id", "revision", "reviewer", "perspective", "verdict", "counted"),
    "sources": ("source_id",),
    "tombstones": ("example_id",),
}
"""Config → columns that each of its rows fills, erased or not."""
KEY_COLUMN = {
    config: "event" if config == "reviews" else "source_id" if config == "sources" else "example_id"
    for config in SCHEMAS
}
"""The column by which a row is named in messages."""


class Columns:
    """The rows of one config and split, and what is known of some of them."""

    def __init__(self, config: str) -> None:
        self.config = config
        self.names = tuple(SCHEMAS[config].names)
        self._rows: list[tuple[Any, ...]] = []
        self.erased: dict[int, int] = {}
        """Row → index of the event that erased part of it."""
        self.underivable: dict[int, str] = {}
        """Row → why it cannot be derived (an opening is missing or does not fit)."""

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, row: dict[str, Any]) -> int:
        """Add a row; columns that it lacks are null. Returns its number."""
        self._rows.append(tuple(map(row.get, self.names)))
        return len(self._rows) - 1

    def column(self, name: str) -> list[Any]:
        """One column's values."""
        place = self.names.index(name)
        return [row[place] for row in self._rows]

    def only(self, columns: Collection[str]) -> Iterator[dict[str, Any]]:
        """The rows, with those of these columns that they have."""
        kept = [(name, place) for place, name in enumerate(self.names) if name in columns]
        for row in self._rows:
            yield {name: row[place] for name, place in kept}

    def table(self) -> pa.Table:
        """The rows as an Arrow table with the config's schema."""
        schema = SCHEMAS[self.config]
        values = zip(*self._rows, strict=True) if self._rows else [() for _ in schema]
        arrays = [pa.array(column, type=field.type) for column, field in zip(values, schema, strict=True)]
        return pa.Table.from_arrays(arrays, schema=schema)
