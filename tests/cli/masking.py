"""What a command printed, compared with a file, once what differs from run to run is masked.

`EVENHAND_UPDATE_GOLDEN=1` writes the files anew; look at the difference before you commit it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden"
_MASKS = (
    (r"\bex_[a-z2-7]{16}\b", "ex_…"),
    (r"\bg_[a-z2-7]{16}\b", "g_…"),
    (r"\bp_[a-z2-7]{26}\b", "p_…"),
    (r"\bsrc_[0-9a-f]{24}\b", "src_…"),
    (r"\bevh_[\w-]{43}\b", "evh_…"),
    (r"\b[0-9a-f]{64}\b", "<hash>"),
    (r"\b[0-9a-f]{12,16}…", "<hash>…"),
    (r"contested-pilot/[0-9a-f]{8}", "contested-pilot/<log>"),
    (r"\+[0-9a-f]{8}\+[A-Za-z0-9+/]{43,44}=?", "+<key>"),
    (r"\bevent \d+", "event <n>"),
    (r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=", "<base64>"),
    (r"[A-Za-z0-9+/]{80,}={0,2}", "<signature>"),
)


def masked(text: str, *places: Path) -> str:
    """The text without identifiers, hashes, keys and these folders."""
    for place in places:
        text = text.replace(str(place), "<folder>")
    for pattern, shown in _MASKS:
        text = re.sub(pattern, shown, text)
    return text


def assert_golden(name: str, text: str) -> None:
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("EVENHAND_UPDATE_GOLDEN"):
        path.write_text(text, "utf-8")
    assert path.is_file(), f"{path} is missing: run with EVENHAND_UPDATE_GOLDEN=1"
    assert text == path.read_text("utf-8")
