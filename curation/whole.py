"""Files that are there whole or not at all.

Rules that always hold:
- a file is written beside its place, synced and moved there; what could not be written whole, because the disk is full
  for instance, leaves nothing behind.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from pathlib import Path


def write_whole(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file in a folder that exists, and have it on disk before returning. Raises OSError."""
    if path.exists() and not path.is_file():
        # A terminal, a pipe: nothing can stand beside it.
        with path.open("wb") as there:
            there.writelines(pieces)
        return
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    try:
        with aside.open("wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
