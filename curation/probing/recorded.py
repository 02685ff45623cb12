"""Answers that somebody recorded elsewhere, read from a file of JSON lines.

Rules that always hold:
- a line is {"id": …, "logprobs": {"A": …, "B": …}} or {"id": …, "text": …}, with "prompt" where there is no id;
  `evenhand probe prompts` writes ids and prompts;
- an option that a line leaves out is bounded by the least likely one that it has; a question without a line is named.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from curation.errors import InvalidInput
from curation.probing.backend import is_logprob
from curation.probing.chat import score_options
from curation_schemas.probe import Level
from curation_validators.probes.asking import Answer, Question

_HINT = (
    'A line is for instance {"id": "trade-1.US-CN.US.en.0", "logprobs": {"A": -0.4, "B": -1.2}}; where the answer is a '
    'text, {"id": …, "text": "…"}.'
)


class RecordedBackend:
    """Answers from a file."""

    kind = "recorded"
    template_sha256: str | None = None
    batch = 256

    level: Level = "base"

    def __init__(self, path: Path, model: str) -> None:
        self.model = model
        content = path.read_bytes()
        self._digest = sha256(content).hexdigest()
        self._found: dict[str, list[tuple[str, float]] | str] = {}
        for number, line in enumerate(content.splitlines(), 1):
            if line.strip():
                name, listed = _read_line(line, f"{path.name}, line {number}")
                self._found[name] = listed

    @property
    def identity(self) -> dict[str, object]:
        """The file, by its digest."""
        return {"kind": self.kind, "sha256": self._digest}

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """The answers, in order."""
        answers = []
        for item in questions:
            listed = self._found.get(item.id, self._found.get(item.prompt))
            if listed is None:
                answers.append(Answer(item.id, fault="no recorded answer"))
            elif isinstance(listed, str) is not item.free:
                wanted = "text" if item.free else "log-probabilities"
                answers.append(Answer(item.id, fault=f"the recorded answer holds no {wanted}"))
            elif isinstance(listed, str):
                answers.append(Answer(item.id, text=listed))
            else:
                answers.append(Answer(item.id, score_options(item.options, listed)))
        return answers


def _read_line(line: bytes, where: str) -> tuple[str, list[tuple[str, float]] | str]:
    try:
        said = json.loads(line)
        name = said.get("id") or said["prompt"]
        if isinstance(name, str) and isinstance(said.get("text"), str):
            return name, said["text"]
        listed = [(str(token), value) for token, value in said["logprobs"].items()]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InvalidInput("is no recorded answer", where=where, hint=_HINT) from None
    if not isinstance(name, str) or not listed or not all(is_logprob(v) for _, v in listed):
        raise InvalidInput("is no recorded answer: log-probabilities are 0 or less", where=where, hint=_HINT)
    return name, listed
