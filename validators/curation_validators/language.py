"""Whether a text is in the language that it declares.

Rules that always hold:
- the detector is limited to a dataset's languages, English, French and Chinese: with all languages it errs more and
  takes a gigabyte; nothing is fetched at run time;
- a text with fewer than 20 letters is `insufficient`: a detector guesses there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from curation_validators.findings import Finding, Insufficient
from curation_validators.hygiene import MAX_CHARS
from curation_validators.records import Record
from curation_validators.tags import TAG, fault_of_tag

LEAST_LETTERS = 20
LEAST_CONFIDENCE = 0.8
_SAMPLE = 40
_KEPT = 50_000
_ALWAYS = ("en", "fr", "zh")
_NOT_PROSE = re.compile(
    r"```.*?```|https?://\S+|[\u00ab\u201c\"\u300c][^\u00bb\u201d\"\u300d]{0,400}[\u00bb\u201d\"\u300d]", re.DOTALL
)
_MARKS = ("```", "http", "\u00ab", "\u201c", '"', "\u300c")
_DIGITS = re.compile(r"\d+")
# Characters of which one script has this form and the other does not, from the most frequent of each.
_SIMPLIFIED = frozenset("们这国来对时会个为说过学着动现实经发后们关问见体东车书长门马语话认让请论义")
_TRADITIONAL = frozenset("們這國來對時會個為說過學著動現實經發後們關問見體東車書長門馬語話認讓請論義")
_HANS, _HANT = _SIMPLIFIED - _TRADITIONAL, _TRADITIONAL - _SIMPLIFIED


def check_tag(record: Record) -> Iterator[Finding]:
    """Whether the declared language is named as it should be. Raises Insufficient where none is."""
    if record.language is None and "language" not in record.mistyped:
        raise Insufficient(f"the {'example' if 'language' in record.says else 'dataset'} declares no language")
    what = "has a language that is no text" if record.language is None else fault_of_tag(record.language)
    if what is not None:
        yield Finding("language/unknown", record.where, what, "Write a BCP 47 tag: en, fr, zh-Hans or zh-Hant.")


def prose_of(text: str) -> str:
    """A text without code, addresses and quoted passages: they are not its own words."""
    return _NOT_PROSE.sub(" ", text) if any(map(text.__contains__, _MARKS)) else text


def _sample(prose: str) -> str:
    """The beginning and the middle: a detector needs no more, and its time grows with the text."""
    if len(prose) <= 2 * _SAMPLE:
        return prose
    middle = len(prose) // 2
    return f"{prose[:_SAMPLE]} {prose[middle : middle + _SAMPLE]}"


class LanguageDetector:
    """Detects among a few languages. It needs the extra «validate»."""

    def __init__(self, languages: Iterable[str]) -> None:
        from lingua import IsoCode639_1, LanguageDetectorBuilder  # noqa: PLC0415  # an auditor's install does without

        codes = {name.lower(): code for name, code in vars(IsoCode639_1).items() if len(name) == 2}
        self.languages = sorted({item.split("-")[0] for item in languages}.intersection(codes).union(_ALWAYS))
        wanted = [codes[item] for item in self.languages]
        self._detector: Any = (
            LanguageDetectorBuilder.from_iso_codes_639_1(*wanted).with_preloaded_language_models().build()
        )
        # Prompts repeat, but for a number or a name beyond the sample.
        self._detected = lru_cache(maxsize=_KEPT)(self._detect)

    def detect(self, text: str) -> tuple[str, float] | None:
        """The likeliest language and its confidence; None where no letter belongs to any."""
        return self._detected(text)

    def _detect(self, text: str) -> tuple[str, float] | None:
        values = self._detector.compute_language_confidence_values(text)
        if not values or values[0].value == 0:
            return None
        code = values[0].language.iso_code_639_1.name.lower()
        return code, float(values[0].value)

    def check(self, record: Record) -> Iterator[Finding]:
        """A finding for each text in another language. Raises Insufficient where nothing can be said."""
        declared = record.language
        if declared is None or not TAG.fullmatch(declared):
            raise Insufficient("the example declares no known language")
        if declared.split("-")[0] not in self.languages:
            raise Insufficient(f"there is no detector for {declared}")
        judged = 0
        for text in record.texts:
            prose = _sample(_DIGITS.sub("", prose_of(text.content[:MAX_CHARS])))
            if sum(map(str.isalpha, prose)) < LEAST_LETTERS:
                continue
            judged += 1
            found = self._differs(declared, prose)
            if found is not None:
                message = f"declares {declared} and reads as {found}"
                where = f"{record.where}, {text.field}"
                yield Finding("language/differs", where, message, "Correct the language, or the text.")
        if not judged:
            raise Insufficient(f"no text has {LEAST_LETTERS} letters")

    def _differs(self, declared: str, prose: str) -> str | None:
        detected = self.detect(prose)
        if detected is None:
            return "none of the dataset's languages"
        code, confidence = detected
        if code != declared.split("-")[0]:
            return code if confidence >= LEAST_CONFIDENCE else None
        if declared in ("zh-Hans", "zh-Hant"):
            hans, hant = (sum(item in forms for item in prose) for forms in (_HANS, _HANT))
            script = "zh-Hans" if hans > hant else "zh-Hant"
            if hans + hant >= 5 and max(hans, hant) >= 4 * min(hans, hant) and script != declared:
                return script
        return None
