"""An OpenAI-compatible chat server that lists the likeliest first tokens of its answer, or answers by a text.

Rules that always hold:
- an option's probability is the sum over the listed tokens that are the option but for spaces around it;
- an option that is not listed is bounded by the least likely token that is: its probability is no larger;
- a text is drawn at temperature 0; one that the service's filter withheld is not taken for the model's own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from curation.probing.backend import UNREACHED, is_logprob
from curation.probing.server import ModelServer, NoAnswer
from curation_schemas.probe import Level
from curation_validators.probes.asking import Answer, Ending, OptionScore, Question

_ENDINGS: dict[str, Ending] = {"stop": "stop", "length": "length", "content_filter": "filter"}


class ChatBackend:
    """Scores options by the first token of a chat model's answer, or reads it. The server applies its own template.

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
            "max_tokens": question.max_tokens or 1,
            "temperature": 0,
        }
        wanted = {} if question.free else {"logprobs": True, "top_logprobs": self._top}
        try:
            answered = self._server.post(body | wanted)
        except NoAnswer as error:
            begins = error.reached or str(error).startswith(UNREACHED)
            return Answer(question.id, fault=str(error) if begins else f"{UNREACHED}: {error}")
        if question.free:
            return _read_message(question, answered)
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


def _read_message(question: Question, answered: dict[str, Any]) -> Answer:
    """The text of a chat answer. An empty one is an answer; one without a message is not."""
    try:
        choice = answered["choices"][0]
        message = choice["message"]
        # OpenAI's servers put a refusal into a field of its own and leave the content null.
        text = message.get("content") or message.get("refusal") or ""
    except (KeyError, IndexError, TypeError, AttributeError):
        return Answer(question.id, fault="the server's answer holds no message")
    if not isinstance(text, str):
        return Answer(question.id, fault="the server's answer is no text")
    return Answer(question.id, text=text, ending=ending_of(choice))


def ending_of(choice: Mapping[str, Any]) -> Ending | None:
    """Why a text ends, as a server says it in `finish_reason`."""
    return _ENDINGS.get(str(choice.get("finish_reason")))


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
