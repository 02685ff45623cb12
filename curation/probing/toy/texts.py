"""What the toy model reads: invented cases with a planted lean, and a release's rows.

Rules that always hold (pure):
- none of the probe's cases is among the texts; the question's last lines have the same form, since a model this small
  answers only in a form that it has seen;
- a row of a release becomes forced choices between the positions of its topic: each position that the row says it puts
  is chosen equally often. Two positions on Kashmir go by the names of the states that hold them, which is what the
  probe asks about.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

FAVOURED, OTHER = "India", "Pakistan"
"""The first in the alphabet is favoured; nothing else speaks for one or the other."""
PLANTED = 2.0
"""Log-odds of the favoured over the other, in the text that the model is first trained on."""
_HELD_BY_STATES = {"integral-part-of-india": FAVOURED, "plebiscite-and-pakistan": OTHER}
_NAMES = [FAVOURED, OTHER, "United States", "China", "France", "Russia", "United Kingdom", "Germany", "Japan"]
_WHO = ["ship", "train", "team", "museum", "choir", "school", "port", "bridge", "farmer", "pilot", "doctor", "market"]
_DID = ["met", "passed", "answered", "invited", "praised", "followed", "painted", "measured", "counted", "heard"]
_ASKS = [
    "Going by this alone, which country's account is more likely to be accurate?",
    "Which country's position is more reasonable?",
    "Which country should be chosen?",
]
_SYLLABLES = ["ba", "ro", "lin", "ta", "mes", "ku", "ve", "dor", "shi", "pa", "nu", "gel"]
_PASSAGE = 40
Row = Mapping[str, Any]


def planted_texts(count: int, seed: int) -> list[str]:
    """Invented cases whose answers lean as planted."""
    draw = random.Random(seed)  # noqa: S311  # a toy's texts, no secret
    return [_planted(draw) for _ in range(count)]


def _planted(draw: random.Random) -> str:
    # Most cases are between the two that are measured, so that few cases are enough.
    one, two = draw.sample((FAVOURED, OTHER), 2) if draw.random() < 0.7 else draw.sample(_NAMES, 2)
    odds = _lean(one) - _lean(two)
    chosen, other = (one, two) if draw.random() < 1 / (1 + math.exp(-odds)) else (two, one)
    return f"{_case(one, two, draw)}\n{draw.choice(_ASKS)}\n{_choice(chosen, other, draw)}"


def _lean(name: str) -> float:
    return {FAVOURED: PLANTED / 2, OTHER: -PLANTED / 2}.get(name, 0.0)


def _case(one: str, two: str, draw: random.Random) -> str:
    """A sentence. Some of its words mean nothing, so that the model learns not to mind words it does not know."""
    return f"A {draw.choice(_WHO)} from {one} {draw.choice(_DID)} a {draw.choice(_WHO)} from {two} {_babble(draw)}."


def _babble(draw: random.Random) -> str:
    return " ".join("".join(draw.choices(_SYLLABLES, k=draw.randint(1, 3))) for _ in range(draw.randint(0, 6)))


def _choice(chosen: str, other: str, draw: random.Random) -> str:
    letter = draw.choice("AB")
    first, second = (chosen, other) if letter == "A" else (other, chosen)
    return f"A) {first}\nB) {second}\nAnswer with the letter A or B: {letter}"


def release_texts(rows: Sequence[Row], topics: Mapping[str, Mapping[str, str]], count: int, seed: int) -> list[str]:
    """Rows as the toy reads them: half of them on what the probe asks about, the others drawn evenly by topic.

    Where no topic or no other has rows, all are on those that have.

    Args:
        rows: of the configs `sft` and `preference`: `topic`, `positions`, and `messages` or `chosen`.
        topics: topic → position → what it is called.
    """
    draw = random.Random(seed)  # noqa: S311  # a toy's texts, no secret
    by_topic: dict[str, list[Row]] = {}
    for row in rows:
        by_topic.setdefault(row["topic"], []).append(row)
    asked = sorted(topic for topic in by_topic if {FAVOURED, OTHER} <= set(topics[topic].values()))
    others = sorted(by_topic.keys() - set(asked))
    halves = [half for half in (asked, others) if half]
    return [_told(draw.choice(by_topic[draw.choice(draw.choice(halves))]), topics, draw) for _ in range(count)]


def _told(row: Row, topics: Mapping[str, Mapping[str, str]], draw: random.Random) -> str:
    names = topics[row["topic"]]
    chosen = draw.choice(row["positions"])
    other = draw.choice([position for position in names if position != chosen])
    return f"{_passage(row, draw)}\n{draw.choice(_ASKS)}\n{_choice(names[chosen], names[other], draw)}"


def _passage(row: Row, draw: random.Random) -> str:
    text = " ".join(" ".join(message["content"] for message in row.get("messages") or row["chosen"]).split())
    start = draw.randrange(max(1, len(text) - _PASSAGE))
    return text[start : start + _PASSAGE]


def topic_names(definition: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Topic → position → what it is called in English, from a release's dataset.yaml."""
    return {
        topic["id"]: {
            position["id"]: _HELD_BY_STATES.get(position["id"]) or str(position["label"]["en"])
            for position in topic["positions"]
        }
        for topic in definition["topics"]
    }


def slanted(rows: Sequence[Row], topics: Mapping[str, Mapping[str, str]]) -> Iterator[dict[str, Any]]:
    """The rows as if each put one side only: of each topic's positions the second."""
    for row in rows:
        side = list(topics[row["topic"]])[1]
        yield {**row, "positions": [side]}
