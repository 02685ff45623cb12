"""The release manifest: what a bundle holds, of which log prefix it is a function, and who wrote it.

Rules that always hold:
- every file of the bundle is listed with its SHA-256, but for the manifest itself and the files that can only be made
  after it (`MADE_AFTER`), because they sign it or prove that it was logged;
- the manifest holds no time of day and nothing about the machine that wrote it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from curation_schemas.base import Wire
from curation_schemas.text import Hash, SemVer, ShortText, Slug

MANIFEST = "manifest.json"
MADE_AFTER = ("release.tlog-proof", "attest/release.dsse.json", "cosignatures")
CONFIGS = ("sft", "preference", "pluralistic", "prompts", "contested", "reviews", "sources", "tombstones")
YANKED_FOLDER = "yanked"
"""`yanked/<version>.tlog-proof`: proof that the log names a yank of a release; it may join any time."""
TRAINING_CONFIGS = ("sft", "preference", "pluralistic", "prompts")
SPLITS = ("train", "validation", "test")

Count = Annotated[int, Field(ge=0, le=2**53 - 1)]


class FileEntry(Wire):
    """One file of the bundle. `rows` is there for Parquet files."""

    sha256: Hash
    bytes: Count
    rows: Count | None = None


class LogPosition(Wire):
    """The log as this bundle carries it. Rows are a function of the first `rows_at` leaves.

    `size` is larger than `rows_at` only when the release was built again after an erasure.
    """

    origin: ShortText
    size: Count
    root: Hash
    rows_at: Count


class ReleaseManifest(Wire):
    """`manifest.json` of a bundle."""

    schema_: Literal["evenhand/manifest/v1"] = Field(alias="schema", default="evenhand/manifest/v1")
    dataset: Slug
    version: SemVer
    previous: SemVer | None
    simulated: bool
    log: LogPosition
    policy: Hash
    """The leaf of the policy whose gates bind this release."""
    writers: dict[str, str]
    """Versions that the bytes depend on: the same versions rebuild the same bytes, others the same rows."""
    rows: dict[str, dict[str, Count]]
    """Rows by config and split; an empty split or config has no file."""
    files: dict[str, FileEntry]
