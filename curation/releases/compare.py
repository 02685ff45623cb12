"""What two releases publish, compared from their bundles alone.

Rules that always hold:
- an example is changed when its revision or its config is another (releases/diff.py).
"""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
from pyarrow import ArrowException

from curation.errors import BundleInvalid
from curation.releases.diff import Difference, difference
from curation.releases.manifest import read_manifest
from curation.rulebook.placement import Published
from curation_schemas.release import CONFIGS

EXAMPLE_CONFIGS = CONFIGS[:5]


def published_in(bundle: Path) -> Published:
    """Example → (config, revision), as a bundle of our own says. Raises BundleInvalid."""
    found: Published = {}
    for path in sorted(read_manifest(bundle).files):
        parts = path.split("/")
        if parts[0] != "data" or parts[1] not in EXAMPLE_CONFIGS:
            continue
        try:
            table = pq.read_table(bundle / path, columns=["example_id", "revision"], partitioning=None)
        except (OSError, ArrowException):
            raise BundleInvalid("cannot be read", where=path) from None
        rows = zip(table["example_id"].to_pylist(), table["revision"].to_pylist(), strict=True)
        found |= {example: (parts[1], revision) for example, revision in rows}
    return found


def compare_bundles(before: Path, after: Path) -> Difference:
    """What was added, changed and removed from one release to another. Raises BundleInvalid."""
    return difference(published_in(before), published_in(after))
