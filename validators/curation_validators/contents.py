"""What a row of a dataset says, read without trusting its types.

Rules that always hold (pure):
- what has another type than it should is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]


def text_of(row: Row, name: str) -> str | None:
    """A field that holds text; None where it is empty."""
    value = row.get(name)
    return value if isinstance(value, str) and value else None


def list_of(row: Row, name: str) -> list[Any]:
    """A field that holds a list; empty where it is something else."""
    value = row.get(name)
    return list(value) if isinstance(value, (list, tuple)) else []


def texts_of(row: Row, name: str) -> list[str]:
    """The texts of a field that holds a list of them."""
    return [item for item in list_of(row, name) if isinstance(item, str) and item]


def side_of(row: Row) -> str | None:
    """The position on whose side an example stands: its framing, else its only position; None for a neutral one."""
    framing = text_of(row, "framing")
    if framing is not None and framing != "neutral":
        return framing
    positions = texts_of(row, "positions")
    return positions[0] if len(positions) == 1 else None


def answer_of(row: Row) -> str:
    """What the example would have a model say: the assistant's turns, of a preference pair the chosen ones."""
    said = _turns_of(row, ("messages", "chosen"), "assistant")
    synthesis = row.get("synthesis")
    return said if said is not None else synthesis if isinstance(synthesis, str) else ""


def whole_text(row: Row) -> str:
    """All content of a row, one text after the other."""
    parts: list[str] = []
    for name in ("messages", "prompt", "chosen", "rejected", "answers", "synthesis"):
        value = row.get(name)
        if isinstance(value, str):
            parts.append(value)
        parts += [
            item["content"] for item in list_of(row, name) if isinstance(item, Mapping) and text_of(item, "content")
        ]
    return "\n".join(parts)


def prompt_of(row: Row) -> str:
    """What the example is asked: the user's turns."""
    return _turns_of(row, ("messages", "prompt"), "user") or ""


def _turns_of(row: Row, names: tuple[str, ...], role: str) -> str | None:
    """What one role says in the first of these fields that has it; a field that is plain text counts whole."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str):
            return value
        turns = [item for item in list_of(row, name) if isinstance(item, Mapping)]
        said = [item["content"] for item in turns if item.get("role") == role and text_of(item, "content")]
        if said:
            return "\n".join(said)
    return None
