"""Open questions: prompts that wait for answers.

Rules that always hold:
- what measures models is never trained on, so only an accepted prompt that trains is open;
- an answer is a proposal of its own, in its question's group, so that both fall into one split.
"""

from __future__ import annotations


def is_open_question(kind: str, status: str, use: str | None) -> bool:
    """Whether an example is a question that waits for answers."""
    return (kind, status, use) == ("prompt", "accepted", "training")
