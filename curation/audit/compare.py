"""Compare two releases from their bundles alone: what the second holds and the first does not, and why.

Rules that always hold:
- only ids, revisions and tombstones are read, column by column; neither bundle is verified by this (`evenhand verify`);
- a reason comes from a tombstone of the newer bundle, never from a guess; without one it is «not said».
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from curation.audit.bundle import Bundle, most_rows
from curation.errors import BundleInvalid, Refused
from curation.releases.columns import SCHEMAS
from curation.releases.diff import Difference, difference
from curation_schemas.release import TRAINING_CONFIGS

EXAMPLE_CONFIGS = (*TRAINING_CONFIGS, "contested")
NEEDED = tuple(f"data/{config}/" for config in (*EXAMPLE_CONFIGS, "tombstones"))
"""What of a bundle is read here."""
NOT_SAID = ("not said", "no tombstone of the second release names it", None)
Stone = tuple[str, str, int | None]
"""kind, reason, event."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Two releases, and what is different."""

    before: Bundle
    after: Bundle
    changes: Difference
    stones: dict[str, Stone]
    """Removed example → why."""
    topics: dict[str, Counter[str]]
    """added, revised or removed → examples by topic."""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        found = self.changes.as_json()
        found["removed"] = [
            {"example": example, "kind": kind, "reason": reason, "event": event}
            for example, (kind, reason, event) in self.stones.items()
        ]
        return {
            "from": _stated(self.before),
            "to": _stated(self.after),
            "same_log": self.before.manifest.log.origin == self.after.manifest.log.origin,
            **found,
            "by_topic": {what: dict(sorted(counts.items())) for what, counts in self.topics.items()},
        }


def _stated(bundle: Bundle) -> dict[str, Any]:
    manifest = bundle.manifest
    return {
        "dataset": manifest.dataset,
        "version": manifest.version,
        "simulated": manifest.simulated,
        "policy": manifest.policy,
        "log_size": manifest.log.rows_at,
        "rows": {config: sum(splits.values()) for config, splits in manifest.rows.items()},
    }


def compare_bundles(before: Bundle, after: Bundle) -> Compared:
    """Compare two bundles. Raises BundleInvalid, and Refused when they are of two datasets."""
    if before.manifest.dataset != after.manifest.dataset:
        names = f"{before.manifest.dataset} and {after.manifest.dataset}"
        raise Refused("release/version", f"these are releases of two datasets, {names}", hint="Name two of one.")
    old, new = _published(before), _published(after)
    changes = difference(
        {example: place[:2] for example, place in old.items()}, {example: place[:2] for example, place in new.items()}
    )
    stones = _stones(after)
    topics = {
        "added": Counter(new[example][2] for example in changes.added),
        "revised": Counter(new[item.example][2] for item in changes.revised),
        "removed": Counter(old[example][2] for example in changes.removed),
    }
    found = {example: stones.get(example, NOT_SAID) for example in changes.removed}
    return Compared(before, after, changes, found, topics)


def _published(bundle: Bundle) -> dict[str, tuple[str, str, str]]:
    """Example → config, revision, topic."""
    found = {}
    for config in EXAMPLE_CONFIGS:
        for example, revision, topic in _columns(bundle, config, ["example_id", "revision", "topic"]):
            found[example] = (config, revision, topic)
    return found


def _stones(bundle: Bundle) -> dict[str, Stone]:
    names = ["example_id", "kind", "reason", "event"]
    rows = _columns(bundle, "tombstones", names)
    return {example: (kind, reason, event) for example, kind, reason, event in rows}


def _columns(bundle: Bundle, config: str, names: list[str]) -> Iterator[tuple[Any, ...]]:
    """Some columns of a config's rows. Raises BundleInvalid."""
    for path in bundle.parquet_files(f"data/{config}/"):
        table = bundle.columns(path, SCHEMAS[config], most_rows(bundle), names)
        for name in names:
            if table.column(name).null_count:
                raise BundleInvalid(f"column {name} lacks values", where=path, hint="Run `evenhand verify` on it.")
        yield from zip(*(table.column(name).to_pylist() for name in names), strict=True)
