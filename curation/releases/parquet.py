"""Write and name Parquet files so that the same rows give the same bytes.

Rules that always hold:
- explicit schema, fixed settings, no metadata of place or time; a file's name carries 8 hex digits of its SHA-256;
- no empty file is ever written (`load_dataset` crashes on one).
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from curation.releases.manifest import file_entry
from curation_schemas.release import FileEntry

ROWS_PER_GROUP = 10_000
OPENINGS_PER_GROUP = 4_096
"""Small groups: reading one opening costs milliseconds."""


SIMULATED_MARK = {"evenhand.simulated": "true"}
"""In the schema's metadata where every person is made up: a file that is copied alone still says so."""


def write_parquet(
    bundle: Path, stem: str, table: pa.Table, rows_per_group: int = ROWS_PER_GROUP, *, simulated: bool = False
) -> tuple[str, FileEntry]:
    """Write a table as `<stem>-<8 hex of its sha256>.parquet`. Returns its path in the bundle and its entry."""
    if simulated:
        table = table.replace_schema_metadata(SIMULATED_MARK)
    aside = bundle / f"{stem}.new"
    aside.parent.mkdir(parents=True, exist_ok=True)
    # Nested values without dictionaries: zstd does better on them, and whoever reads a file that they do not trust
    # can tell from its size what it unpacks to.
    flat = [field.name for field in table.schema if not pa.types.is_nested(field.type)]
    pq.write_table(table, aside, compression="zstd", version="2.6", row_group_size=rows_per_group, use_dictionary=flat)
    entry = file_entry(aside, table.num_rows)
    path = f"{stem}-{entry.sha256[:8]}.parquet"
    aside.rename(bundle / path)
    return path, entry
