"""Kept pages in a backup: carried as `evidence/…`, and placed again for their owner only.

Rules that always hold:
- what is carried is what the database's row names by its digest; what is gone or was changed is left out and counted;
- a record that goes while a backup is written does not break it: each is copied at once.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from pathlib import Path
from typing import IO

from sqlalchemy import Connection, select

from curation.errors import BackupInvalid
from curation.evidence.forget import FOLDER, record_path
from curation.tables import source_records

_NAME = re.compile(rf"{FOLDER}/([0-9a-f]{{2}})/(\1[0-9a-f]{{62}})\.warc")


def copy_records(connection: Connection, home: Path, aside: Path) -> tuple[dict[str, Path], int]:
    """Copy a home's kept pages into a folder that only its owner may read.

    Returns:
        name in the backup → the copy, and how many are gone or are not what was kept.
    """
    found: dict[str, Path] = {}
    left_out = 0
    kept = select(source_records.c.commitment, source_records.c.record).where(source_records.c.record.is_not(None))
    for row in connection.execute(kept.order_by(source_records.c.commitment)):
        path = record_path(home, row.commitment)
        try:
            content = path.read_bytes()
        except OSError:
            left_out += 1
            continue
        if hashlib.sha256(content).hexdigest() != row.record:
            left_out += 1
            continue
        name = path.relative_to(home).as_posix()
        copy = found[name] = aside / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(content)
    return found, left_out


def place_record(home: Path, name: str, source: IO[bytes]) -> None:
    """Put one record of a backup where it belongs. Raises BackupInvalid for a name that is none."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise BackupInvalid("is no path of a kept page", where=name)
    path = record_path(home, match.group(2))
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as made:
        shutil.copyfileobj(source, made)
