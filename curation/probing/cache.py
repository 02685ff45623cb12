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
from typing import IO

from curation_validators.probes.asking import Answer, OptionScore, Question


class AnswerCache:
    """One file of JSON lines. Use it as a context: it is open for writing inside."""

    def __init__(self, path: Path, identity: Mapping[str, object]) -> None:
        self._path = path
        self._identity = json.dumps(identity, sort_keys=True, ensure_ascii=False)
        self._known: dict[str, list[list[float | bool]]] = {}
        self._file: IO[str] | None = None
        if path.exists():
            for line in path.read_bytes().splitlines():
                self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            said = json.loads(line)
            self._known[said["key"]] = [[float(value), bool(bound)] for value, bound in said["scores"]]
        except (ValueError, KeyError, TypeError):
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
        return sha256("\x00".join(parts).encode()).hexdigest()

    def find(self, question: Question) -> Answer | None:
        """What was answered before."""
        scores = self._known.get(self._key(question))
        if scores is None or len(scores) != len(question.options):
            return None
        return Answer(question.id, tuple(OptionScore(float(value), bool(bound)) for value, bound in scores))

    def keep(self, questions: Sequence[Question], answers: Sequence[Answer]) -> None:
        """Write answers down at once."""
        assert self._file is not None, "the cache is not open"
        for question, answer in zip(questions, answers, strict=True):
            if answer.fault is None:
                scores = [[score.logprob, score.is_bound] for score in answer.scores]
                self._file.write(json.dumps({"key": self._key(question), "scores": scores}) + "\n")
        self._file.flush()
