"""Read one PDF in a process of its own: the file on standard input, its text on standard output.

Rules that always hold:
- it is run by its path and knows nothing of this package (pdf.py runs it), reads no file and opens no connection;
- memory, processor time, pages and text are bounded before the first byte is looked at;
- the first line says how many pages gave no text; then each page stands on a line of its own.
"""

from __future__ import annotations

import io
import logging
import sys

DAMAGED, LARGE, LOCKED = 3, 4, 5
"""Exit codes: it cannot be read, it is over a limit, it wants a password."""
MAX_PAGES = 2_000
MAX_TEXT = 5_000_000
"""Characters."""
MAX_STREAM = 20_000_000
"""Bytes that one part of the file may unpack to."""
SECONDS = 30
"""Of processor time."""
_MEMORY = 1 << 30


def _bound() -> None:
    try:
        import resource  # noqa: PLC0415  # not every system has it
    except ImportError:  # a system without such limits: the parent's clock is left
        return
    for what, most in (
        (resource.RLIMIT_AS, _MEMORY),
        (resource.RLIMIT_CPU, SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def _read(content: bytes) -> tuple[int, list[str]] | int:
    from pypdf import PdfReader, overwrite_configuration  # noqa: PLC0415  # once memory and time are bounded
    from pypdf.errors import LimitReachedError  # noqa: PLC0415  # as above

    overwrite_configuration(
        zlib_maximum_output_length=MAX_STREAM,
        lzw_maximum_output_length=MAX_STREAM,
        run_length_maximum_output_length=MAX_STREAM,
        array_based_stream_maximum_output_length=MAX_STREAM,
        disable_legacy_handling=True,
    )
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted:
            return LOCKED
        if len(reader.pages) > MAX_PAGES:
            return LARGE
        texts, left = [], MAX_TEXT
        for page in reader.pages:
            texts.append(page.extract_text())
            left -= len(texts[-1])
            if left < 0:
                return LARGE
    except (LimitReachedError, MemoryError, RecursionError):
        return LARGE
    except Exception:  # noqa: BLE001  # whatever a foreign file does to a parser, it cannot be read
        return DAMAGED
    return sum(not text.strip() for text in texts), texts


def main() -> int:
    """Read, and say how it ended."""
    _bound()
    logging.disable()
    found = _read(sys.stdin.buffer.read())
    if isinstance(found, int):
        return found
    unread, texts = found
    lines = [" ".join(text.replace("-\n", "-").split()) for text in texts]
    sys.stdout.buffer.write("\n".join([str(unread), *lines]).encode("utf-8", "replace"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
