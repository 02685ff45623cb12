"""What changed from one release to the next, and the version that follows from it.

Rules that always hold (pure):
- only the log decides: each release's content is what was published at its log size;
- among the training configs, a record removed or changed makes a major version, one added a minor one, anything else
  a patch; the first release is 1.0.0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from curation.rulebook.placement import Published
from curation_schemas.release import TRAINING_CONFIGS

FIRST_VERSION = "1.0.0"


Place = tuple[str, str]
"""Config and revision."""


@dataclass(frozen=True, slots=True)
class Change:
    """An example that both releases hold, elsewhere or in another revision."""

    example: str
    before: Place
    after: Place


@dataclass(frozen=True, slots=True)
class Difference:
    """What happened to examples in any config, each list sorted by example."""

    added: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.changes or self.removed)

    @property
    def changed(self) -> list[str]:
        """The examples with another revision or another config."""
        return [item.example for item in self.changes]

    @property
    def revised(self) -> list[Change]:
        """Those with another revision."""
        return [item for item in self.changes if item.before[1] != item.after[1]]

    @property
    def moved(self) -> list[Change]:
        """Those in another config."""
        return [item for item in self.changes if item.before[0] != item.after[0]]

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "added": self.added,
            "revised": [
                {"example": item.example, "from": item.before[1], "to": item.after[1]} for item in self.revised
            ],
            "moved": [{"example": item.example, "from": item.before[0], "to": item.after[0]} for item in self.moved],
            "removed": self.removed,
        }


def difference(before: Published, after: Published) -> Difference:
    """Compare what two releases publish: a record is changed when its revision or its config is another."""
    return Difference(
        added=sorted(set(after) - set(before)),
        changes=[
            Change(example, before[example], after[example])
            for example in sorted(set(after) & set(before))
            if after[example] != before[example]
        ],
        removed=sorted(set(before) - set(after)),
    )


def _training(published: Published) -> Published:
    return {example: place for example, place in published.items() if place[0] in TRAINING_CONFIGS}


def next_version(previous: str | None, before: Published, after: Published) -> str:
    """The version of a release that publishes `after`, when `previous` published `before`."""
    if previous is None:
        return FIRST_VERSION
    major, minor, patch = (int(part) for part in previous.split("."))
    changes = difference(_training(before), _training(after))
    if changes.removed or changes.changed:
        return f"{major + 1}.0.0"
    if changes.added:
        return f"{major}.{minor + 1}.0"
    return f"{major}.{minor}.{patch + 1}"
