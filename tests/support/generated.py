"""Contributions made up in any number, for tests and benchmarks of imports."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

SIDES = ("left", "right")
READERS, WRITERS = 15, 10
_LABEL = {"en": "label"}
_STATEMENT = {"en": "A statement."}
_WORDS = ("because", "law", "people", "state", "year", "court", "vote")
_COMMON: dict[str, Any] = {
    "topic": "topic",
    "language": "en",
    "positions": ["yes", "no"],
    "framing": "neutral",
    "license": "CC0-1.0",
    "origin": {"kind": "human"},
}


def definition(seats: int = 3) -> dict[str, Any]:
    """A dataset with one topic on which two perspectives are required."""
    rule = {"seats": seats, "min_accepts": 1 + seats // 2, "min_share_percent": 60}
    policy = {"standard": rule, "high": rule, "round_days": 60, "lease_hours": 72, "max_revisions": 3, "flag_days": 14}
    topic = {
        "id": "topic",
        "sensitivity": "standard",
        "label": _LABEL,
        "scope": _STATEMENT,
        "disputed_terms": _STATEMENT,
        "perspectives": [{"id": side, "label": _LABEL} for side in SIDES],
        "positions": [
            {"id": position, "held_by": side, "label": _LABEL, "statement": _STATEMENT}
            for position, side in zip(("yes", "no"), SIDES, strict=True)
        ],
    }
    return {
        "schema": "evenhand/dataset/v1",
        "slug": "generated",
        "title": _LABEL,
        "description": _STATEMENT,
        "simulated": True,
        "languages": ["en"],
        "licenses": ["CC0-1.0"],
        "reason": "Made up.",
        "policy": policy,
        "topics": [topic],
    }


def people() -> Iterator[dict[str, Any]]:
    """Writers, and readers of each perspective."""
    for number in range(WRITERS):
        yield {"person": f"writer-{number}", "simulated": True, "languages": ["en"]}
    for side in SIDES:
        for number in range(READERS):
            stands = {"topic": side}
            yield {"person": f"{side}-{number}", "simulated": True, "languages": ["en"], "perspectives": stands}


def proposal(number: int, draw: random.Random, words: int = 120) -> dict[str, Any]:
    """A line that proposes example `e<number>` with a source."""
    text = " ".join(draw.choice(_WORDS) for _ in range(words))
    source = {
        "url": f"https://example.org/{number}",
        "publisher": "Publisher",
        "owner": "Owner",
        "country": "US",
        "language": "en",
        "date": "2020-01-01",
    }
    messages = [
        {"role": "user", "content": f"Question {number}?"},
        {"role": "assistant", "content": f"Answer {number}: {text}."},
    ]
    content = {"kind": "sft", "messages": messages, "sources": [source], "claims": ["fact"]}
    by = f"writer-{draw.randrange(WRITERS)}"
    return {"id": f"p{number}", "act": "propose", "by": by, "as": f"e{number}", "example": {**_COMMON, **content}}


def proposals(examples: int, draw: random.Random) -> Iterator[dict[str, Any]]:
    """As many proposals."""
    return (proposal(number, draw) for number in range(examples))


def reviews_of(number: int, draw: random.Random, seats: int = 3) -> Iterator[dict[str, Any]]:
    """A review for every seat of an example, a fifth of them rejecting with a rationale."""
    for side in SIDES:
        for place in draw.sample(range(READERS), seats):
            line = {"id": f"r{number}-{side}-{place}", "act": "review", "by": f"{side}-{place}", "of": f"e{number}"}
            judged: dict[str, Any] = {"verdict": "accept", "scores": {"accuracy": 4, "tone": 5}}
            if draw.random() < 0.2:
                rationale = "It leaves out what we say of it. " * 4
                judged = {"verdict": "reject", "reasons": ["one_sided"], "rationale": rationale}
            yield line | {"perspective": side} | judged


def reviews(examples: int, draw: random.Random) -> Iterator[dict[str, Any]]:
    """The reviews of as many examples."""
    return (line for number in range(examples) for line in reviews_of(number, draw))


def messages_rows(rows: int) -> Iterator[dict[str, Any]]:
    """Rows of a foreign set in `messages` form with every column that an example needs."""
    for number in range(rows):
        messages = [
            {"role": "user", "content": f"Question {number}?"},
            {"role": "assistant", "content": f"Answer {number}."},
        ]
        yield {"id": f"row-{number}", "messages": messages, "claims": ["interpretation"], **_COMMON}
