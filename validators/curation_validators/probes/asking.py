"""What is asked of a model, and what it answers.

Rules that always hold (pure):
- a question with options is answered by the log-probability of each, or by a bound where a server lists only the
  likeliest tokens; one without is answered by a text, which may be empty;
- an answer that could not be had says why in `fault` and holds nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Ending = Literal["stop", "length", "filter"]
"""Why a text ends: the model was done, it ran out of tokens, or the service's filter took (the rest of) it away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One prompt. `options` are what may follow it, without `continuation`, which joins prompt and option.

    Without options the answer is a text of at most `max_tokens` tokens.
    """

    id: str
    prompt: str
    language: str
    options: tuple[str, ...]
    continuation: str = ""
    max_tokens: int = 0

    @property
    def free(self) -> bool:
        """Whether the answer is a text."""
        return not self.options


@dataclass(frozen=True, slots=True)
class OptionScore:
    """The natural logarithm of an option's probability; where `is_bound`, of the most that it can be."""

    logprob: float
    is_bound: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model made of a question: a score for each option, in their order, or a text, or why there is neither."""

    question: str
    scores: tuple[OptionScore, ...] = ()
    fault: str | None = None
    text: str | None = None
    ending: Ending | None = None
    """Of a text; None where the server does not say."""

    @property
    def measured(self) -> bool:
        """Whether at least one option has a log-probability of its own."""
        return self.fault is None and any(not score.is_bound for score in self.scores)
