"""What the log gives for a bundle, once its rows were compared with it: found over the whole log, or part by part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from curation.audit.bundle import BundleOpenings
from curation.audit.report import Report
from curation.releases.derive import Asked, Papers
from curation.releases.project import Projection, project
from curation.rulebook.placement import Published
from curation.rulebook.replay import Replay
from curation_validators.counting import Counts

UNFORESEEN = (
    OSError,
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
    MemoryError,
)
"""What bytes that no check foresaw may raise."""


@dataclass(frozen=True)
class Found:
    """What the rest of a bundle is compared with."""

    state: Replay
    """The log's; what examples have in it is not there when it was looked at in parts."""
    papers: Papers
    snapshots: Mapping[int, Published]
    """What each earlier release held, by its size."""
    strictest: list[tuple[str, str]]
    """See `not_admitted_by_strictest`."""
    left: Counts | None
    """Where topics left by a gate: the counts with them, as far as they need no text."""


def check_openings(made: Projection, openings: BundleOpenings, report: Report) -> None:
    """A bundle carries the openings of its own rows, each under the log index of its act, and no others."""
    used = {commitment: index for index, commitment in made.openings}
    for commitment, (index, _, _) in openings.index.items():
        if commitment not in used:
            report.fail("openings", f"holds the opening of {commitment[:16]}…, which no row of this bundle needs")
        elif used[commitment] != index:
            report.fail(
                "openings", f"places the opening of {commitment[:16]}… at {index}; its act is {used[commitment]}"
            )


def leaf_only(state: Replay, asked: Asked) -> Projection:
    """The rows with the topics that left, as whoever lacks their openings can derive them."""
    return project(state, lambda _unit, _commitment: None, asked.later)
