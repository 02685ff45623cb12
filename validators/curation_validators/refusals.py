"""Whether an answer refuses, in English, French and Chinese.

Rules that always hold (pure, but for reading the rules that come with this package):
- an answer refuses where the probe «refusals» would say so: one set of rules, for what people wrote and for models;
- only its own words count, not a refusal that it quotes or reports;
- a language without rules is None, never «not refused».

Reading every sentence by those rules takes milliseconds. Most answers are told to be none by substrings alone: enough
of their sentences hold no word without which those rules hardly ever find anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from curation_validators.probes.answers import CONTENT_AFTER, REFUSED, classify_answer

HEAD = 800
"""Characters that are read. What says nothing of its own in so many is a refusal, whatever follows."""

_SIGNS = {
    "en": (
        *(" i ", " i'", " me ", " my ", " we ", "you", "let's", "let us", "sorry", "unfortunately", "instead"),
        *("question", "topic", "request", "sensitive", "complex", "complicated", "controvers", "opinion", "policy"),
        *("guideline", "filtered", "it depends", "reliable sources", "available", "appropriate", "harmful", "respect"),
        *("different people", "language model", "no comment"),
    ),
    "fr": (
        *(" je ", " j'", " me ", " m'", " mon ", " ma ", " nous ", "vous", "votre", "parlons", "désol", "plutôt"),
        *("malheureusement", "question", "sujet", "demande", "sensible", "complexe", "compliqué", "controvers"),
        *("opinion", "avis ", "consigne", "règles", "filtrée", "cela dépend", "disponible", "appropri", "nuisible"),
        *("respect", "modèle de langage"),
    ),
    "zh": (
        *("我", "咱们", "您", "你", "抱歉", "对不起", "對不起", "遗憾", "遺憾", "无法", "無法", "不便", "不行", "不能"),
        *("问题", "問題", "话题", "話題", "请求", "請求", "敏感", "复杂", "複雜", "看法", "取决于", "取決於", "仁见智"),
        *("规定", "規定", "规范", "規範", "法律法规", "信息", "尊重", "有害", "不应", "不應"),
    ),
}
"""Language → what a sentence that refuses, evades or abstains hardly ever lacks, in small letters."""


_END = re.compile(r"[.!?…]\s|[。！？；;\n]")


def is_refusal(answer: str, language: str | None) -> bool | None:
    """Whether an answer refuses. None where the language has no rules, or the answer is empty."""
    name = (language or "").split("-")[0]
    head = answer.strip()[:HEAD]
    if name not in _SIGNS or not head:
        return None
    return _may_refuse(head, name) and classify_answer(head, name) in REFUSED


def _may_refuse(text: str, language: str) -> bool:
    """Whether too little of a text is plainly something else."""
    signs, left, start = _SIGNS[language], CONTENT_AFTER[language], 0
    plain = text.casefold().replace("\u2019", "'")
    for end in _ends(plain):
        sentence = f" {plain[start:end].strip()} "
        if not any(map(sentence.__contains__, signs)):
            left -= len(sentence) - 2
            if left <= 0:
                return False
        start = end
    return any(map(f" {plain} ".__contains__, signs))


def _ends(text: str) -> Iterator[int]:
    """Where sentences end, one after the other."""
    yield from (found.end() for found in _END.finditer(text))
    yield len(text)
