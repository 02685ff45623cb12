"""What a run will cost, said before it starts.

Rules that always hold (pure):
- tokens are guessed from characters, and called so: about four a token, one for Chinese and its like;
- a text counts as long as it may be, also where a judge reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curation_validators.probes.asking import Answer, Question

_CHARACTERS_A_TOKEN = 4
_FIRST_WIDE = "\u2e80"


@dataclass(frozen=True, slots=True)
class Cost:
    """Prompts, calls of the server and tokens, and what the tokens cost where a price is known."""

    prompts: int
    requests: int
    tokens: int
    price: float | None

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "prompts": self.prompts,
            "requests": self.requests,
            "tokens_about": self.tokens,
            "price_about": self.price,
        }


def estimate_cost(questions: Sequence[Question], batch: int, levels: int, price: float | None) -> Cost:
    """The least that a run takes, with the longest texts.

    Args:
        batch: prompts that go into one call.
        levels: how many times everything is asked: with and without the chat template.
        price: of a million tokens, in whatever currency.
    """
    characters = {False: 0, True: 0}
    for question in questions:
        wide = sum(character >= _FIRST_WIDE for character in question.prompt)
        characters[True] += wide
        characters[False] += len(question.prompt) - wide
    tokens = levels * (characters[True] + characters[False] // _CHARACTERS_A_TOKEN + _answered(questions))
    calls = levels * -(-len(questions) // batch)
    return Cost(levels * len(questions), calls, tokens, None if price is None else tokens * price / 1e6)


def _answered(questions: Sequence[Question]) -> int:
    """Two tokens for a question with options: the option, and one that is not read."""
    return sum(question.max_tokens if question.free else 2 for question in questions)


def longest_answers(questions: Sequence[Question]) -> dict[str, Answer]:
    """Answers as long as they may be, by question: what a judge would have to read at most."""
    return {
        question.id: Answer(question.id, text=_filler(question.language) * question.max_tokens)
        for question in questions
    }


def _filler(language: str) -> str:
    """Characters that are guessed to make a token."""
    return "\u5b57" if language.startswith("zh") else "a" * _CHARACTERS_A_TOKEN
