"""Rows for event tables: valid for the database, and meaning nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import LargeBinary, Table

from curation.tables import EVENT_TABLES


def row_of(table: Table, number: int) -> dict[str, Any]:
    """A row with a value in every column, its keys made of `number`."""
    values: dict[str, Any] = {}
    for column in table.columns:
        if isinstance(column.type, LargeBinary):
            values[column.name] = b"x" * 32
        elif column.type.python_type is int:
            values[column.name] = number
        else:
            length = getattr(column.type, "length", None) or 64
            values[column.name] = f"{number:064d}"[-length:]
    return values


def kept_row(table: Table) -> dict[str, Any]:
    """The row that each event table holds here; no two tables share a key, so nothing permits a delete."""
    return row_of(table, 1 + EVENT_TABLES.index(table))


@contextmanager
def told(what: str) -> Iterator[None]:
    """Say which statement it was that nothing refused."""
    try:
        yield
    except pytest.fail.Exception as failed:
        pytest.fail(f"{what}: {failed}")
