"""An OpenAI-compatible completions server that echoes a prompt with log-probabilities, such as vLLM.

Rules that always hold:
- an option's log-probability is that of its own tokens behind the prompt, never of tokens that reach into the prompt;
- a question without options is answered by the text that the model goes on with, at temperature 0;
- one request carries the first option; the second is read from the alternatives listed at its place, and asked for
  only where it is not among them. What is asked is exact, so there are no bounds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from curation.errors import InvalidInput
from curation.probing.backend import UNREACHED, is_logprob
from curation.probing.chat import ending_of
from curation.probing.server import ModelServer, NoAnswer
from curation_schemas.probe import Level
from curation_validators.probes.asking import Answer, OptionScore, Question

PLACE = "{{prompt}}"
_ALTERNATIVES = 5  # what every server lists; the two letters are nearly always among them
_ECHO = {
    "max_tokens": 1,  # 0 is refused by some servers; the token is not read
    "echo": True,
    "logprobs": _ALTERNATIVES,
}


class _NotMeasured(Exception):
    """Why an echoed text gives no log-probability."""


class CompletionsBackend:
    """Scores options by echo; reads texts without.

    Args:
        template: the chat template's text around `{{prompt}}`; None: the prompt as it is.
    """

    kind = "completions"

    def __init__(self, server: ModelServer, model: str, *, batch: int = 16, template: str | None = None) -> None:
        if template is not None and template.count(PLACE) != 1:
            raise InvalidInput(f"does not hold {PLACE} once", where="--template")
        self.model = model
        self.batch = batch
        self.level: Level = "base" if template is None else "chat"
        self.template_sha256 = None if template is None else sha256(template.encode()).hexdigest()
        self._template = template or PLACE
        self._server = server
        self._single = False

    @property
    def identity(self) -> dict[str, object]:
        """Server, model and template."""
        return {"kind": self.kind, "url": self._server.url, "model": self.model, "template": self.template_sha256}

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """The answers, in order. All questions have options, or none has."""
        if questions[0].free:
            return self._write(questions)
        texts = [self._template.replace(PLACE, item.prompt) for item in questions]
        found: list[dict[str, float]] = [{} for _ in questions]
        faults: dict[int, str] = {}
        for place in range(max(len(item.options) for item in questions)):
            wanted = [
                number
                for number, item in enumerate(questions)
                if number not in faults and place < len(item.options) and item.options[place] not in found[number]
            ]
            tails = [questions[number].continuation + questions[number].options[place] for number in wanted]
            echoed = self._choose([texts[number] + tail for number, tail in zip(wanted, tails, strict=True)], _ECHO)
            for number, tail, choice in zip(wanted, tails, echoed, strict=True):
                try:
                    _read(choice, tail, questions[number], place, found[number])
                except _NotMeasured as why:
                    faults[number] = str(why)
        return [
            Answer(item.id, fault=faults[number])
            if number in faults
            else Answer(item.id, tuple(OptionScore(found[number][option]) for option in item.options))
            for number, item in enumerate(questions)
        ]

    def _write(self, questions: Sequence[Question]) -> list[Answer]:
        """Texts; those of one call have one length."""
        prompts = [self._template.replace(PLACE, item.prompt) for item in questions]
        choices = self._choose(prompts, {"max_tokens": max(item.max_tokens for item in questions)})
        return [_read_text(item, choice) for item, choice in zip(questions, choices, strict=True)]

    def _choose(self, prompts: list[str], how: Mapping[str, object]) -> list[Any]:
        """One choice for each prompt, or a reason as text. Servers that take no list are asked one by one."""
        if not prompts:
            return []
        if not self._single:
            try:
                return self._choices(prompts, how)
            except NoAnswer as error:
                if not error.final:
                    return [_reason(error)] * len(prompts)
                self._single = len(prompts) > 1
        return [self._one(prompt, how) for prompt in prompts]

    def _one(self, prompt: str, how: Mapping[str, object]) -> Any:
        try:
            return self._choices([prompt], how)[0]
        except NoAnswer as error:
            return _reason(error)

    def _choices(self, prompts: list[str], how: Mapping[str, object]) -> list[Any]:
        body = {"model": self.model, "prompt": prompts if len(prompts) > 1 else prompts[0], "temperature": 0}
        choices = self._server.post(body | dict(how)).get("choices")
        if not isinstance(choices, list) or len(choices) != len(prompts):
            raise NoAnswer("the server's answer has not one choice for each prompt", final=len(prompts) > 1)
        if all(isinstance(item, dict) and isinstance(item.get("index"), int) for item in choices):
            choices.sort(key=lambda item: item["index"])
        return choices


def _read_text(question: Question, choice: Any) -> Answer:
    if isinstance(choice, str):
        return Answer(question.id, fault=choice)
    text = choice.get("text") if isinstance(choice, dict) else None
    if not isinstance(text, str):
        return Answer(question.id, fault="the server's answer is no text")
    return Answer(question.id, text=text, ending=ending_of(choice))


def _reason(error: NoAnswer) -> str:
    return str(error) if error.reached or str(error).startswith(UNREACHED) else f"{UNREACHED}: {error}"


def _read(choice: Any, tail: str, question: Question, place: int, found: dict[str, float]) -> None:
    """Read the option's log-probability, and those of the other options that are listed beside it."""
    if isinstance(choice, str):
        raise _NotMeasured(choice)
    tokens, values, tops = _echoed(choice)
    begin, end = _own_tokens(tokens, tail)
    logprobs = values[begin:end]
    if not all(is_logprob(value) for value in logprobs):
        raise _NotMeasured("the server gives no log-probability for the option")
    found[question.options[place]] = min(0.0, float(sum(logprobs)))
    listed = tops[begin] if end - begin == 1 and begin < len(tops) else None
    if not isinstance(listed, dict) or tail != tokens[begin]:
        return
    for option in question.options:
        value = listed.get(question.continuation + option)
        if option not in found and is_logprob(value):
            found[option] = min(0.0, float(value))


def _echoed(choice: Any) -> tuple[list[str], list[Any], list[Any]]:
    said = choice.get("logprobs") if isinstance(choice, dict) else None
    if not isinstance(said, dict):
        raise _NotMeasured("the server returns no log-probabilities")
    tokens, values, tops = said.get("tokens"), said.get("token_logprobs"), said.get("top_logprobs")
    if not isinstance(tokens, list) or not isinstance(values, list) or len(tokens) != len(values):
        raise _NotMeasured("the server returns no log-probabilities")
    if not all(isinstance(token, str) for token in tokens):
        raise _NotMeasured("the server's tokens are no text")
    return (
        [token.replace("▁", " ").replace("Ġ", " ") for token in tokens],
        values,
        tops if isinstance(tops, list) else [],
    )


def _own_tokens(tokens: list[str], tail: str) -> tuple[int, int]:
    """Which tokens are the option: the last, or the last before the one that was generated.

    Counted from the end, because servers begin the echo with marks of their own and cannot print half a character.
    """
    merged = False
    for end in (len(tokens) - 1, len(tokens)):
        begin, text = end, ""
        while begin > 0 and len(text) < len(tail):
            begin -= 1
            text = tokens[begin] + text
        if text == tail:
            return begin, end
        if end and tokens[end - 1] == tail.strip():  # some servers print a token without the space that is part of it
            return end - 1, end
        merged = merged or text.endswith(tail.strip())
    if merged:
        raise _NotMeasured("the model's tokens do not keep the option apart from the prompt")
    raise _NotMeasured("the server does not echo the prompt")
