"""Gates: which topics leave a release, because a measure of balance or provenance fails there.

Rules that always hold (pure):
- the measures are taken on the rows that the release would hold without any gate, so that the report shows what failed;
- a topic that fails a gate leaves the release whole, and nothing else does; `insufficient` stops nothing;
- unless a maintainer overruled that gate of that topic since the last release: that is an event with a reason, and
  stands in card, report and verification;
- a release that the log records already keeps the topics that left it then: a later erasure changes no gate;
- a bundle lacks the texts of the topics that left it: what it says of them can be checked in part only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from curation.errors import CallerError
from curation.log.leaf import decode_leaf
from curation.releases.project import Projection
from curation.rulebook.definitions import Definitions
from curation_schemas.definition import Policy, PositionTarget, Thresholds
from curation_schemas.events import EVENT, GateOverruled, ReleaseCut
from curation_schemas.parsing import SchemaInvalid, validate
from curation_schemas.release import SPLITS
from curation_validators.counting import Counts, LocalEngine, PartCounts, count_part, count_release
from curation_validators.measures import MEASURES, Measured, failed_gates, take_measures, told_from_chance
from curation_validators.measuring.scope import ALL, TopicShape


class ProjectedRows:
    """The rows of a release that was derived and not yet written."""

    def __init__(self, made: Projection) -> None:
        self.made = made

    def rows(self, config: str, columns: tuple[str, ...]) -> Iterator[Mapping[str, Any]]:
        """A config's rows, split after split."""
        for split in SPLITS:
            held = self.made.rows.get((config, split))
            if held is not None:
                yield from held.only(columns)

    def where(self, config: str, number: int, _row: Mapping[str, Any], /) -> str:
        """A row without an id."""
        return f"{config} row {number}"


def policy_of_gates(definitions: Definitions, epoch: int) -> Policy:
    """The policy by whose thresholds and targets a release is measured: that of one epoch before its last."""
    return definitions.policy_at(max(0, epoch - 1)).content


def shapes_of_definitions(definitions: Definitions, epoch: int) -> dict[str, TopicShape]:
    """What each topic in force should have."""
    languages = tuple(definitions.terms.languages) if definitions.terms is not None else ()
    targets = policy_of_gates(definitions, epoch).targets or {}
    found = {}
    for item in definitions.topics_at(epoch):
        topic = item.content
        target = targets[topic.id].percents if topic.id in targets else {}
        found[topic.id] = TopicShape(tuple(position.id for position in topic.positions), languages, target)
    return found


Failing = Mapping[str, list[dict[str, Any]]]
"""Topic that left → its measures, as the report has them."""


@dataclass(frozen=True, slots=True)
class Overruled:
    """A maintainer's word that a topic stays though it fails a gate."""

    topic: str
    gate: str
    reason: str
    maintainer: str
    """A pseudonym."""
    event: int
    """The leaf's index."""

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self)


def overruled_gates(events: Iterable[tuple[int, GateOverruled]]) -> tuple[Overruled, ...]:
    """One for each topic and gate, from the events that hold for the release."""
    return tuple(
        Overruled(event.topic, gate, event.reason, event.maintainers[0], index)
        for index, event in events
        for gate in event.gates
    )


@dataclass(frozen=True, slots=True)
class Gates:
    """What was counted and measured on the topics that stay, and the topics that left with their measures."""

    counts: Counts
    shapes: Mapping[str, TopicShape]
    measured: tuple[Measured, ...]
    gated: Failing
    limits: Thresholds
    """Where warnings and gates begin: those of the policy that was in force one epoch before the cut."""
    targets: Mapping[str, PositionTarget]
    """Topic → its written target, of that policy."""
    overruled: tuple[Overruled, ...] = ()
    """What maintainers said of gates for this release, whether the gate fails or not."""

    def other_limits(self) -> list[str]:
        """The thresholds that this dataset sets otherwise than the default, each with it."""
        usual = dict(Thresholds())
        return [f"{name} {value} instead of {usual[name]}" for name, value in self.limits if value != usual[name]]

    def say_targets(self) -> dict[str, str]:
        """Topic → its written target in words, and whether it holds."""
        found = {}
        for topic, target in sorted(self.targets.items()):
            shares = ", ".join(f"{position} {percent} %" for position, percent in target.percents.items())
            shape = self.shapes.get(topic)
            holds = shape is not None and set(shape.positions) == set(target.percents)
            found[topic] = shares if holds else f"{shares}; it names other positions than the topic, and does not hold"
        return found

    def failing(self) -> dict[str, list[Measured]]:
        """Topic that stays → the gates that it fails and that nobody overruled. Empty in a sound release."""
        return _failing(self.measured, self.overruled)

    def ended(self, outcome: str) -> list[Measured]:
        """The measures of the topics that stay that ended so."""
        return [item for item in self.measured if item.outcome == outcome]

    def not_measured(self) -> dict[str, list[str]]:
        """Topic that stays → the gates that were not measured over all of it, or for a part of it."""
        found: dict[str, dict[str, None]] = {}
        for item in self.ended("insufficient"):
            if MEASURES[item.measure].level == "gate" and item.config == ALL:
                found.setdefault(item.topic, {})[item.measure] = None
        return {topic: list(names) for topic, names in found.items()}

    def broken(self) -> list[Measured]:
        """The gates that broke on a topic that stays, and that nobody overruled: whether it fails is not known."""
        kept = {(item.topic, item.gate) for item in self.overruled}
        return [
            item
            for item in self.ended("error")
            if MEASURES[item.measure].level == "gate" and (item.topic, item.measure) not in kept
        ]

    def reasons(self) -> dict[str, str]:
        """Topic that left → the gates that it fails."""
        found = {}
        for topic, measures in self.gated.items():
            names = dict.fromkeys(str(item.get("measure")) for item in measures if item.get("breaks") == "gate")
            found[topic] = f"fails {', '.join(names)}" if names else "failed a gate when the release was cut"
        return found


def count_rows_of(made: Projection) -> Counts:
    """Count the rows of a whole release."""
    return count_release(LocalEngine(ProjectedRows(made).rows))


def count_part_of(made: Projection) -> PartCounts:
    """Count the rows of a part of a release."""
    return count_part(LocalEngine(ProjectedRows(made).rows))


def judge_gates(
    counts: Counts,
    definitions: Definitions,
    epoch: int,
    recorded: Collection[str] | None,
    stated: Failing | None,
    overruled: tuple[Overruled, ...] = (),
) -> Gates:
    """Measure a release and say which topics leave it.

    Args:
        counts: of its rows without any gate.
        definitions: every definition of the log.
        epoch: the release's last epoch.
        recorded: the topics that left it when it was cut, where the log says so.
        stated: what a bundle's own report says of the topics that left it: whoever has the bundle only lacks their
            texts, and cannot measure them. `verify` checks what of it can be checked.
        overruled: the gates that stop nothing in this release.
    """
    shapes = shapes_of_definitions(definitions, epoch)
    policy = policy_of_gates(definitions, epoch)
    limits = policy.limits
    measured = take_measures(counts, shapes, limits)
    if stated is None:
        left = _failing(measured, overruled) if recorded is None else recorded
        stated = {
            topic: [item.as_json() for item in told_from_chance(item for item in measured if item.topic == topic)]
            for topic in sorted(left)
        }
    # Warnings are told from chance among the topics that stay: whoever has the bundle only knows no others.
    stays = told_from_chance(item for item in measured if item.topic not in stated)
    return Gates(counts, shapes, tuple(stays), stated, limits, policy.targets or {}, overruled)


def _failing(measured: Iterable[Measured], overruled: Iterable[Overruled]) -> dict[str, list[Measured]]:
    kept = {(item.topic, item.gate) for item in overruled}
    return failed_gates([item for item in measured if (item.topic, item.measure) not in kept])


def recorded_gates(leaves: Iterable[bytes], rows_at: int) -> list[str] | None:
    """The topics that left the release over the first `rows_at` leaves, as its event says; None without an event."""
    found = None
    for leaf in leaves:  # To the end: a database's cursor that is left half-read stays open.
        if b'"type":"release:cut"' not in leaf:
            continue
        try:
            event = validate(EVENT, decode_leaf(leaf))
        except (SchemaInvalid, CallerError):
            continue
        if isinstance(event, ReleaseCut) and event.size == rows_at:
            found = list(event.gated)
    return found


LEAF_ONLY = (
    "balance/coverage",
    "balance/position-share",
    "balance/evenness",
    "balance/drift",
    "balance/framing-completeness",
    "provenance/reviewer-share",
)
"""The measures that need no text: whoever has the log can take them on topics that left, too."""
