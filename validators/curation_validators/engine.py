"""What an engine is: it makes facts, joins, derives and groups, and knows no measure.

Rules that always hold:
- every number in a table is whole, so that each engine gives the same counts for the same rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeVar

from curation_validators.facts import Fact, FactTable

Key = tuple[Any, ...]
Counted = dict[Key, tuple[int, ...]]
"""Key → (how many, sums …)."""
Columns = tuple[tuple[str, type], ...]
Derive = Callable[[Fact], Iterator[Fact]]
Table = TypeVar("Table")


class Engine(Protocol[Table]):
    """What carries the recipe out."""

    def facts(self, table: FactTable) -> Table:
        """The facts of one kind."""

    def join(self, left: Table, right: Table, on: str) -> Table:
        """Each row of `left` with each row of `right` that has the same `on`, which stands once; null joins nothing."""

    def derive(self, table: Table, columns: Columns, function: Derive) -> Table:
        """Other rows made of each row."""

    def group(self, table: Table, by: tuple[str, ...], sums: tuple[str, ...] = ()) -> Table:
        """One row for each key: the key, `n`, and the sum of each column in `sums`."""

    def collect(self, table: Table, keys: int) -> Counted:
        """A grouped table as a dictionary; the first `keys` columns are the key."""


TOPICAL: Columns = (("config", str), ("topic", str))
"""The columns with which most tables begin."""


def grouped(engine: Engine[Any], table: Any, by: tuple[str, ...], sums: tuple[str, ...] = ()) -> Counted:
    """A count table: key → (how many, sums …)."""
    return engine.collect(engine.group(table, by, sums), len(by))
