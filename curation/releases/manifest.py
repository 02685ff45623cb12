"""The manifest: which files a bundle holds, with their digests.

Rules that always hold (pure but for reading the bundle's own files):
- paths are relative, with forward slashes, and never leave the bundle;
- a file that is not listed, and is none of those made after the manifest, has no place in a bundle.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from curation.errors import BundleInvalid
from curation_schemas.parsing import SchemaInvalid, load_json, validate
from curation_schemas.release import MADE_AFTER, MANIFEST, YANKED_FOLDER, FileEntry, ReleaseManifest

_CHUNK = 1 << 20
MAX_MANIFEST_BYTES = 16_000_000
MAX_FILES = 1_000_000


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def file_entry(path: Path, rows: int | None = None) -> FileEntry:
    """A file's entry in the manifest."""
    return FileEntry(sha256=sha256_of(path), bytes=path.stat().st_size, rows=rows)


def render_manifest(manifest: ReleaseManifest) -> bytes:
    """The manifest's bytes: sorted, indented JSON, for people to read and compare."""
    plain = manifest.model_dump(mode="json", by_alias=True)
    plain["files"] = {
        path: {name: value for name, value in entry.items() if value is not None}
        for path, entry in plain["files"].items()
    }
    return (json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def read_manifest(bundle: Path) -> ReleaseManifest:
    """Read a bundle's manifest. Raises BundleInvalid."""
    return parse_manifest(manifest_bytes(bundle))


def manifest_bytes(bundle: Path) -> bytes:
    """The bytes of a bundle's manifest. Raises BundleInvalid."""
    path = bundle / MANIFEST
    try:
        if path.is_symlink() or not path.is_file():
            raise BundleInvalid("is missing or no plain file", where=MANIFEST, hint="Is this a release's folder?")
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise BundleInvalid(f"is larger than {MAX_MANIFEST_BYTES} bytes", where=MANIFEST)
        return path.read_bytes()
    except OSError:
        raise BundleInvalid(
            "is missing or cannot be read", where=MANIFEST, hint="Is this a release's folder?"
        ) from None


def parse_manifest(content: bytes) -> ReleaseManifest:
    """The manifest that these bytes are. Raises BundleInvalid."""
    try:
        return validate(ReleaseManifest, load_json(content, MAX_FILES))
    except SchemaInvalid as error:
        raise BundleInvalid(str(error)[:500], where=MANIFEST) from None


def bundle_files(bundle: Path) -> Iterator[tuple[str, Path]]:
    """Every file of a bundle as (relative path, path); links and devices are reported as themselves."""
    for path in sorted(bundle.rglob("*")):
        if path.is_symlink() or not path.is_dir():
            yield path.relative_to(bundle).as_posix(), path


def is_made_after(path: str) -> bool:
    """Whether a file may be in a bundle without being listed, because it is made after the manifest."""
    return path == MANIFEST or path in MADE_AFTER or path.startswith(("cosignatures/", f"{YANKED_FOLDER}/"))


def is_left_by_tools(path: str) -> bool:
    """Whether a file is what git and the Hub's client leave in a folder that they filled; no reader of data sees it."""
    return path == ".gitattributes" or path.startswith((".git/", ".cache/huggingface/"))
