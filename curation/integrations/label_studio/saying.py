"""How the reason for which an annotation was refused is said to its author.

Rules that always hold:
- what is kept, and told to maintainers, is the English reason; its author reads it in the language of their forms,
  where it has a translation.
"""

from __future__ import annotations

from collections.abc import Callable

from curation.integrations.label_studio.slots import Slot

SayReason = Callable[[Slot, str], str]
"""(a slot that was refused, a language) → the reason, as plain text."""


def say_in_english(slot: Slot, _language: str) -> str:
    """The reason as it is kept."""
    return slot.reason or ""
