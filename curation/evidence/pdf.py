"""The text of a PDF, for people to find a quote in.

Rules that always hold:
- the parser runs in a process of its own with bounded memory and time (pdf_process.py): a file made to break it breaks
  nothing here;
- lines of a page are joined by a space, and without one after a hyphen: a PDF has no paragraphs, only letters at
  places;
- pages that give no text (scanned, or empty) are counted: a quote that is not found may stand on one of them.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from curation.evidence.pdf_process import LARGE, LOCKED, SECONDS

EXTRACTOR = "evenhand-pdf/1"
_PROCESS = Path(__file__).with_name("pdf_process.py")
_REASONS = {LARGE: "large", LOCKED: "locked"}


@dataclass(frozen=True, slots=True)
class PdfText:
    """A text of one line for each page, and how many pages gave none."""

    text: str
    unread: int


def pdf_extractor() -> str:
    """What takes PDFs apart, with versions: another version of the parser may give another text."""
    return f"{EXTRACTOR} pypdf/{version('pypdf')}"


def pdf_text(body: bytes) -> PdfText | str:
    """The text of a PDF, or why there is none: `damaged`, `large` (or too slow) or `locked`."""
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(_PROCESS)],
            input=body,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=2 * SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "large"
    if done.returncode < 0:  # ended by a limit
        return "large"
    if done.returncode:
        return _REASONS.get(done.returncode, "damaged")
    unread, _, text = done.stdout.decode("utf-8", "replace").partition("\n")
    return PdfText(text, int(unread))
