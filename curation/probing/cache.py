"""Answers on disk, so that an interrupted run goes on where it stopped.

Rules that always hold:
- a line for each answer, written when it comes in; a line that a crash cut off is left out and asked again;
- an answer is found only under the same backend, model, template and prompt; faults are not kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import IO, Any, get_args

from curation.probing.backend import is_logprob
from curation_validators.probes.asking import Answer, Ending, OptionScore, Question


class AnswerCache:
    """One file of JSON lines. Use it as a context: it is open for writing inside."""

    def __init__(self, path: Path, identity: Mapping[str, object]) -> None:
        self._path = path
        self._identity = json.dumps(identity, sort_keys=True, ensure_ascii=False)
        self._known: dict[str, dict[str, Any]] = {}
        self._file: IO[str] | None = None
        if path.exists():
            for line in path.read_bytes().splitlines():
                self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            said = json.loads(line)
            key = said.pop("key")
            _answer("", said)
            self._known[key] = said
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return

    def __enter__(self) -> AnswerCache:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        cut_off = self._path.exists() and self._path.read_bytes()[-1:] not in (b"", b"\n")
        self._file = self._path.open("a", encoding="utf-8")
        if cut_off:
            self._file.write("\n")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._file is not None:
            self._file.close()

    def _key(self, question: Question) -> str:
        parts = [self._identity, question.prompt, question.continuation, *question.options]
        if question.free:
            parts.append(f"text of {question.max_tokens}")
        return sha256("\x00".join(parts).encode()).hexdigest()

    def find(self, question: Question) -> Answer | None:
        """What was answered before."""
        said = self._known.get(self._key(question))
        if said is None:
            return None
        answer = _answer(question.id, said)
        return answer if len(answer.scores) == len(question.options) else None

    def keep(self, questions: Sequence[Question], answers: Sequence[Answer]) -> None:
        """Write answers down at once."""
        assert self._file is not None, "the cache is not open"
        for question, answer in zip(questions, answers, strict=True):
            if answer.fault is None:
                self._file.write(json.dumps({"key": self._key(question)} | _said(question, answer)) + "\n")
        self._file.flush()


def _said(question: Question, answer: Answer) -> dict[str, Any]:
    if question.free:
        return {"text": answer.text, "ending": answer.ending}
    return {"scores": [[score.logprob, score.is_bound] for score in answer.scores]}


def _answer(question: str, said: Mapping[str, Any]) -> Answer:
    """What a line of the file says. Raises ValueError, KeyError or TypeError where it is none of ours."""
    if "text" not in said:
        scores = said["scores"]
        if not all(is_logprob(value) for value, _ in scores):
            raise ValueError("is no log-probability")
        return Answer(question, tuple(OptionScore(float(value), bool(bound)) for value, bound in scores))
    text, ending = said["text"], said["ending"]
    if not isinstance(text, str) or ending not in (None, *get_args(Ending)):
        raise ValueError("is no text")
    return Answer(question, text=text, ending=ending)
