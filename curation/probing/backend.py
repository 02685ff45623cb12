"""What every backend is: something that answers questions in batches.

Rules that always hold:
- an answer comes back for each question, in order; what could not be had is an answer with a fault;
- `identity` names everything that an answer depends on besides the question: what is kept under one identity is
  never taken for another's answer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol, TypeGuard

from curation_schemas.probe import Level
from curation_validators.probes.asking import Answer, Question

UNREACHED = "the server did not answer"
"""What a fault begins with where nothing was answered at all, so that asking on may be in vain."""


_ROUNDING = 1e-3
_NOT_LISTED = -1_000.0


def is_logprob(value: Any) -> TypeGuard[float]:
    """Whether a server's value is a log-probability.

    Servers round, so that it may come out a little over 0; −9999 and −∞ is how some write «not listed».
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and _NOT_LISTED < value <= _ROUNDING


class Backend(Protocol):
    """Something that can be asked."""

    kind: str
    model: str
    level: Level
    template_sha256: str | None
    batch: int
    """How many questions go into one call."""

    @property
    def identity(self) -> dict[str, object]:
        """What an answer depends on besides the question, as plain JSON."""

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """The answers, one for each question, in order. Raises EvenhandError where no question can be answered."""
