"""The interface's languages, and what each of them says.

Rules that always hold:
- the English sentence is the key; a catalogue (`locale/<language>/messages.po`) has every other language's sentence;
- catalogues are read when the process starts: nothing is compiled beforehand;
- a sentence that a catalogue lacks is shown in English, and a test fails.
"""

from __future__ import annotations

import io
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALES = {"en": "en", "fr": "fr", "zh-Hans": "zh_Hans"}
"""The interface's languages (BCP 47), and the names of their locales in CLDR."""
NAMES = {
    "en": "English",
    "fr": "Français",
    "zh-Hans": "简体中文",
    "zh-Hant": "繁體中文",
    "de": "Deutsch",
    "es": "Español",
    "ar": "العربية",
    "he": "עברית",
    "ru": "Русский",
    "ja": "日本語",
    "uk": "Українська",
    "pt": "Português",
}
"""What speakers call a language. One that is not here is shown by its code."""
DEFAULT = "en"
FOLDER = Path(__file__).parent / "locale"


@cache
def translations(language: str) -> NullTranslations:
    """The sentences of one of the interface's languages."""
    if language == DEFAULT:
        return NullTranslations()
    path = FOLDER / LOCALES[language] / "messages.po"
    with path.open("rb") as file:
        catalogue = read_po(file, locale=LOCALES[language])
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)


def negotiate(accepted: str) -> str:
    """The interface's language that fits a header Accept-Language best (RFC 9110 §12.5.4); English where none does."""
    weighed: list[tuple[float, int, str]] = []
    for place, part in enumerate(accepted.split(",")[:20]):
        tag, _, weight = part.strip().partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        if 0 < quality <= 1:
            weighed.append((-quality, place, tag.strip().lower()))
    for _, _, tag in sorted(weighed):
        if (found := _spoken(tag)) is not None:
            return found
    return DEFAULT


def _spoken(tag: str) -> str | None:
    # Whoever reads Chinese in any script reads more of this page than of an English one.
    primary = tag.partition("-")[0]
    return {"en": "en", "fr": "fr", "zh": "zh-Hans", "*": DEFAULT}.get(primary)


def name_of(language: str) -> str:
    """What speakers call a language."""
    return NAMES.get(language, language)


def N_(sentence: str) -> str:  # noqa: N802  # the name that every extractor knows
    """Mark a sentence as one that catalogues have; it is looked up where it is shown."""
    return sentence
