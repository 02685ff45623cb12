"""What an import came to: how many lines went in, how many were there from before, and which did not and why.

Rules that always hold:
- a reason names field and offset and never repeats the text of a line (it may hold personal data);
- lines are reported in the order of the file, once what stands before them is kept.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from curation.errors import CallerError, Refused


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line or row that was not taken in. `number` counts from 1 within the file."""

    file: str
    number: int
    reason: str
    code: str = "invalid-input"
    rule: str | None = None

    @classmethod
    def because(cls, file: str, number: int, error: CallerError) -> BadLine:
        """A line that this error is about."""
        return cls(file, number, str(error), error.code, error.rule if isinstance(error, Refused) else None)

    def plain(self) -> dict[str, Any]:
        """As plain data, without what it does not have."""
        found = {"file": self.file, "line": self.number, "code": self.code, "rule": self.rule, "reason": self.reason}
        return {name: value for name, value in found.items() if value is not None}


@dataclass
class Summary:
    """The counts of one run. Run again, what was taken in is there from before."""

    source: str
    dry_run: bool
    taken: Counter[str] = field(default_factory=Counter)
    """Acts taken in, by kind."""
    known: int = 0
    """Lines that were there from before."""
    bad: list[BadLine] = field(default_factory=list)
    people: int = 0
    """Accounts that were opened."""

    @property
    def read(self) -> int:
        """How many lines were read, blank ones apart."""
        return self.taken.total() + self.known + len(self.bad)

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "source": self.source,
            "dry_run": self.dry_run,
            "read": self.read,
            "people": self.people,
            "taken": dict(sorted(self.taken.items())),
            "known": self.known,
            "bad": [line.plain() for line in self.bad],
        }


def _nothing(*_: Any) -> None:
    return None


@dataclass(frozen=True)
class Watch:
    """Who is told while an import runs: `bad` of each line that did not go in, `reached` of the bytes read so far."""

    bad: Callable[[BadLine], None] = _nothing
    reached: Callable[[int], None] = _nothing
