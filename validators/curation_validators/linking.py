"""Whether an example can be told by its id, and its mirrors resolve and are mutual.

Rules that always hold (pure):
- rows are told apart by their place: an id that two rows have names neither of them;
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


def check_id(record: Record, taken: Mapping[str, str]) -> Iterator[Finding]:
    """A finding where an earlier row has this example's id (id → row). Raises Insufficient without one."""
    if record.id is None:
        raise Insufficient("the example has no id")
    first = taken.get(record.id)
    if first is not None and first != record.place:
        named = "" if record.where == record.place else f"{record.place} "
        what = f"{named}has the id that {first} has"
        yield Finding("shape/id-taken", record.where, what, "Give each example an id of its own.")
