"""The versions of what writes a bundle.

Rules that always hold:
- the same versions write the same bytes for the same rows; others write the same rows.
"""

from __future__ import annotations

import platform

import pyarrow as pa

import curation


def writer_versions() -> dict[str, str]:
    """The versions that a bundle's bytes depend on."""
    return {
        "evenhand": curation.__version__,
        "pyarrow": pa.__version__,
        "python": ".".join(platform.python_version_tuple()[:2]),
    }
