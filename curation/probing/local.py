"""A model of transformers in this process, without a server.

Rules that always hold:
- an option's log-probability is exact: there are no bounds. Under a chat template it is that of the letter with or
  without a space before it, as a chat server's is; without one, of the letter as the prompt goes on;
- a text is the likeliest token after the other, so that there is nothing to draw;
- the model is run by one call at a time.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING

from curation.errors import InvalidInput
from curation.probing.backend import is_logprob
from curation.probing.option_tokens import NotTellable, Run, option_runs
from curation_schemas.probe import Level
from curation_validators.probes.asking import Answer, OptionScore, Question

if TYPE_CHECKING:
    from curation.probing.local_model import LocalModel


class LocalBackend:
    """Scores options and writes texts.

    Args:
        templated: whether prompts go through the model's own chat template.
    """

    kind = "transformers"

    def __init__(self, known: LocalModel, *, batch: int = 16, templated: bool = False) -> None:
        template = known.chat_template
        if templated and template is None:
            raise InvalidInput(
                "has no chat template of its own", where="--model", hint="Ask it with --chat-template off."
            )
        self.model = known.name
        self.batch = batch
        self.level: Level = "chat" if templated else "base"
        self.template_sha256 = sha256(template.encode()).hexdigest() if templated and template else None
        self._known = known
        self._templated = templated
        self._one_at_a_time = threading.Lock()

    @property
    def identity(self) -> dict[str, object]:
        """The weights by their digest, the template, and where the model runs."""
        return {
            "kind": self.kind,
            "model": self.model,
            "model_sha256": self._known.digest,
            "template": self.template_sha256,
            "device": self._known.device,
        }

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """The answers, in order. All questions have options, or none has."""
        with self._one_at_a_time:
            return self._write(questions) if questions[0].free else self._score(questions)

    def _text(self, question: Question) -> str:
        return self._known.render_chat(question.prompt) if self._templated else question.prompt

    def _encode(self, text: str) -> list[int]:
        return self._known.encode(text, templated=self._templated)

    def _score(self, questions: Sequence[Question]) -> list[Answer]:
        runs: dict[str, list[list[Run]]] = {}
        faults: dict[str, str] = {}
        for question in questions:
            try:
                runs[question.id] = self._runs(question)
            except NotTellable as why:
                faults[question.id] = str(why)
        every = list(dict.fromkeys(run for options in runs.values() for option in options for run in option))
        values = dict(zip(every, self._known.log_probabilities(every) if every else [], strict=True))
        return [
            Answer(item.id, fault=faults[item.id])
            if item.id in faults
            else _answer(item, [[values[run] for run in option] for option in runs[item.id]])
            for item in questions
        ]

    def _write(self, questions: Sequence[Question]) -> list[Answer]:
        """Texts; those of one call have one length."""
        texts = [tuple(self._encode(self._text(item))) for item in questions]
        longest = max(item.max_tokens for item in questions)
        faults: dict[str, str] = {}
        for item, tokens in zip(questions, texts, strict=True):
            try:
                self._check_length(len(tokens) + longest)
            except NotTellable as why:
                faults[item.id] = str(why)
        fit = [tokens for item, tokens in zip(questions, texts, strict=True) if item.id not in faults]
        written = iter(self._known.write(fit, longest) if fit else [])
        answers = []
        for item in questions:
            if item.id in faults:
                answers.append(Answer(item.id, fault=faults[item.id]))
            else:
                text, ended = next(written)
                answers.append(Answer(item.id, text=text, ending="stop" if ended else "length"))
        return answers

    def _runs(self, question: Question) -> list[list[Run]]:
        joints = ("", " ") if self._templated else (question.continuation,)
        unknown = self._known.tokenizer.unk_token_id
        found = option_runs(self._encode, self._text(question), question.options, joints, unknown)
        self._check_length(max(len(run.text) for option in found for run in option))
        return found

    def _check_length(self, tokens: int) -> None:
        if self._known.longest is not None and tokens > self._known.longest:
            raise NotTellable(f"the prompt is longer than the model takes ({self._known.longest} tokens)")


def _answer(question: Question, found: Sequence[Sequence[float]]) -> Answer:
    if not all(is_logprob(value) for option in found for value in option):
        return Answer(question.id, fault="the model gives no log-probability for the option")
    return Answer(question.id, tuple(OptionScore(min(0.0, _sum(option))) for option in found))


def _sum(logprobs: Sequence[float]) -> float:
    """The logarithm of the sum of probabilities, also where each is too small for a float."""
    most = max(logprobs)
    return most + math.log(math.fsum(math.exp(value - most) for value in logprobs))
