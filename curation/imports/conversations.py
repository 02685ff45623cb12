"""Bring foreign conversations into the two forms that trainers take: `messages`, and `prompt`/`chosen`/`rejected`.

Rules that always hold (pure):
- no word is changed, none is added; only the form changes;
- an answer that repeats its prompt is split where both answers stop being the same, and only there;
- what fits no known form is refused with the field that does not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from curation.errors import InvalidInput

Turn = dict[str, Any]
Content = dict[str, list[Turn]]
# Anthropic's hh-rlhf and the sets derived from it: a whole conversation as one text.
_SPEAKER = re.compile(r"\n\n(Human|Assistant): ?")
_ROLES = {"Human": "user", "Assistant": "assistant"}


def messages_content(row: Mapping[str, Any]) -> Content:
    """The content of a row in `messages` form. Raises InvalidInput."""
    return {"messages": _turns(row.get("messages"), "messages", None)}


def preference_content(row: Mapping[str, Any]) -> Content:
    """The content of a row in `prompt`/`chosen`/`rejected` form, the prompt apart or in both. Raises InvalidInput."""
    chosen = _turns(row.get("chosen"), "chosen", "assistant")
    rejected = _turns(row.get("rejected"), "rejected", "assistant")
    given = row.get("prompt")
    prompt = None if given is None else _turns(given, "prompt", "user")
    if prompt is not None and chosen[0]["role"] == rejected[0]["role"] == "assistant":
        return {"prompt": prompt, "chosen": chosen, "rejected": rejected}
    shared = 0
    for one, other in zip(chosen, rejected, strict=False):
        if one != other:
            break
        shared += 1
    while shared and chosen[shared - 1]["role"] != "user":
        shared -= 1
    if shared == 0:
        raise InvalidInput("is missing, and chosen and rejected do not begin alike with the user", where="prompt")
    if prompt is not None and not _is_end_of(prompt, chosen[:shared]):
        raise InvalidInput("is not what chosen and rejected begin with", where="prompt")
    return {"prompt": chosen[:shared], "chosen": chosen[shared:], "rejected": rejected[shared:]}


def _is_end_of(prompt: list[Turn], beginning: list[Turn]) -> bool:
    """Whether the prompt column says the same as the shared beginning; many sets leave out its system message."""
    return beginning[-len(prompt) :] == prompt


def _turns(value: object, field: str, speaker: str | None) -> list[Turn]:
    """The turns of a conversation; plain text is one turn of `speaker`, or several as hh-rlhf writes them."""
    if isinstance(value, str) and speaker is not None:
        return _transcript(value) or [{"role": speaker, "content": value}]
    if not isinstance(value, list) or not value:
        kinds = "a list of turns" if speaker is None else "text or a list of turns"
        raise InvalidInput("is missing" if value is None else f"is not {kinds} with role and content", where=field)
    return [_turn(item, f"{field}.{place}") for place, item in enumerate(value)]


def _turn(item: object, where: str) -> Turn:
    if not isinstance(item, dict) or not {"role", "content"} <= item.keys():
        raise InvalidInput("has no role or no content", where=where)
    # Sets with tools have more columns in each turn, most of them empty.
    return {str(name): value for name, value in item.items() if value is not None or name in ("role", "content")}


def _transcript(text: str) -> list[Turn] | None:
    parts = _SPEAKER.split(text)
    if parts[0] or len(parts) < 3:
        return None
    pairs = zip(parts[1::2], parts[2::2], strict=True)
    return [{"role": _ROLES[speaker], "content": said} for speaker, said in pairs]
