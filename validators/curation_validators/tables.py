"""Rows of a bundle's Parquet files, as every engine reads them.

Rules that always hold:
- files are found by their place, `data/<config>/*.parquet`; a config without a file has no rows;
- only the columns asked for are read; a column that a file lacks is not there, and what needs it is `insufficient`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

_AT_ONCE = 2_048


def files_of(bundle: Path, config: str) -> list[Path]:
    """A config's Parquet files, in a fixed order; no pipe or device, on which reading would wait."""
    return sorted(path for path in (bundle / "data" / config).glob("*.parquet") if path.is_file())


def rows_of_bundle(bundle: Path, config: str, columns: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """The rows of a config with those of the columns that it has."""
    for path in files_of(bundle, config):
        with pq.ParquetFile(path) as file:
            wanted = [name for name in file.schema_arrow.names if name in columns]
            for batch in file.iter_batches(_AT_ONCE, columns=wanted):
                yield from batch.to_pylist()
