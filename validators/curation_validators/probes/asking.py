"""What is asked of a model, and what it answers.

Rules that always hold (pure):
- a question with options is answered by the log-probability of each, or by a bound where a server lists only the
  likeliest tokens;
- an answer that could not be had says why in `fault` and holds nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One prompt. `options` are what may follow it, without `continuation`, which joins prompt and option."""

    id: str
    prompt: str
    language: str
    options: tuple[str, ...]
    continuation: str = ""


@dataclass(frozen=True, slots=True)
class OptionScore:
    """The natural logarithm of an option's probability; where `is_bound`, of the most that it can be."""

    logprob: float
    is_bound: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model made of a question: a score for each of its options, in their order, or why there is none."""

    question: str
    scores: tuple[OptionScore, ...] = ()
    fault: str | None = None

    @property
    def measured(self) -> bool:
        """Whether at least one option has a log-probability of its own."""
        return self.fault is None and any(not score.is_bound for score in self.scores)
