"""What `verify` found.

Rules that always hold:
- a bundle is VERIFIED only when there is no failure; an erased row is no failure, and is named with its event;
- the keys of the JSON form never change; more may be added.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MAX_FAILURES_PRINTED = 200


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that does not hold: where, and what."""

    where: str
    message: str


@dataclass(slots=True)
class Report:
    """The result of verifying one bundle."""

    bundle: str
    failures: list[Failure] = field(default_factory=list)
    erased: list[Failure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=lambda: {"VERIFIED": 0, "ERASED": 0, "FAILED": 0})
    checkpoint: dict[str, Any] = field(default_factory=lambda: {"origin": None, "size": None, "root": None})
    attested: dict[str, int] = field(default_factory=lambda: {"self": 0, "server": 0})
    version: str | None = None
    dataset: str | None = None
    simulated: bool | None = None
    yanked: str | None = None
    """Why two maintainers yanked this release, where they did and the bundle says so."""
    log_key: str | None = None
    manifest: str | None = None
    """SHA-256 of manifest.json, which has the digest of every other file: equal for equal releases."""
    files: int = 0

    @property
    def verdict(self) -> str:
        """VERIFIED or FAILED."""
        return "FAILED" if self.failures or self.rows["FAILED"] else "VERIFIED"

    def fail(self, where: str, message: str) -> None:
        """Note a failure."""
        self.failures.append(Failure(where, message))

    def as_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {
            "verdict": self.verdict,
            "rows": dict(self.rows),
            "failures": [{"where": item.where, "message": item.message} for item in self.failures],
            "checkpoint": dict(self.checkpoint),
            "attested": dict(self.attested),
            "erased": [{"where": item.where, "message": item.message} for item in self.erased],
            "notes": list(self.notes),
            "dataset": self.dataset,
            "version": self.version,
            "simulated": self.simulated,
            "yanked": self.yanked,
            "log_key": self.log_key,
            "manifest": self.manifest,
            "files": self.files,
        }
