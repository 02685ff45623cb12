"""What the EleutherAI harness (lm-eval) and Inspect wrote about the tasks of `evenhand probe export`.

Rules that always hold (pure):
- an answer is known by the prompt that the harness says it asked;
- whether a chat template was applied is read from the results, never assumed.

Formats: lm-eval 0.4.13, `samples_*.jsonl`; inspect-ai 0.3.285, the JSON of an EvalLog.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from curation.errors import InvalidInput
from curation.probing.backend import is_logprob
from curation_schemas.probe import Level

_MARKS = " \u2581\u0120"
"""What tokens have for a space: as it is, in SentencePiece's and in byte-level vocabularies."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An answer by the question's id or prompt: log-probabilities of tokens, or a text; neither where it holds none."""

    name: str
    listed: tuple[tuple[str, float], ...] = ()
    text: str | None = None
    level: Level = "base"


def is_lm_eval_sample(said: Any) -> bool:
    """Whether a line is a sample of lm-eval."""
    return isinstance(said, dict) and "doc" in said and "filtered_resps" in said


def read_lm_eval_sample(said: dict[str, Any], where: str) -> Recorded:
    """A line of `samples_*.jsonl`: each option's log-probability as the harness computed it, or the text.

    Raises:
        InvalidInput: where it is of no task of ours.
    """
    try:
        prompt, options = str(said["doc"]["prompt"]), [str(option) for option in said["doc"]["options"]]
        asked = said["arguments"]["gen_args_0"]["arg_0"]
        level: Level = "base" if asked == prompt else "chat"
        if not options:
            return Recorded(prompt, text=str(said["filtered_resps"][0]), level=level)
        values = [float(value) for value, _ in said["filtered_resps"]]
    except (KeyError, IndexError, TypeError, ValueError):
        raise InvalidInput("is no sample of a task that `evenhand probe export` wrote", where=where) from None
    if len(values) != len(options) or not all(map(is_logprob, values)):
        raise InvalidInput("has not one log-probability for each option", where=where)
    return Recorded(prompt, tuple(zip(options, values, strict=True)), level=level)


def is_inspect_log(content: bytes) -> bool:
    """Whether a file is one JSON object, over several lines, as Inspect writes its logs."""
    return content.lstrip()[:1] == b"{" and b'"samples"' in content and b'"eval"' in content and _whole(content)


def _whole(content: bytes) -> bool:
    # A line of another form is an object of its own: the first line of a log is not.
    first = content.lstrip().split(b"\n", 1)[0]
    try:
        return "samples" in json.loads(first)
    except ValueError:
        return True


def read_inspect_log(content: bytes, where: str) -> Iterator[tuple[int, Recorded]]:
    """Each sample with its number: the likeliest first tokens of its answer, or its text. Raises InvalidInput."""
    try:
        samples = json.loads(content)["samples"] or []
    except (ValueError, KeyError, TypeError, RecursionError):
        raise InvalidInput("is no log of Inspect, or is cut off", where=where) from None
    for number, sample in enumerate(samples, 1):
        try:
            asked, output = _asked(sample["input"]), sample["output"]
            if sample["metadata"]["options"]:
                yield number, Recorded(asked, _listed(output), level="chat")
            else:
                yield number, Recorded(asked, text=_written(output), level="chat")
        except (KeyError, TypeError, ValueError):
            raise InvalidInput("is no sample of a log of Inspect", where=f"{where}, sample {number}") from None


def _asked(said: Any) -> str:
    """A sample's input: a text, or messages of which the user's is meant."""
    if isinstance(said, str):
        return said
    return str(next(message["content"] for message in reversed(said) if message["role"] == "user"))


def _listed(output: dict[str, Any]) -> tuple[tuple[str, float], ...]:
    """Nothing where the provider listed nothing."""
    choices = output.get("choices") or [{}]
    content: list[dict[str, Any]] = (choices[0].get("logprobs") or {}).get("content") or [{}]
    found = [(str(item["token"]).strip(_MARKS), item["logprob"]) for item in content[0].get("top_logprobs") or []]
    return tuple((token, value) for token, value in found if is_logprob(value))


def _written(output: dict[str, Any]) -> str | None:
    """The answer's text, without what the model thought before; None where there is no answer."""
    choices = output.get("choices")
    if not choices:
        return None
    content = choices[0]["message"]["content"]
    if isinstance(content, str):
        return content
    return "".join(str(part["text"]) for part in content if part.get("type") == "text")
