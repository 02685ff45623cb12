"""Which language an answer is in, by its script and its commonest words.

Rules that always hold (pure; no model, so that an auditor without extras gets the same result):
- an answer is in another language only where there is evidence; a short or mixed one is taken for what was asked.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

OTHER = "other"
_LEAST_LETTERS = 8
_LEAST_HITS = 3
_CLEAR = 1.5
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_COMMON = {
    "en": "the of and to is that it was for are with as this be have not you but they from which or what about",
    "fr": "le la les des et du une est que dans pour qui sur pas par au avec ce sont il plus vous nous ou aux cette",
    "de": "der die das und ist nicht ein eine zu mit den von sich auf dem des wird auch für ich werden sind oder einer",
    "es": "el los las una por con para es como pero sus más este ya su al lo del está son también fue había muy",
    "it": "il gli di che è una per non con sono del della alla nel più anche questo dei si come le ma lo ha",
    "pt": "o os das uma não com para do da que é mais como dos foi ele ao são também pela até isso mas você em",
}
_COMMON_SETS = {name: frozenset(words.split()) for name, words in _COMMON.items()}
_SCRIPTS = {"CJK": "zh", "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "CYRILLIC": "ru", "ARABIC": "ar"}


def answer_language(text: str, asked: str) -> str:
    """The language that an answer is in: its code, «other», or the one asked for where nothing speaks against it.

    Args:
        asked: the language of the question: en, fr or zh.
    """
    scripts: Counter[str] = Counter()
    for character, count in Counter(text).items():
        if character.isalpha():
            scripts[_script(character)] += count
    letters = scripts.total()
    if letters < _LEAST_LETTERS:
        return asked
    # A Chinese character says as much as several letters, and a Chinese text may be full of foreign names.
    wide = scripts["CJK"] + scripts["HIRAGANA"] + scripts["KATAKANA"]
    if 3 * wide >= letters - wide:
        return "ja" if 4 * (scripts["HIRAGANA"] + scripts["KATAKANA"]) > wide else "zh"
    script, count = scripts.most_common(1)[0]
    if script != "LATIN":
        return _SCRIPTS.get(script, OTHER) if 2 * count > letters else asked
    return _latin(text, asked)


def _script(character: str) -> str:
    return unicodedata.name(character, "OTHER").split()[0]


def _latin(text: str, asked: str) -> str:
    words: Counter[str] = Counter()
    for word, count in Counter(_WORD.findall(text.replace("\u2019", "'"))).items():
        words[word.casefold()] += count
    hits = {name: sum(words[word] for word in common) for name, common in _COMMON_SETS.items()}
    best = max(hits, key=lambda name: (hits[name], name == asked))
    if asked not in hits:
        return best if hits[best] else OTHER
    return asked if hits[best] < max(_LEAST_HITS, _CLEAR * hits[asked]) else best
