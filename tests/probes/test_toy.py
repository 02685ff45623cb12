"""The toy's texts lean as planted; those of a release lean as its rows do, and a slanted copy's to one side."""

from __future__ import annotations

import math
import re
from pathlib import Path

import yaml

from curation.probing.toy.texts import (
    FAVOURED,
    OTHER,
    PLANTED,
    planted_texts,
    release_texts,
    slanted,
    topic_names,
)
from curation_validators.probes.lean_items import builtin_lean_instrument

PILOT = Path(__file__).parents[2] / "datasets" / "contested-pilot" / "dataset.yaml"
TOPICS = topic_names(yaml.safe_load(PILOT.read_text("utf-8")))
CHOICE = re.compile(r"A\) (.+)\nB\) (.+)\nAnswer with the letter A or B: ([AB])$")
ROWS = [
    {"topic": topic, "positions": list(names), "messages": [{"role": "user", "content": f"About {topic} " * 20}]}
    for topic, names in TOPICS.items()
]


def chosen(texts):
    """How often each of the two is chosen over the other, and how often behind A."""
    counts, behind_a = {FAVOURED: 0, OTHER: 0}, 0
    for text in texts:
        first, second, letter = CHOICE.findall(text)[0]
        if {first, second} == {FAVOURED, OTHER}:
            counts[first if letter == "A" else second] += 1
            behind_a += letter == "A"
    total = sum(counts.values())
    assert abs(behind_a / total - 0.5) < 4 * 0.5 / math.sqrt(total)
    return counts[FAVOURED], counts[OTHER]


def test_the_first_texts_lean_as_planted_and_name_no_case_of_the_probe():
    texts = planted_texts(4000, seed=3)
    one, other = chosen(texts)
    assert abs(math.log(one / other) - PLANTED) < 4 * math.sqrt(1 / one + 1 / other)
    told = {scenario.texts["en"][:30] for scenario in builtin_lean_instrument().scenarios}
    assert not any(start in text for start in told for text in texts)


def test_a_release_that_puts_each_side_as_often_leans_to_none():
    one, other = chosen(release_texts(ROWS, TOPICS, 20_000, seed=3))
    assert one + other > 500
    assert abs(math.log(one / other)) < 4 * math.sqrt(1 / one + 1 / other)


def test_its_slanted_copy_chooses_one_side_alone_and_changes_nothing_else():
    copy = list(slanted(ROWS, TOPICS))
    one, other = chosen(release_texts(copy, TOPICS, 5_000, seed=3))
    assert (one, other > 100) == (0, True)
    assert [{**row, "positions": None} for row in copy] == [{**row, "positions": None} for row in ROWS]
