"""What maintainers and auditors look at, computed once and kept.

Rules that always hold:
- figures are as of the last closed epoch, and computed once per epoch and process;
- empty seats move while rounds are open: they are counted once a day (UTC) and process, so that who asks again and
  again learns the day of a review and nothing finer.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from curation.clock import DAY
from curation.oversight.flags import open_flags
from curation.oversight.rounds import (
    OpenRound,
    controls_so_far,
    empty_seats,
    oldest_open_rounds,
    outcomes_by_epoch,
)
from curation.oversight.votes import TopicAgreement, counted_votes, odd_votes, topic_agreement
from curation.people.accounts import Actor
from curation.rulebook.controls import ControlCounts
from curation.writing import LoadedExamples
from curation_validators.gaming import Odd


@dataclass(frozen=True, slots=True)
class Oversight:
    """The figures of one epoch."""

    agreement: dict[str, TopicAgreement]
    outcomes: Counter[tuple[str, int, str]]
    """(topic, epoch, outcome) → ended stages of rounds."""
    oldest: list[OpenRound]
    controls: ControlCounts
    flags: Counter[str]
    """Topic → open flags."""
    odd: dict[str, list[Odd]] = field(default_factory=dict)
    """Topic → reviewers to look at; looked for when somebody asks."""


def may_oversee(actor: Actor) -> None:
    """Raise NotAllowed unless the actor is a maintainer or an auditor."""
    actor.require("maintainer", "auditor")


class KeptOversight:
    """The figures of the latest epoch that was asked for, and the empty seats of the latest day."""

    def __init__(self) -> None:
        self._epoch: int | None = None
        self._figures: Oversight | None = None
        self._counted: tuple[int, int] | None = None
        self._seats: Counter[tuple[str, str, str]] = Counter()

    def at(self, loaded: LoadedExamples) -> Oversight:
        """The figures as of the last closed epoch."""
        if self._figures is None or self._epoch != loaded.epoch:
            self._figures, self._epoch = read_oversight(loaded), loaded.epoch
        return self._figures

    def seats(self, loaded: LoadedExamples, now: int) -> Counter[tuple[str, str, str]]:
        """(topic, perspective, language) → empty seats, as they were when somebody first asked on this day."""
        wanted = (loaded.epoch, now // DAY)
        if self._counted != wanted:
            self._seats, self._counted = empty_seats(loaded), wanted
        return self._seats

    def odd(self, loaded: LoadedExamples, topic: str) -> list[Odd]:
        """Reviewers of a topic whose votes somebody should look at."""
        figures = self.at(loaded)
        if topic not in figures.odd:
            figures.odd[topic] = odd_votes(loaded.connection, counted_votes(loaded.connection), topic)
        return figures.odd[topic]


def read_oversight(loaded: LoadedExamples) -> Oversight:
    """Compute the figures."""
    topics = [item.content.id for item in loaded.definitions.topics_at(loaded.epoch)]
    return Oversight(
        topic_agreement(counted_votes(loaded.connection), topics),
        outcomes_by_epoch(loaded),
        oldest_open_rounds(loaded),
        controls_so_far(loaded),
        Counter(flag.topic for flag in open_flags(loaded)),
    )
