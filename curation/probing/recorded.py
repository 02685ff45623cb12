"""Answers that were recorded elsewhere: by hand, or by another harness that ran the tasks of `evenhand probe export`.

Rules that always hold:
- a line is {"id": …, "logprobs": {"A": …, "B": …}} or {"id": …, "text": …}, with "prompt" where there is no id;
  `evenhand probe prompts` writes ids and prompts. lm-eval's samples and Inspect's JSON logs are read as they are, by
  prompt, so that answers to other prompts are never taken for answers to these;
- an option that a line leaves out is bounded by the least likely one that it has; a question without a line is named;
- two answers to one question that differ, or with and without a chat template, are not mixed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from curation.errors import InvalidInput
from curation.probing.backend import is_logprob
from curation.probing.chat import score_options
from curation.probing.harness_results import (
    Recorded,
    is_inspect_log,
    is_lm_eval_sample,
    read_inspect_log,
    read_lm_eval_sample,
)
from curation_schemas.probe import Level
from curation_validators.probes.asking import Answer, Question

_HINT = (
    'A line is for instance {"id": "trade-1.US-CN.US.en.0", "logprobs": {"A": -0.4, "B": -1.2}}; where the answer is a '
    'text, {"id": …, "text": "…"}.'
)
_NO_FOLDER = "Run lm-eval with --log_samples and --output_path, Inspect with --log-format json and --log-dir."


class RecordedBackend:
    """Answers from a file, or from the folder that a harness wrote its results to."""

    kind = "recorded"
    template_sha256: str | None = None
    batch = 256

    def __init__(self, path: Path, model: str) -> None:
        self.model = model
        self.level: Level = "base"
        self._found: dict[str, Recorded] = {}
        digest = sha256()
        for file in _files(path):
            content = file.read_bytes()
            digest.update(content)
            for where, found in _read(file.name, content):
                self._take(found, where)
        self._digest = digest.hexdigest()

    def _take(self, found: Recorded, where: str) -> None:
        known = self._found.setdefault(found.name, found)
        if known != found:
            raise InvalidInput(
                "answers what was answered otherwise before", where=where, hint="Keep the answers of one run apart."
            )
        if len(self._found) == 1:
            self.level = found.level
        elif found.level != self.level:
            raise InvalidInput(
                "was asked with a chat template, and others were not"
                if found.level == "chat"
                else "was asked without a chat template, and others were not",
                where=where,
                hint="Keep the answers of one run apart.",
            )

    @property
    def identity(self) -> dict[str, object]:
        """The files, by their digest."""
        return {"kind": self.kind, "sha256": self._digest}

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """The answers, in order."""
        return [_answer(item, self._found.get(item.id) or self._found.get(item.prompt)) for item in questions]


def _answer(question: Question, found: Recorded | None) -> Answer:
    if found is None:
        return Answer(question.id, fault="no recorded answer")
    if question.free and found.text is not None:
        return Answer(question.id, text=found.text)
    if found.listed and not question.free:
        return Answer(question.id, score_options(question.options, found.listed))
    return Answer(question.id, fault=f"the recorded answer holds no {'text' if question.free else 'log-probabilities'}")


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(path.rglob("samples_*.jsonl")) or sorted(path.rglob("*.json"))
    if not found:
        raise InvalidInput("holds no results of lm-eval or Inspect", where=path.name, hint=_NO_FOLDER)
    return found


def _read(name: str, content: bytes) -> Iterator[tuple[str, Recorded]]:
    if name.endswith(".eval"):
        raise InvalidInput(
            "is Inspect's packed form", where=name, hint="Unpack it: inspect log dump FILE > log.json; name log.json."
        )
    if is_inspect_log(content):
        yield from ((f"{name}, sample {number}", found) for number, found in read_inspect_log(content, name))
        return
    for number, line in enumerate(content.splitlines(), 1):
        if line.strip():
            where = f"{name}, line {number}"
            yield where, _read_line(line, where)


def _read_line(line: bytes, where: str) -> Recorded:
    try:
        said = json.loads(line)
        if is_lm_eval_sample(said):
            return read_lm_eval_sample(said, where)
        name = said.get("id") or said["prompt"]
        if isinstance(name, str) and isinstance(said.get("text"), str):
            return Recorded(name, text=said["text"])
        listed = tuple((str(token), value) for token, value in said["logprobs"].items())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InvalidInput("is no recorded answer", where=where, hint=_HINT) from None
    if not isinstance(name, str) or not listed or not all(is_logprob(v) for _, v in listed):
        raise InvalidInput("is no recorded answer: log-probabilities are 0 or less", where=where, hint=_HINT)
    return Recorded(name, listed)
