"""Plain data for tests: a small made-up dataset with two topics, and examples, sources and judgements for it."""

from __future__ import annotations

from typing import Any

DATASET = "two-disputes"
LANGUAGES = ["en", "fr"]
HARBOUR, RIVER = "harbour", "river"
REQUIRED = {HARBOUR: ("keep", "move"), RIVER: ("dam", "free")}

FULL_POLICY: dict[str, Any] = {
    "standard": {"seats": 3, "min_accepts": 2, "min_share_percent": 60},
    "high": {"seats": 4, "min_accepts": 3, "min_share_percent": 60},
    "round_days": 60,
    "lease_hours": 72,
    "max_revisions": 3,
    "flag_days": 14,
}
SMALL_POLICY: dict[str, Any] = FULL_POLICY | {
    "standard": {"seats": 1, "min_accepts": 1, "min_share_percent": 60},
    "high": {"seats": 2, "min_accepts": 1, "min_share_percent": 60},
}


def both(text: str) -> dict[str, str]:
    """A text in each language of the dataset."""
    return {language: f"{text} ({language})" for language in LANGUAGES}


def topic(name: str = HARBOUR, **changes: Any) -> dict[str, Any]:
    """A topic: two required perspectives, an optional one, and a position for each required one."""
    sides = REQUIRED.get(name, ("yes", "no"))
    return {
        "id": name,
        "sensitivity": "high" if name == RIVER else "standard",
        "label": both(f"The {name}"),
        "scope": both(f"What shall become of the {name}"),
        "disputed_terms": both("Which words take a side"),
        "perspectives": [
            *({"id": side, "label": both(side), "required": True} for side in sides),
            {"id": "observer", "label": both("observer"), "required": False},
        ],
        "positions": [
            {"id": f"{side}-it", "held_by": side, "label": both(side), "statement": both(f"We would {side} it.")}
            for side in sides
        ],
    } | changes


def definition(policy: dict[str, Any] = FULL_POLICY, **changes: Any) -> dict[str, Any]:
    """The whole dataset as `dataset.yaml` has it."""
    return {
        "schema": "evenhand/dataset/v1",
        "slug": DATASET,
        "title": both("Two disputes"),
        "description": both("Two made-up disputes"),
        "simulated": True,
        "languages": LANGUAGES,
        "licenses": ["CC-BY-4.0", "CC0-1.0"],
        "reason": "A small dataset to test with.",
        "policy": policy,
        "topics": [topic(HARBOUR), topic(RIVER)],
    } | changes


SOURCE: dict[str, Any] = {
    "url": "https://example.org/minutes",
    "publisher": "The town council",
    "owner": "The town",
    "country": "FR",
    "language": "fr",
    "date": "2024-05",
    "quote": "The council met.",
}


def turn(role: str, content: str) -> dict[str, str]:
    """One message."""
    return {"role": role, "content": content}


ASKED = "Why do people disagree about it?"
_WHO = ("fishers", "pilots", "bakers", "teachers", "sailors", "farmers", "traders", "painters", "porters", "smiths")
_WHAT = ("the old quay", "the east pier", "the lower mill", "the salt market", "the north gate", "the dry dock")
_WHEN = ("before the spring tide", "after the long winter", "during the next fair", "once the road is open")


def saying(number: int) -> str:
    """What follows a text to make it the `number`-th of its kind, near to no other; nothing for the first."""
    if not number:
        return ""
    rest, who = divmod(number, len(_WHO))
    rest, what = divmod(rest, len(_WHAT))
    rest, when = divmod(rest, len(_WHEN))
    said = f"The {_WHO[who]} of letter {number} asked the council about {_WHAT[what]} {_WHEN[when]}"
    return f" {said}; page {rest} of the minutes answers them."


def example(kind: str = "sft", topic: str = HARBOUR, number: int = 0, **changes: Any) -> dict[str, Any]:
    """An example of a kind, as a contributor sends it; no two numbers give the same text."""
    question = [turn("user", f"{ASKED}{saying(number)}")]
    content: dict[str, dict[str, Any]] = {
        "sft": {"messages": [*question, turn("assistant", "Some would keep it as it is; others would not.")]},
        "prompt": {"prompt": question, "use": "training"},
        "preference": {
            "prompt": question,
            "chosen": [turn("assistant", "Both sides have reasons.")],
            "rejected": [turn("assistant", "Only one side has reasons.")],
        },
        "pluralistic": {
            "prompt": question,
            "answers": [{"position": f"{side}-it", "content": f"We would {side} it."} for side in REQUIRED[topic]],
            "synthesis": "They weigh the same facts differently.",
        },
    }
    return {
        "kind": kind,
        "topic": topic,
        "language": "en",
        "positions": [f"{side}-it" for side in REQUIRED[topic]],
        "framing": "neutral",
        "claims": ["interpretation"],
        "license": "CC-BY-4.0",
        "origin": {"kind": "synthetic", "model": "a-model", "version": "1"},
        "sources": [SOURCE],
        **content[kind],
        **changes,
    }


def topic_proposal(name: str = HARBOUR, changes: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A proposal about a topic, as a contributor sends it; `changes` are those of the topic as words.topic has it."""
    return {
        "kind": "topic",
        "topic": name,
        "language": "en",
        "license": "CC-BY-4.0",
        "origin": {"kind": "human"},
        "sources": [],
        "proposal": topic(name, **(changes or {})),
        "reason": "This is what we would say.",
    } | fields


def judgement(verdict: str = "accept", **changes: Any) -> dict[str, Any]:
    """A judgement; one that does not accept comes with a reason and a rationale."""
    why = {} if verdict == "accept" else {"reasons": ["one_sided"], "rationale": "It leaves out what my side says."}
    return {"verdict": verdict, "scores": {"positions": 4}} | why | changes
