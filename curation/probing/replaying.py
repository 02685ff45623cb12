"""A report's own items, to compute the report again: nothing is asked of any model.

Rules that always hold:
- an answer is found only for the same item with the same prompt, so that a row of another instrument is never taken;
- a file that is not what a probe writes is named, never half read.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import InvalidInput
from curation.probing.backend import is_logprob
from curation.probing.files import ITEMS
from curation_schemas.base import Wire
from curation_schemas.probe import Binding, Level
from curation_validators.probes.asking import Answer, Ending, OptionScore, Question

_NEEDED = {"item", "level", "prompt", "not_measured"}
_EARLIER = "training"
"""The kind of shift that needs another report."""


class ReplayedItems:
    """What `items.parquet` holds: answers by item and prompt, for each level, and those of a judge."""

    def __init__(self, path: Path) -> None:
        try:
            rows = pq.read_table(path).to_pylist()
        except FileNotFoundError:
            raise InvalidInput("is missing: without it nobody can compute the report again", where=str(path)) from None
        except (OSError, pa.ArrowException) as error:
            raise InvalidInput(f"is no Parquet file: {str(error).splitlines()[0]}", where=str(path)) from None
        self._path = path
        self.levels: dict[str, dict[tuple[str, str], Answer]] = {}
        self.judged: dict[tuple[str, str], Answer] = {}
        for number, row in enumerate(rows):
            try:
                key, answer = _read(row)
            except (ValueError, KeyError, TypeError):
                raise InvalidInput("is no row of a probe", where=f"{path}, row {number}") from None
            known = self.judged if row.get("judging") else self.levels.setdefault(row["level"], {})
            if known.setdefault(key, answer) != answer:
                raise InvalidInput("answers what was answered otherwise before", where=f"{path}, row {number}")

    @property
    def order(self) -> dict[str, int]:
        """Item → its place."""
        return {item: place for place, (item, _) in enumerate(next(iter(self.levels.values()), {}))}

    def backends(self, binding: Binding) -> list[ReplayedBackend]:
        """One for each level of a report."""
        if set(self.levels) != set(binding.templates):
            raise InvalidInput("has not the levels that the report names", where=str(self._path))
        return [
            ReplayedBackend(binding.backend, binding.model, level, binding.templates[level], self.levels[level])
            for level in get_args(Level)
            if level in self.levels
        ]

    def judge(self, kind: str, model: str) -> ReplayedBackend:
        """A judge, as it answered."""
        return ReplayedBackend(kind, model, "chat", None, self.judged)


class ReplayedBackend:
    """Answers as they stand in `items.parquet`."""

    batch = 256

    def __init__(
        self, kind: str, model: str, level: Level, template: str | None, known: dict[tuple[str, str], Answer]
    ) -> None:
        self.kind = kind
        self.model = model
        self.level: Level = level
        self.template_sha256 = template
        self._known = known

    @property
    def identity(self) -> dict[str, object]:
        """Whose answers they are."""
        return {"kind": self.kind, "model": self.model}

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """The answers, in order. Raises InvalidInput where an item has another prompt, or another form of answer."""
        return [self._find(item) for item in questions]

    def _find(self, question: Question) -> Answer:
        found = self._known.get((question.id, question.prompt))
        fits = found is not None and (found.fault is not None or (found.text is not None) == question.free)
        if found is None or not fits or (found.scores and len(found.scores) != len(question.options)):
            raise InvalidInput(
                "has another prompt or answer there than the instrument asks for",
                where=f"{ITEMS}, item {question.id}",
                hint="Name the file that was asked: --instrument, --pairs or --prompts, as for the probe itself.",
            )
        return found


def _read(row: dict[str, Any]) -> tuple[tuple[str, str], Answer]:
    if not row.keys() >= _NEEDED or row["level"] not in get_args(Level):
        raise ValueError
    name, prompt, fault, text = row["item"], row["prompt"], row["not_measured"], row.get("answer")
    if not all(isinstance(part, str) for part in (name, prompt)) or not isinstance(fault, str | None):
        raise TypeError
    if fault is not None:
        return (name, prompt), Answer(name, fault=fault)
    if text is not None:
        ending = row.get("ending")
        if not isinstance(text, str) or ending not in (None, *get_args(Ending)):
            raise ValueError
        return (name, prompt), Answer(name, text=text, ending=ending)
    if "logprobs" in row:
        values, bounds = list(row["logprobs"]), list(row["bounds"])
    else:
        values, bounds = [row["logprob_a"], row["logprob_b"]], [row["bound_a"], row["bound_b"]]
    if not all(map(is_logprob, values)) or not all(isinstance(bound, bool) for bound in bounds):
        raise ValueError
    return (name, prompt), Answer(name, tuple(OptionScore(*pair) for pair in zip(values, bounds, strict=True)))


def compared_parts(report: Wire, leave_out: Sequence[str] = ()) -> dict[str, Any]:
    """What must come out the same: everything but shifts since an earlier report, which is not at hand."""
    said = report.model_dump(mode="json", by_alias=True, exclude=set(leave_out))
    if "shifts" in said:
        said["shifts"] = [shift for shift in said["shifts"] if shift["kind"] != _EARLIER]
    return said


def find_differences(said: Any, found: Any, where: str = "report") -> Iterator[str]:
    """Where two reports differ. Figures are the same up to the last digits, which another processor may round."""
    if isinstance(said, dict) and isinstance(found, dict) and said.keys() == found.keys():
        for name in said:
            yield from find_differences(said[name], found[name], f"{where}.{name}")
    elif isinstance(said, list) and isinstance(found, list) and len(said) == len(found):
        for place, (one, other) in enumerate(zip(said, found, strict=True)):
            yield from find_differences(one, other, f"{where}[{place}]")
    elif isinstance(said, float) and isinstance(found, float | int):
        if not math.isclose(said, found, rel_tol=1e-9, abs_tol=1e-12):
            yield f"{where}: {said} in the report, {found} from its items"
    elif said != found:
        yield f"{where}: {_short(said)} in the report, {_short(found)} from its items"


def _short(said: object) -> str:
    text = repr(said)
    return text if len(text) <= 80 else f"{text[:80]}…"
