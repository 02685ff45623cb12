"""The text types that every wire model is made of.

Rules that always hold:
- contributed text is Unicode NFC, with no control, invisible, bidirectional or private characters (newline and tab
  excepted), so that what a reviewer sees is what a model is trained on;
- a lone surrogate is refused here, because no canonical JSON exists for it (RFC 8785 §3.2.2.2);
- identifiers are ASCII, so that sorting them by code point, by UTF-16 unit and by byte is the same.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints

# What is refused, by number and not by what this Python's Unicode tables say, so that a text admitted once is admitted
# by every verifier: controls but newline and tab, invisible format and bidirectional characters, tags, variation
# selectors (which can carry hidden bytes; those for emoji and text presentation are ordinary), fillers, private use,
# surrogates, line and paragraph separators, and the code points that Unicode keeps for invisible ones or for nothing
# (Unicode TR36, TR39). Visible format characters, such as U+06DD, are text.
_REFUSED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ud800-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff\U000f0000-\U0010ffff"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 15))
    + "]"
)
# Scripts whose ordinary words need a joiner or non-joiner (Unicode UAX 31 §2.3).
_JOINING_SCRIPTS = (
    "ARABIC",
    "BENGALI",
    "DEVANAGARI",
    "GUJARATI",
    "GURMUKHI",
    "KANNADA",
    "MALAYALAM",
    "MONGOLIAN",
    "ORIYA",
    "SINHALA",
    "SYRIAC",
    "TAMIL",
    "TELUGU",
)


# Pictures that a joiner makes one of (a family, a profession), by number, as above; what it joins is seen.
_PICTURE = re.compile("[\u2190-\u21ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]")


def _joins_pictures(text: str, offset: int) -> bool:
    """Whether a joiner stands between two emoji, the first perhaps with its selector (Unicode TR51 §1.4.9)."""
    before = text[max(0, offset - 2) : offset].removesuffix("\ufe0f")[-1:]
    return text[offset] == "\u200d" and all(map(_PICTURE.match, (before, text[offset + 1 : offset + 2])))


def _joins(text: str, offset: int) -> bool:
    """Whether a (non-)joiner stands between characters of a script that needs it."""
    around = text[max(0, offset - 1) : offset] + text[offset + 1 : offset + 2]
    return len(around) == 2 and all(unicodedata.name(item, "").startswith(_JOINING_SCRIPTS) for item in around)


def hidden_character(text: str) -> tuple[int, str] | None:
    """The first refused character as (offset, «U+202E RIGHT-TO-LEFT OVERRIDE»), or None."""
    if text.isascii() and text.isprintable():  # the same for most texts, and much faster
        return None
    for found in _REFUSED.finditer(text):
        offset, character = found.start(), found.group()
        if not (character in "\u200c\u200d" and (_joins(text, offset) or _joins_pictures(text, offset))):
            name = unicodedata.name(character, unicodedata.category(character))
            return offset, f"U+{ord(character):04X} {name}"
    return None


def check_text(text: str) -> str:
    """Return `text` unchanged, or raise ValueError naming the character and its offset."""
    found = hidden_character(text)
    if found is not None:
        offset, name = found
        raise ValueError(f"character {name} at offset {offset} is invisible or a control; remove it")
    if not unicodedata.is_normalized("NFC", text):
        pairs = enumerate(zip(text, unicodedata.normalize("NFC", text), strict=False))
        offset = next((place for place, (sent, normal) in pairs if sent != normal), 0)
        raise ValueError(f"is not in Unicode normal form NFC from offset {offset} on; normalise it before sending")
    return text


def _check_filled(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty; write something or leave the field out")
    return text


def _check_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise ValueError("is not a URL") from None
    if parts.scheme not in {"http", "https"} or not host or "." not in host:
        raise ValueError("must be an http or https URL with a host name")
    if parts.username or parts.password:
        raise ValueError("must not carry a user name or password")
    return url


def _check_date(text: str) -> str:
    year, month, day = (*[int(part) for part in text.split("-")], 1, 1)[:3]
    try:
        datetime.date(year, month, day)
    except ValueError:
        raise ValueError("is no calendar date; write YYYY, YYYY-MM or YYYY-MM-DD") from None
    return text


def _check_day(text: str) -> str:
    return _check_date(text)


def _check_written_language(tag: str) -> str:
    if tag == "zh":
        raise ValueError("name the script: zh-Hans or zh-Hant")
    return tag


Clean = AfterValidator(check_text)
Filled = AfterValidator(_check_filled)

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
LanguageTag = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-[A-Z]{2})?$")]
WrittenLanguage = Annotated[LanguageTag, AfterValidator(_check_written_language)]
SpdxId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.+-]*$", max_length=64)]
CountryCode = Annotated[str, StringConstraints(pattern=r"^([A-Z]{2}|INT)$")]
PartialDate = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?$"), AfterValidator(_check_date)
]
Day = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_check_day)]
Url = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[!-~]+$"), AfterValidator(_check_url)]

ToolName = Annotated[
    str,
    StringConstraints(
        max_length=64, pattern=r"^[a-z][a-z0-9-]{0,31}/[0-9][0-9.]{0,15}( [a-z][a-z0-9-]{0,31}/[0-9][0-9.]{0,15}){0,3}$"
    ),
]
"""A tool with its version, and what it rests on: `evenhand-html/1 unicode/15.0.0`."""
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Nonce = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
# RFC 4648 §6 base32, lower case and unpadded: readable aloud, safe in URLs and file names.
ExampleId = Annotated[str, StringConstraints(pattern=r"^ex_[a-z2-7]{16}$")]
GroupId = Annotated[str, StringConstraints(pattern=r"^g_[a-z2-7]{16}$")]
Pseudonym = Annotated[str, StringConstraints(pattern=r"^p_[a-z2-7]{26}$")]
RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-z]+(-[a-z]+)*$", max_length=64)]
SemVer = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})$")]
Base64 = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]+={0,2}$", max_length=200)]

ShortText = Annotated[str, StringConstraints(max_length=200), Clean, Filled]
Paragraph = Annotated[str, StringConstraints(max_length=2_000), Clean, Filled]
Rationale = Annotated[str, StringConstraints(max_length=4_000), Clean, Filled]
MessageText = Annotated[str, StringConstraints(max_length=20_000), Clean, Filled]
Quote = Annotated[str, StringConstraints(max_length=1_000), Clean]
