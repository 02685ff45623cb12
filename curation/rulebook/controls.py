"""Planted controls: examples slanted on purpose, by which reviewing is measured.

Rules that always hold (pure; used alike by commands and verification):
- a control is committed to in an earlier epoch than its proposal, so nobody can name one once its votes are known;
- it is opened in the epoch in which its round ends, or never; then everybody sees which it was and how it was judged;
- it is in no release, whatever its outcome, and what was opened is not appealed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from curation.errors import LogInconsistent, Refused
from curation.log.leaf import canonical_json, commitment
from curation.rulebook.definitions import Definitions
from curation.rulebook.history import History
from curation.rulebook.rounds import Round
from curation_schemas.events import ControlOpened


def control_body(example: str, direction: str) -> dict[str, str]:
    """What stands behind the commitment of a control."""
    return {"example": example, "direction": direction}


@dataclass(frozen=True, slots=True)
class ControlCounts:
    """How many controls a log has: planted, opened, and accepted of those opened with an outcome of full seats."""

    planted: int
    opened: int
    judged: int
    accepted: int

    def plus(self, other: ControlCounts) -> ControlCounts:
        """With those of other examples of the same log."""
        return ControlCounts(
            self.planted, self.opened + other.opened, self.judged + other.judged, self.accepted + other.accepted
        )


def count_controls(planted: int, opened: Iterable[History]) -> ControlCounts:
    """Count how the opened controls fared; those that ended without full seats were not judged."""
    outcomes = [history.outcome_of(history.latest) for history in opened]
    judged = [outcome for outcome in outcomes if outcome in ("accepted", "contested", "rejected")]
    return ControlCounts(planted, len(outcomes), len(judged), judged.count("accepted"))


def check_opened(
    event: ControlOpened, opened_before: bool, proposed_in: int, stages: list[Round], epoch: int, known: Definitions
) -> None:
    """Raise Refused unless a control is opened as it was committed to, in time, and once.

    Args:
        event: the opening.
        opened_before: whether the example was opened already.
        proposed_in: the epoch of its proposal.
        stages: the stages of its round.
        epoch: the epoch of the opening.
        known: the definitions, which hold what was planted.
    """
    planted = known.planted.get(event.planted)
    if planted is None or opened_before or event.planted in known.opened:
        raise Refused("control/planted", "the control was not planted, or was opened before")
    if planted.epoch >= proposed_in:
        raise Refused("control/planted", "the control was committed to only when its example was proposed, or later")
    try:
        body = canonical_json(control_body(event.example, event.direction))
        fits = commitment("control", bytes.fromhex(event.salt), body) == planted.commitment
    except LogInconsistent:
        fits = False
    if not fits:
        raise Refused("control/planted", "another example or direction was committed to")
    ended = stages[-1]
    if ended.closed is None or event.closing != ended.closed or ended.closed_in != epoch:
        raise Refused("control/opened", "a control is opened in the epoch in which its round ends")
