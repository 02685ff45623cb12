"""Who declared which perspective on which topic: pseudonyms only, as the log has them.

Rules that always hold (pure; used alike by commands, projection and verification):
- a pseudonym's declarations on its topic form one chain; the last one is in force;
- a first declaration counts at once; a changed one counts for rounds opened in a later epoch than the change;
- a declaration that was replaced still carries the seats of rounds opened in that epoch or before.
"""

from __future__ import annotations

from dataclasses import dataclass

from curation.errors import Refused
from curation.rulebook.definitions import Frame
from curation_schemas.events import PerspectiveDeclared


@dataclass(slots=True)
class Declaration:
    """One declaration and, once another replaced it, the epoch in which that happened."""

    leaf: str
    topic: str
    pseudonym: str
    perspective: str | None
    epoch: int
    changed: bool
    replaced_in: int | None = None

    def holds_for(self, opened_in: int) -> bool:
        """Whether a round opened in that epoch may rest on this declaration."""
        if self.changed and opened_in <= self.epoch:
            return False
        return self.replaced_in is None or opened_in <= self.replaced_in


class Declarations:
    """Every declaration of one log so far, by leaf and by pseudonym."""

    def __init__(self) -> None:
        self.by_leaf: dict[str, Declaration] = {}
        self.latest: dict[str, Declaration] = {}

    def check(self, event: PerspectiveDeclared, frame: Frame | None) -> None:
        """Raise Refused when the event may not stand here; `frame` is its topic's, in force or of a draft."""
        if frame is None or event.definition != frame.leaf:
            raise Refused("declare/topic-known", f"there is no topic {event.topic} in force, or not in this definition")
        known = frame.perspectives
        if event.perspective is not None and event.perspective not in known:
            raise Refused(
                "declare/topic-known",
                f"topic {event.topic} has no perspective {event.perspective}",
                hint=f"Choose one of: {', '.join(known)}.",
            )
        latest = self.latest.get(event.pseudonym)
        if event.supersedes != (latest.leaf if latest else None) or (latest and latest.topic != event.topic):
            raise Refused("declare/chain", "the declaration does not continue this pseudonym's latest one")

    def apply(self, event: PerspectiveDeclared, leaf: str, epoch: int) -> None:
        """Take the event in. Call `check` first."""
        previous = self.latest.get(event.pseudonym)
        if previous is not None:
            previous.replaced_in = epoch
        declaration = Declaration(
            leaf, event.topic, event.pseudonym, event.perspective, epoch, changed=previous is not None
        )
        self.by_leaf[leaf] = self.latest[event.pseudonym] = declaration
