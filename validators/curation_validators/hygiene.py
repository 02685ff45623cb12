"""Text hygiene: what a reader sees is what a model is trained on.

Rules that always hold (pure):
- the characters refused are those that the wire models refuse (`curation_schemas.text`), in one place;
- a text over the limit is read as far as the limit, so that ten megabytes cost no more than twenty kilobytes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from curation_schemas.text import hidden_character
from curation_validators.findings import Finding
from curation_validators.records import Record, Text

MAX_CHARS = 20_000
_WORD = re.compile(r"[^\W\d_]{2,}")
_LATIN_LOOKALIKES = ("CYRILLIC", "GREEK", "CHEROKEE", "ARMENIAN")


def check_text(record: Record) -> Iterator[Finding]:
    """Empty, hidden, not in normal form, too long, or words of mixed scripts."""
    for text in record.texts:
        yield from _check_one(record.where, text)


def _check_one(where: str, text: Text) -> Iterator[Finding]:
    place, content = f"{where}, {text.field}", text.content[:MAX_CHARS]
    if len(text.content) > MAX_CHARS:
        message = f"has {len(text.content)} characters"
        yield Finding("text/too-long", place, message, f"Shorten it to {MAX_CHARS}, or split it.")
    if not content.strip():
        yield Finding("text/empty", place, "is empty", "Write something, or leave the turn out.")
        return
    hidden = hidden_character(content)
    if hidden is not None:
        offset, name = hidden
        message = f"holds {name} at offset {offset}, which no reader sees"
        yield Finding("text/hidden-character", place, message, "Remove it.")
    if not unicodedata.is_normalized("NFC", content):
        yield Finding("text/normal-form", place, "is not in Unicode normal form NFC", "Normalise it before sending.")
    mixed = mixed_script_word(content)
    if mixed is not None:
        offset, scripts = mixed
        message = f"has a word of {scripts} letters at offset {offset}"
        yield Finding("text/mixed-script", place, message, "Write the word in one script, unless it is meant.")


def mixed_script_word(text: str) -> tuple[int, str] | None:
    """The first word that mixes Latin with letters that look like it: (offset, «Latin and Cyrillic»), or None.

    Source: Unicode TR39 §5.1, for the scripts that are confused in practice.
    """
    if text.isascii():
        return None
    for match in _WORD.finditer(text):
        word = match.group()
        if word.isascii():
            continue
        scripts = {unicodedata.name(letter, "?").split(" ")[0] for letter in word}
        strange = sorted(scripts.intersection(_LATIN_LOOKALIKES))
        if "LATIN" in scripts and strange:
            return match.start(), f"Latin and {strange[0].capitalize()}"
    return None
