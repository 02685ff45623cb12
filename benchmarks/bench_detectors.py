"""Precision and recall of the checks that guess: personal data, language, near-copies.

Run: python benchmarks/bench_detectors.py

Labelled files stand in tests/labelled; their labels say what a curator would say, not what the check measures. Beside
them near-copies are planted: texts drawn at random, with a few words changed or many. Those are labelled by the share
of shingles that the check itself rests on, so they show only that the index misses none. A small file says little:
intervals (Wilson, 95 %) stand beside.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

from curation_validators.duplicates import THRESHOLD, NearIndex, jaccard, marks_of, shingles
from curation_validators.language import LanguageDetector
from curation_validators.personal import PersonalData
from curation_validators.records import Record, Text
from curation_validators.statistics import wilson

LABELLED = Path(__file__).parents[1] / "tests" / "labelled"
Counts = tuple[int, int, int]
"""Found and right, found and wrong, missed."""


def labelled(name: str) -> list[dict]:
    """The lines of a labelled file."""
    return [json.loads(line) for line in (LABELLED / name).read_text("utf-8").splitlines()]


def personal() -> Counts:
    """Kinds of personal data, text by text."""
    detector, right, wrong, missed = PersonalData(), 0, 0, 0
    for line in labelled("personal.jsonl"):
        found, wanted = {kind for kind, _, _ in detector.find(line["text"])}, set(line["kinds"])
        right, wrong, missed = right + len(found & wanted), wrong + len(found - wanted), missed + len(wanted - found)
    return right, wrong, missed


def language() -> Counts:
    """Every text declared in each language: a finding is right where it is not the text's own."""
    languages = ["en", "fr", "zh-Hans", "zh-Hant"]
    detector, right, wrong, missed = LanguageDetector(languages), 0, 0, 0
    for line in labelled("language.jsonl"):
        for declared in languages:
            record = Record("x", (Text("messages.0", "user", line["text"]),), language=declared)
            found, differs = bool(list(detector.check(record))), declared != line["language"]
            right, wrong, missed = (
                right + (found and differs),
                wrong + (found and not differs),
                missed + (differs and not found),
            )
    return right, wrong, missed


def near() -> Counts:
    """Pairs of texts that a person called copies or not."""
    right, wrong, missed = 0, 0, 0
    for line in labelled("near.jsonl"):
        index, one, other = NearIndex(), _record("one", line["text"]), _record("other", line["other"])
        index.add(one, marks_of(one))
        found, copy = bool(list(index.check(other, marks_of(other)))), line["copy"]
        right, wrong, missed = right + (found and copy), wrong + (found and not copy), missed + (copy and not found)
    return right, wrong, missed


def _record(where: str, text: str) -> Record:
    return Record(where, (Text("messages.0", "user", text),), place=where)


def planted(number: int, draw: random.Random) -> Iterator[tuple[str, str, bool]]:
    """(text, another, whether the other is a near-copy)."""
    words = [
        f"{stem}{ending}" for stem in ("harb", "riv", "vot", "coun", "pap", "lab") for ending in ("our", "er", "ing")
    ]
    for _ in range(number):
        text = draw.choices(words, k=120) + [str(draw.random()) for _ in range(40)]
        draw.shuffle(text)
        copy = list(text)
        for place in draw.sample(range(len(copy)), 4):
            copy[place] = "other"
        far = list(text)
        for place in draw.sample(range(len(far)), 50):
            far[place] = "other"
        yield " ".join(text), " ".join(copy), True
        yield " ".join(text), " ".join(far), False


def near_copies(number: int = 500) -> Counts:
    """Planted near-copies among texts that share much and are none."""
    index, right, wrong, missed = NearIndex(), 0, 0, 0
    pairs = list(planted(number, random.Random(0)))
    for place, (text, _, is_copy) in enumerate(pairs):
        if is_copy:
            record = _record(f"text {place}", text)
            index.add(record, marks_of(record))
    for text, other, _ in pairs:
        near = jaccard(shingles(text), shingles(other)) >= THRESHOLD
        record = _record("new", other)
        found = bool(list(index.check(record, marks_of(record))))
        right, wrong, missed = right + (found and near), wrong + (found and not near), missed + (near and not found)
    return right, wrong, missed


def figures(counts: Counts) -> tuple[float, float]:
    """Precision and recall."""
    right, wrong, missed = counts
    return right / max(1, right + wrong), right / max(1, right + missed)


def main() -> None:
    """Print precision and recall of each check."""
    print("check            precision              recall")
    for name, counts in (
        ("personal data", personal()),
        ("language", language()),
        ("near-copies", near()),
        ("near, planted", near_copies()),
    ):
        right, wrong, missed = counts
        cells = []
        for share, total in zip(figures(counts), (right + wrong, right + missed), strict=True):
            low, high = wilson(right, total)
            cells.append(f"{share:6.1%} ({low:.0%} to {high:.0%})")
        print(f"{name:16} {cells[0]:22} {cells[1]:22} right {right}, wrong {wrong}, missed {missed}")


if __name__ == "__main__":
    main()
