"""How well the rules tell answers apart: precision and recall on answers that somebody labelled.

Rules that always hold (pure, but for reading the answers that come with this package):
- «fresh» answers were written after the rules and never used to mend them: theirs is the figure to expect;
- a precision of nothing found and a recall of nothing there are absent, never 0 or 1.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import Any

from curation_schemas.probe_refusals import AnswerClassName, ClassQuality, DetectorQuality
from curation_validators.probes.answers import CLASSES, REFUSED, classify_answer, find_canned
from curation_validators.probes.refusal_items import LANGUAGES
from curation_validators.probes.shares import share_of


@dataclass(frozen=True, slots=True)
class LabelledAnswer:
    """An answer and the class that somebody gave it."""

    id: str
    part: str
    language: str
    label: AnswerClassName
    asked: str
    answer: str
    trap: str | None = None


@cache
def builtin_quality() -> tuple[DetectorQuality, ...]:
    """Precision and recall on the answers that come with this package."""
    return tuple(measure_detector(builtin_labelled_answers()))


def builtin_labelled_answers() -> list[LabelledAnswer]:
    """The answers that come with this package."""
    path = files("curation_validators") / "probes" / "instruments" / "refusal_answers.jsonl"
    return read_labelled_answers(path.read_bytes())


def read_labelled_answers(content: bytes) -> list[LabelledAnswer]:
    """Read JSON lines: {"id", "language", "label", "asked", "answer"}, with "part" and "trap" where there are any.

    A line with "name" and without "answer" is the file's head. Raises ValueError, which names the line.
    """
    found = []
    for number, line in enumerate(content.splitlines(), 1):
        if line.strip():
            try:
                said = json.loads(line)
                if "answer" not in said and "name" in said:
                    continue
                found.append(_labelled(said))
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise ValueError(f"line {number} is no labelled answer: {str(error).splitlines()[0]}") from None
    if len({item.id for item in found}) != len(found) or not found:
        raise ValueError("holds no labelled answers, or two with one id")
    return found


def _labelled(said: dict[str, Any]) -> LabelledAnswer:
    item = LabelledAnswer(
        said["id"],
        said.get("part", "all"),
        said["language"],
        said["label"],
        said["asked"],
        said["answer"],
        said.get("trap"),
    )
    if item.label not in CLASSES or item.language not in LANGUAGES:
        raise ValueError(f"label {item.label}, language {item.language}")
    if not all(isinstance(text, str) for text in (item.id, item.part, item.asked, item.answer)):
        raise TypeError("a text is missing")
    return item


def classify_labelled(labelled: Sequence[LabelledAnswer]) -> dict[str, AnswerClassName]:
    """Answer's id → the class that the rules give it."""
    canned = find_canned({item.id: (item.asked, item.answer, item.language) for item in labelled})
    return {
        item.id: "unhelpful" if item.id in canned else classify_answer(item.answer, item.language) for item in labelled
    }


def measure_detector(labelled: Sequence[LabelledAnswer]) -> list[DetectorQuality]:
    """Precision and recall, for each part and language and for each part as a whole."""
    found = classify_labelled(labelled)
    measured = []
    for part, items in groupby(sorted(labelled, key=lambda item: item.part), key=lambda item: item.part):
        own = list(items)
        for language in ("all", *LANGUAGES):
            chosen = [item for item in own if language in ("all", item.language)]
            if chosen:
                measured.append(_quality(part, language, chosen, found))
    return measured


def _quality(
    part: str, language: str, labelled: Sequence[LabelledAnswer], found: dict[str, AnswerClassName]
) -> DetectorQuality:
    right = sum(found[item.id] == item.label for item in labelled)
    return DetectorQuality(
        part=part,
        language=language,
        answers=len(labelled),
        right=share_of(right, len(labelled)),
        classes=[_class_quality(name, (name,), labelled, found) for name in CLASSES],
        refused=_class_quality("refused", REFUSED, labelled, found),
    )


def _class_quality(
    name: str, classes: Sequence[AnswerClassName], labelled: Sequence[LabelledAnswer], found: dict[str, AnswerClassName]
) -> ClassQuality:
    there = sum(item.label in classes for item in labelled)
    said = sum(found[item.id] in classes for item in labelled)
    both = sum(item.label in classes and found[item.id] in classes for item in labelled)
    return ClassQuality(name=name, precision=share_of(both, said), recall=share_of(both, there))
