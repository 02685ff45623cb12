"""Engines that carry the counting recipe out on pandas and on Apache Spark.

Rules that always hold:
- neither knows a measure; rows become facts by the same functions as in plain Python, so the counts are the same;
- Spark runs those functions in its workers and brings only grouped tables back; no frame is ever collected whole
  before it is grouped.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pandas.api.types import is_integer_dtype

from curation_validators.contents import Row
from curation_validators.engine import Columns, Counted, Derive
from curation_validators.facts import FACT_TABLES, Fact, FactTable
from curation_validators.spreading import spread
from curation_validators.tables import files_of


def _frame(rows: Iterable[tuple[Any, ...]], columns: Columns) -> pd.DataFrame:
    """Text stays an object, so that «not said» stays None and never becomes a number."""
    made = rows if isinstance(rows, list) else list(rows)
    return pd.DataFrame(
        {
            name: pd.Series([row[place] for row in made], dtype="int64" if kind is int else "object")
            for place, (name, kind) in enumerate(columns)
        }
    )


def _rows_of(table: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    return zip(*(table[name].tolist() for name in table.columns), strict=True)


def _keys_of(index: pd.Index) -> Iterator[pd.Series]:
    """The columns of a grouped table's keys, as `_frame` has them: pandas would make «nan» of what is not said."""
    for place in range(index.nlevels):
        level = index.get_level_values(place).to_series(index=pd.RangeIndex(len(index)))
        yield level if is_integer_dtype(level.dtype) else level.astype(object).where(level.notna(), None)


_OF_TEXTS = ("examples", "voices")


class _Making:
    """Facts of one kind, of one row after the other."""

    def __init__(self, table: str) -> None:
        self._facts = FACT_TABLES[table].facts

    def __call__(self, row: tuple[str, Row]) -> list[Fact]:
        return list(self._facts(*row))


class PandasEngine:
    """Data frames in memory."""

    def __init__(
        self,
        rows_of: Callable[[str, tuple[str, ...]], Iterable[Row]],
        processes: int = 1,
        made: Mapping[str, list[Fact]] | None = None,
    ) -> None:
        """`rows_of(config, columns)` gives a config's rows, with those columns at least.

        Facts that are made of texts are made in so many processes, where there are many rows; `made` holds those that
        were made already, by the name of their table.
        """
        self._rows_of = rows_of
        self._processes = processes
        self._made = made or {}

    def facts(self, table: FactTable) -> pd.DataFrame:
        """The facts of one kind."""
        if known := self._made.get(table.name):
            return _frame(known, table.columns)
        rows = ((config, row) for config in table.configs for row in self._rows_of(config, table.reads))
        if table.name not in _OF_TEXTS:
            return _frame((fact for row in rows for fact in table.facts(*row)), table.columns)
        made = spread(rows, _Making(table.name), partial(_Making, table.name), self._processes)
        return _frame((fact for _, facts in made for fact in facts), table.columns)

    def join(self, left: pd.DataFrame, right: pd.DataFrame, on: str) -> pd.DataFrame:
        """An inner join; the column `on` comes first."""
        joined = left.dropna(subset=[on]).merge(right.dropna(subset=[on]), on=on, how="inner")
        return joined[[on, *(name for name in joined.columns if name != on)]]

    def derive(self, table: pd.DataFrame, columns: Columns, function: Derive) -> pd.DataFrame:
        """Other rows made of each row."""
        return _frame((fact for row in _rows_of(table) for fact in function(row)), columns)

    def group(self, table: pd.DataFrame, by: tuple[str, ...], sums: tuple[str, ...] = ()) -> pd.DataFrame:
        """Count and sum by key; null is a key like any other."""
        grouped = table.groupby(list(by), dropna=False, sort=False)
        sizes = grouped.size()
        counted = dict(zip(by, _keys_of(sizes.index), strict=True)) | {"n": sizes.to_numpy()}
        return pd.DataFrame(counted | {name: grouped[name].sum().to_numpy() for name in sums})

    def collect(self, table: pd.DataFrame, keys: int) -> Counted:
        """The rows by their key."""
        return {row[:keys]: row[keys:] for row in _rows_of(table)}


def local_session(cores: int = 2) -> Any:
    """A Spark session on this machine. It needs the extra «spark» and Java 17 or newer."""
    from pyspark.sql import SparkSession  # noqa: PLC0415  # only where Spark is asked for

    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = (
        SparkSession.builder.master(f"local[{cores}]")
        .appName("evenhand")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.shuffle.partitions", str(cores))
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.log.level", "ERROR")
    )
    return builder.getOrCreate()


class SparkEngine:
    """Apache Spark, for what outgrows one machine's memory."""

    def __init__(self, session: Any, bundle: Path) -> None:
        """`bundle` is a folder that Spark's workers can read."""
        self._session = session
        self._bundle = bundle

    def facts(self, table: FactTable) -> Any:
        """The facts of one kind, made in the workers."""
        made = None
        for config in table.configs:
            paths = [str(path) for path in files_of(self._bundle, config)]
            if paths:
                read = self._session.read.parquet(*paths)
                frame = read.select(*(name for name in read.columns if name in table.reads))
                facts = frame.mapInArrow(_making(table, config), _ddl(table.columns))
                made = facts if made is None else made.unionByName(facts)
        if made is None:
            return self._session.createDataFrame([], _ddl(table.columns))
        return made.persist()

    def join(self, left: Any, right: Any, on: str) -> Any:
        """An inner join; the column `on` comes first."""
        return left.join(right, on=on, how="inner")

    def derive(self, table: Any, columns: Columns, function: Derive) -> Any:
        """Other rows made of each row, in the workers."""
        return table.mapInArrow(_deriving(columns, function), _ddl(columns))

    def group(self, table: Any, by: tuple[str, ...], sums: tuple[str, ...] = ()) -> Any:
        """Count and sum by key; null is a key like any other."""
        from pyspark.sql import functions  # noqa: PLC0415  # only where Spark is asked for

        sized = [functions.count(functions.lit(1)).alias("n"), *(functions.sum(name).alias(name) for name in sums)]
        return table.groupBy(*by).agg(*sized)

    def collect(self, table: Any, keys: int) -> Counted:
        """The rows by their key."""
        return {tuple(row[:keys]): tuple(int(item) for item in row[keys:]) for row in table.collect()}


def _ddl(columns: Columns) -> str:
    return ", ".join(f"`{name}` {'bigint' if kind is int else 'string'}" for name, kind in columns)


def _batch(rows: list[tuple[Any, ...]], columns: Columns) -> pa.RecordBatch:
    kinds = {int: pa.int64(), str: pa.string()}
    values = zip(*rows, strict=True) if rows else ((),) * len(columns)
    arrays = [pa.array(list(items), kinds[kind]) for (_, kind), items in zip(columns, values, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names=[name for name, _ in columns])


def _making(table: FactTable, config: str) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def made(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield _batch([fact for row in batch.to_pylist() for fact in table.facts(config, row)], table.columns)

    return made


def _deriving(columns: Columns, function: Derive) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def made(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            yield _batch([fact for row in rows for fact in function(row)], columns)

    return made
