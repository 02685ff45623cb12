"""Read a file line by line, in bounded pieces.

Rules that always hold:
- pipes and devices are refused;
- a file is never loaded whole; a line that is too long is skipped piece by piece and reported;
- a file that is plainly of another format (compressed, Parquet, UTF-16) is refused before its first line;
- blank lines are counted and skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Any, BinaryIO

from curation.errors import InvalidInput
from curation_schemas.parsing import SchemaInvalid, load_json

MAX_LINE_BYTES = 16 * 2**20
"""Longer than any example that its schema admits, even with every character escaped."""
_PIECE = 2**16
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_FOREIGN = {
    b"PAR1": "is Parquet",
    b"\x1f\x8b": "is compressed with gzip; unpack it first",
    b"\x28\xb5\x2f\xfd": "is compressed with zstd; unpack it first",
    b"PK\x03\x04": "is a zip archive; unpack it first",
    b"\xff\xfe": "is UTF-16; save it as UTF-8",
    b"\xfe\xff": "is UTF-16; save it as UTF-8",
}


@dataclass(frozen=True, slots=True)
class RawLine:
    """A line's number (from 1), its bytes (None: it is too long), and the offset in the file behind it."""

    number: int
    content: bytes | None
    end: int


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A file to be read as bytes. Raises InvalidInput, also for a pipe or device: those wait, or never end."""
    try:
        if not S_ISREG(path.stat().st_mode):
            raise InvalidInput("is no plain file", where=str(path), hint="Save what it gives to a file first.")
        file = path.open("rb")
    except OSError as error:
        raise InvalidInput(f"cannot be read: {error.strerror}", where=str(path)) from None
    with file:
        yield file


def check_beginning(path: Path) -> None:
    """Raise InvalidInput when a file is empty, or by its first bytes no text that lines can be read from."""
    with opened(path) as file:
        start = file.read(4)
    if not start:
        raise InvalidInput("is empty", where=str(path))
    for magic, message in _FOREIGN.items():
        if start.startswith(magic):
            raise InvalidInput(message, where=str(path))
    if path.suffix.lower() in (".csv", ".tsv"):
        raise InvalidInput(
            f"is a {path.suffix[1:].lower()} file", where=str(path), hint="Turn it into JSON lines or Parquet first."
        )


def read_lines(path: Path) -> Iterator[RawLine]:
    """The lines of a file that are not blank. Raises InvalidInput when it is not a file of lines at all."""
    check_beginning(path)
    with opened(path) as file:
        number = 0
        while piece := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            content: bytes | None = piece
            if len(piece) > MAX_LINE_BYTES:
                content = None
                while piece and not piece.endswith(b"\n"):
                    piece = file.readline(_PIECE)
            elif number == 1:
                content = piece.removeprefix(_BYTE_ORDER_MARK)
            if content is None or content.strip():
                yield RawLine(number, content, file.tell())


def load_line(content: bytes) -> Any:
    """The JSON of one line. Raises SchemaInvalid, with the column alone: the line is the file's."""
    try:
        return load_json(content.strip())
    except SchemaInvalid as error:
        problems = [(path, message.replace(" at line 1 column ", " at column ")) for path, message in error.problems]
        raise SchemaInvalid(problems) from None
