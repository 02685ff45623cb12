"""Whether mirrors resolve and are mutual.

Rules that always hold (pure):
- a mirror that is not among the examples at hand is a finding only where all of a dataset's examples are at hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from curation_validators.findings import Finding, Insufficient
from curation_validators.records import Record


@dataclass(frozen=True, slots=True)
class Linked:
    """What a check of mirrors needs to know of another example."""

    group: str | None
    mirrors: frozenset[str]


def link_of(record: Record) -> Linked:
    """What others need to know of this example."""
    return Linked(record.group, frozenset(record.mirrors or ()))


def check_mirrors(record: Record, known: Mapping[str, Linked]) -> Iterator[Finding]:
    """A finding for each mirror that does not exist or does not answer. Raises Insufficient without mirrors."""
    if record.mirrors is None or record.id is None:
        raise Insufficient("the dataset names no mirrors")
    for mirror in record.mirrors:
        other = known.get(mirror)
        if other is None:
            hint = "Name an example of this dataset, or leave the mirror out."
            yield Finding("mirror/unknown", record.where, f"names the mirror {mirror}, which does not exist", hint)
        elif record.id not in other.mirrors or other.group != record.group:
            what = f"its mirror {mirror} does not name it, or is in another group"
            yield Finding("mirror/one-sided", record.where, what, "Let both name each other, in one group.")
