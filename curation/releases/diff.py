"""What changed from one release to the next, and the version that follows from it.

Rules that always hold (pure):
- only the log decides: each release's content is what was published at its log size;
- among the training configs, a record removed or changed makes a major version, one added a minor one, anything else
  a patch; the first release is 1.0.0.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from curation.rulebook.placement import Published
from curation_schemas.release import TRAINING_CONFIGS

FIRST_VERSION = "1.0.0"


@dataclass(frozen=True, slots=True)
class Difference:
    """Example ids by what happened to them in any config, each list sorted."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def difference(before: Published, after: Published) -> Difference:
    """Compare what two releases publish: a record is changed when its revision or its config is another."""
    return Difference(
        added=sorted(set(after) - set(before)),
        changed=sorted(example for example in set(after) & set(before) if after[example] != before[example]),
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
