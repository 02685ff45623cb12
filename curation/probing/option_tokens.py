"""Which tokens are an option, for a model whose tokenizer is at hand.

Rules that always hold (pure):
- an option is scored by its own tokens behind the prompt's, exactly as the tokenizer splits the whole text; where it
  joins the two, has no token for a letter or gives two options the same ones, there is no score and a reason;
- the model is run on each distinct text once, however many options are read from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Tokens = tuple[int, ...]
Encode = Callable[[str], Sequence[int]]

JOINED = "the model's tokens do not keep the option apart from the prompt"
UNKNOWN = "the model has no token for an option"
ALIKE = "the model's tokens do not tell the options apart"


class NotTellable(Exception):
    """Why a tokenizer gives an option no tokens of its own."""


@dataclass(frozen=True, slots=True)
class Run:
    """A text to run the model on, and from it the log-probability of `tokens`, the first of them at `place`."""

    text: Tokens
    place: int
    tokens: Tokens


def option_runs(
    encode: Encode, prompt: str, options: Sequence[str], joints: Sequence[str], unknown: int | None = None
) -> list[list[Run]]:
    """For each option what to run; its probability is the sum over its runs.

    Args:
        joints: what may stand between prompt and option. One that does not work for every option is left out for all,
            so that none has more ways to be said than another.
        unknown: the token that stands for what the tokenizer does not know.

    Raises:
        NotTellable: where no joint works.
    """
    context = tuple(encode(prompt))
    ways, reason = [], JOINED
    for joint in dict.fromkeys(joints):
        try:
            ways.append(_own_tokens(encode, prompt, context, [joint + option for option in options], unknown))
        except NotTellable as why:
            reason = str(why)
    if not ways:
        raise NotTellable(reason)
    return [
        [Run(context + tokens[:-1], len(context) - 1, tokens) for tokens in dict.fromkeys(way[place] for way in ways)]
        for place in range(len(options))
    ]


def _own_tokens(
    encode: Encode, prompt: str, context: Tokens, tails: Sequence[str], unknown: int | None
) -> list[Tokens]:
    found = []
    for tail in tails:
        whole = tuple(encode(prompt + tail))
        if whole[: len(context)] != context or len(whole) == len(context):
            raise NotTellable(JOINED)
        found.append(whole[len(context) :])
    if any(unknown in tokens for tokens in found):
        raise NotTellable(UNKNOWN)
    if len(set(found)) < len(found):
        raise NotTellable(ALIKE)
    return found
