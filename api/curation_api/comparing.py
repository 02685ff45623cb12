"""A release's bundle as one file, and two releases compared.

Rules that always hold:
- a bundle is streamed: nothing is held but one piece of one file;
- only what the manifest names, or what is made after it, is in it; the same bundle gives the same bytes (pax headers
  without owner and time).
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator

from curation.errors import NotFound
from curation.releases.compare import compare_bundles
from curation.releases.diff import Difference
from curation.releases.manifest import bundle_files, is_made_after
from curation.writing import Platform
from curation_api.bundles import BundleHere, bundle_here, find_release, release_rows

_PIECE = 1 << 20


def files_of(bundle: BundleHere) -> list[str]:
    """Every file of a bundle, sorted. Raises NotFound where the bundle is not on this server."""
    if bundle.manifest is None:
        raise NotFound("the files of this release are not on this server")
    listed = bundle.manifest.files
    return sorted(path for path, _ in bundle_files(bundle.folder) if path in listed or is_made_after(path))


def tar_of(bundle: BundleHere, name: str, paths: list[str]) -> Iterator[bytes]:
    """The bundle as a tar file, everything under one folder of that name."""
    for path in paths:
        found, _ = bundle.file(path)
        info = tarfile.TarInfo(f"{name}/{path}")
        info.size, info.mode = found.stat().st_size, 0o644
        yield info.tobuf(tarfile.PAX_FORMAT)
        left = info.size
        with found.open("rb") as file:
            while left and (piece := file.read(min(_PIECE, left))):
                left -= len(piece)
                yield piece
        yield b"\0" * (-info.size % tarfile.BLOCKSIZE)
    yield b"\0" * 2 * tarfile.BLOCKSIZE


def compare_releases(platform: Platform, version: str, since: str | None) -> tuple[str | None, Difference]:
    """The release that another is compared with (the one before it, where none is named), and what changed.

    Raises NotFound where one of them is no release, or its files are not on this server.
    """
    with platform.read() as loaded:
        for named in (version, since or version):
            find_release(loaded, named)
        versions = [row.version for row in release_rows(loaded)]
    before = since or next(iter(versions[versions.index(version) + 1 :]), None)
    if before is None:
        return None, Difference()
    both = [bundle_here(platform, item) for item in (before, version)]
    if any(item.manifest is None for item in both):
        raise NotFound("the files of one of these releases are not on this server")
    return before, compare_bundles(*(item.folder for item in both))
