"""Make a protected set out of a file.

Rules that always hold:
- nothing but hashes is written, and nothing is fetched; a file that exists is never replaced.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from curation.errors import Conflict, InvalidInput
from curation.validating.sources import FileRows
from curation_validators.contamination import SUFFIX, ProtectedSet, protect
from curation_validators.validation import read_records

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def write_protected(path: Path, name: str, origin: str, licence: str, folder: Path) -> tuple[ProtectedSet, Path]:
    """Write `<name>.ngrams` into a folder. Raises InvalidInput, Conflict."""
    if not _SLUG.fullmatch(name):
        raise InvalidInput("must be small letters, digits and hyphens", where="--name")
    target = folder / f"{name}{SUFFIX}"
    if target.exists():
        raise Conflict(f"{target} exists", hint="Name another set or folder.")
    try:
        made = protect(name, _items(path), origin, licence)
    except ValueError as error:
        raise InvalidInput(str(error), where=str(path)) from None
    folder.mkdir(parents=True, exist_ok=True)
    target.write_bytes(made.render())
    return made, target


def _items(path: Path) -> Iterator[str]:
    """The texts of a set: lines of a text file, or what people or models say in rows."""
    if path.suffix == ".txt":
        try:
            yield from (line for line in path.read_text("utf-8").splitlines() if line.strip())
        except (OSError, UnicodeDecodeError):
            raise InvalidInput("cannot be read as UTF-8 text", where=str(path)) from None
        return
    for record in read_records(FileRows(path)):
        yield from (text.content for text in record.texts)
