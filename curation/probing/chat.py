"""An OpenAI-compatible chat server that lists the likeliest first tokens of its answer.

Rules that always hold:
- an option's probability is the sum over the listed tokens that are the option but for spaces around it;
- an option that is not listed is bounded by the least likely token that is: its probability is no larger.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from curation.probing.backend import UNREACHED, is_logprob
from curation.probing.server import ModelServer, NoAnswer
from curation_schemas.probe import Level
from curation_validators.probes.asking import Answer, OptionScore, Question


class ChatBackend:
    """Scores options by the first token of a chat model's answer. The server applies its own chat template.

    Args:
        top: how many tokens the server is asked to list.
    """

    kind = "chat"
    level: Level = "chat"
    template_sha256: str | None = None
    batch = 1

    def __init__(self, server: ModelServer, model: str, *, top: int = 20) -> None:
        self.model = model
        self._server = server
        self._top = top

    @property
    def identity(self) -> dict[str, object]:
        """Server, model, and how many tokens are listed."""
        return {"kind": self.kind, "url": self._server.url, "model": self.model, "top": self._top}

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """The answers, in order."""
        return [self._ask_one(item) for item in questions]

    def _ask_one(self, question: Question) -> Answer:
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": question.prompt}],
            "max_tokens": 1,
            "temperature": 0,
            "logprobs": True,
            "top_logprobs": self._top,
        }
        try:
            answered = self._server.post(body)
        except NoAnswer as error:
            begins = error.reached or str(error).startswith(UNREACHED)
            return Answer(question.id, fault=str(error) if begins else f"{UNREACHED}: {error}")
        listed = _listed(answered)
        if isinstance(listed, str):
            return Answer(question.id, fault=listed)
        return Answer(question.id, score_options(question.options, listed))


def score_options(options: Sequence[str], listed: Sequence[tuple[str, float]]) -> tuple[OptionScore, ...]:
    """A score for each option, from (token, log-probability) of the likeliest tokens."""
    floor = min(0.0, *(value for _, value in listed))
    scores = []
    for option in options:
        own = [value for token, value in listed if token.strip() == option]
        if own:
            scores.append(OptionScore(min(0.0, math.log(math.fsum(math.exp(value) for value in own)))))
        else:
            scores.append(OptionScore(floor, is_bound=True))
    return tuple(scores)


def _listed(answered: dict[str, Any]) -> list[tuple[str, float]] | str:
    """The tokens listed for the answer's first place, or why there are none."""
    try:
        content = answered["choices"][0]["logprobs"]["content"]
        found = [(str(item["token"]), item["logprob"]) for item in content[0]["top_logprobs"]]
    except IndexError:
        return "the answer is empty"
    except (KeyError, TypeError, ValueError):
        return "the server returns no log-probabilities"
    return [(token, value) for token, value in found if is_logprob(value)] or "the server returns no log-probabilities"
