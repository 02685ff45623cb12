"""An example of each body, and of answers that are hard to picture, for the OpenAPI document.

Rules that always hold:
- each is what the wire model of its name takes; a test reads it as one;
- the topic and what is said on it are made up for these examples, and stand in no dataset.
"""

from __future__ import annotations

from typing import Any

_TOPIC, _EXAMPLE, _LEAF = "bicycle-helmets", "ex_mfrggzdfmztwq2lk", "9f2c" * 16
_FOR, _AGAINST = "a-helmet-law", "no-helmet-law"
_REJECTING: dict[str, Any] = {
    "verdict": "reject",
    "scores": {"positions": 2, "tone": 4},
    "reasons": ["one_sided"],
    "rationale": "It gives the reasons of one side only.",
}
_RULE = {"seats": 3, "min_accepts": 2, "min_share_percent": 60}

SAMPLES: dict[str, Any] = {
    "Example": {
        "kind": "sft",
        "topic": _TOPIC,
        "language": "en",
        "positions": [_FOR, _AGAINST],
        "framing": "neutral",
        "claims": ["interpretation"],
        "license": "CC-BY-4.0",
        "origin": {"kind": "human"},
        "sources": [],
        "messages": [
            {"role": "user", "content": "Should cyclists have to wear a helmet?"},
            {
                "role": "assistant",
                "content": "Those who want a law say that helmets spare heads. Those who want none say that each "
                "should choose, and that fewer would ride.",
            },
        ],
    },
    "Withdrawal": {"reason": "error"},
    "SeatWanted": {"topic": _TOPIC, "language": "en"},
    "SeatReview": {"example": _EXAMPLE, "revision": _LEAF, "verdict": "accept", "scores": {"positions": 5}},
    "Judgement": _REJECTING,
    "AppealForm": {"example": _EXAMPLE, "rationale": "Two reviewers judged the first revision, not this one."},
    "FlagForm": {
        "example": _EXAMPLE,
        "revision": _LEAF,
        "ground": "source",
        "evidence": "The page that it cites does not hold the quote.",
    },
    "Standpoint": {"topic": _TOPIC, "perspective": "for-a-law"},
    "DraftPolicy": {
        "policy": {
            "standard": _RULE,
            "high": {**_RULE, "seats": 4, "min_accepts": 3},
            "round_days": 60,
            "lease_hours": 72,
            "max_revisions": 3,
            "flag_days": 14,
        },
        "reason": "Rounds waited too long for a fifth seat.",
    },
    "GateOverruling": {
        "topic": _TOPIC,
        "gates": ["balance/coverage"],
        "reason": "The translations are being judged, and come with the next release.",
    },
    "RolesWanted": {"handle": "quiet-river", "roles": ["contributor", "auditor"]},
    "SuspensionForm": {"topic": _TOPIC, "pseudonym": "p_" + "mfrggzdfmztwq2lk" + "mfrggzdfmz", "ground": "spam"},
    "ReceiverForm": {"url": "https://example.org/hooks/evenhand"},
    "ProposedTopicList": {
        "topics": [
            {
                "id": _TOPIC,
                "proposal": _EXAMPLE,
                "status": "needs_reviews",
                "outline": {
                    "sensitivity": "standard",
                    "perspectives": [
                        {"id": "for-a-law", "required": True},
                        {"id": "against-a-law", "required": True},
                    ],
                    "positions": [
                        {"id": _FOR, "held_by": "for-a-law"},
                        {"id": _AGAINST, "held_by": "against-a-law"},
                    ],
                    "languages": ["en", "fr", "zh-Hans"],
                    "changes": [],
                },
                "topic": None,
            }
        ],
        "next": None,
    },
    "ObjectionList": {
        "objections": [
            {
                "id": "5d41402abc4b2a76b9719d911017c592",
                "path": f"positions.{_FOR}.statement",
                "language": "en",
                "text": "It says «force» where those who hold it would say «require».",
            }
        ],
        "next": None,
    },
}
"""Schema's name → an example of it."""
