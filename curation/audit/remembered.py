"""Which large releases were verified on this machine, so that `trace` need not hash each leaf of them again.

Rules that always hold:
- `verify` is a function of a bundle's bytes, and a manifest has the digest of each file: what was VERIFIED once is so
  again where manifest, files and program are the same. `trace` compares the log's files with their digests each time;
- a note is an empty file under a digest: it names neither release nor place, and whoever deletes it loses only time;
- a note is believed only in a folder that is this user's, and that nobody else may write into;
- where no note can be kept, none is, and nothing fails.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from curation.audit.beside import LARGE
from curation.audit.bundle import Bundle
from curation.audit.report import Report
from curation.cache import cache_folder
from curation.releases.build_info import writer_versions


def remember(report: Report) -> None:
    """Note what `verify` found nothing wrong with."""
    if report.verdict == "VERIFIED" and report.manifest and (report.checkpoint["size"] or 0) >= LARGE:
        with suppress(OSError, RuntimeError):
            note = _note(report.manifest)
            note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            note.touch(mode=0o600)


def is_remembered(bundle: Bundle) -> bool:
    """Whether this program found a bundle with this very manifest VERIFIED, on this machine."""
    with suppress(OSError, RuntimeError):
        note = _note(bundle.manifest_sha256)
        return _is_ones_own(note.parent) and note.is_file()
    return False


def _is_ones_own(folder: Path) -> bool:
    """Whether nobody else can have put something into a folder. Where users have no numbers, it is taken for so."""
    if not hasattr(os, "geteuid"):
        return True
    found = folder.stat()
    return found.st_uid == os.geteuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _note(manifest_sha256: str) -> Path:
    """The note's place: under a digest of the manifest and of the program that judged."""
    program = " ".join(f"{name} {version}" for name, version in sorted(writer_versions().items()))
    return cache_folder() / "verified" / sha256(f"{program}\n{manifest_sha256}".encode()).hexdigest()
