"""A home's own protected sets in a backup: carried as `protected/<file>.ngrams`, and placed again.

Rules that always hold:
- every set that intake reads is carried, or there is no backup; what else lies in the folder is not.
"""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath
from typing import IO

from curation.errors import BackupInvalid, HomeUnusable
from curation_validators.contamination import SUFFIX

FOLDER = "protected"
"""Where in a home its own protected sets lie."""


def copy_protected(home: Path, aside: Path) -> dict[str, Path]:
    """Copy a home's protected sets into a folder: name in the backup → the copy. Raises HomeUnusable."""
    found: dict[str, Path] = {}
    for path in sorted((home / FOLDER).glob(f"*{SUFFIX}")):
        name = f"{FOLDER}/{path.name}"
        copy = found[name] = aside / name
        copy.parent.mkdir(exist_ok=True)
        try:
            copy.write_bytes(path.read_bytes())
        except OSError:
            raise HomeUnusable(f"the protected set {path} cannot be read", hint="Mend or remove it.") from None
    return found


def place_protected(home: Path, name: str, source: IO[bytes]) -> None:
    """Put one set of a backup where it belongs. Raises BackupInvalid for a name that is none."""
    parts = PurePosixPath(name).parts
    if len(parts) != 2 or not parts[1].endswith(SUFFIX) or "\\" in name or PurePosixPath(name).as_posix() != name:
        raise BackupInvalid("is no path of a protected set", where=name)
    path = home.joinpath(*parts)
    path.parent.mkdir(exist_ok=True)
    with path.open("xb") as made:
        shutil.copyfileobj(source, made)
