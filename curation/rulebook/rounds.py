"""One round: the judging of one revision, seat by seat.

Rules that always hold (pure; used alike by commands, projection and verification):
- a round has exactly N seats per required perspective; an appeal adds N more, for people who were not in the first;
- only the latest review in a seat votes; a review that was superseded stays in the log and does not count;
- the outcome is `curation_validators.acceptance.decide` of the seat votes and nothing else;
- an appeal that runs out of time leaves the first outcome standing: silence never accepts and never rejects.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from sys import intern
from typing import Any, NamedTuple

from curation.errors import Refused
from curation_schemas.definition import AcceptanceRule
from curation_schemas.events import ReviewSubmitted, RoundClosed, SeatPassed
from curation_schemas.review import Outcome, Verdict
from curation_validators.acceptance import AcceptancePolicy, Decision, Vote, decide

SeatKey = tuple[str, int]
"""A perspective and the number of a seat in it."""


class Cast(NamedTuple):
    """A vote in a seat."""

    leaf: str
    pseudonym: str
    accepts: bool
    verdict: Verdict


def accepts(event: ReviewSubmitted, kind: str) -> bool:
    """Whether a review is a vote to accept: for a preference pair, `chosen` must also be the answer preferred."""
    return event.verdict == "accept" and (kind != "preference" or event.comparison == "chosen")


@cache
def _policy(seats: int, min_accepts: int, min_share_percent: int, stage: int) -> AcceptancePolicy:
    """The acceptance policy of a round (stage 1) or of a round with its appeal (stage 2)."""
    return AcceptancePolicy(seats * stage, min_accepts * stage, Fraction(min_share_percent, 100))


@dataclass(slots=True)
class Round:
    """The state of one stage of a round: stage 1, or the appeal as stage 2 with `first` as its first stage."""

    revision: str
    number: int
    stage: int
    required: tuple[str, ...]
    rule: AcceptanceRule
    epoch: int
    """The epoch of the act that opened this stage."""
    first: Round | None = None
    appeal: str | None = None
    seats: dict[SeatKey, Cast] = field(default_factory=dict)
    superseded: dict[str, SeatKey] = field(default_factory=dict)
    passed: dict[str, str] = field(default_factory=dict)
    """Leaf of a seat handed on → the pseudonym that handed it on."""
    closed: str | None = None
    """The leaf that ended this stage."""
    closed_in: int | None = None
    how: str | None = None
    outcome: Outcome | None = None

    def seat_numbers(self) -> range:
        """The numbers of this stage's seats in each perspective."""
        return range((self.stage - 1) * self.rule.seats + 1, self.stage * self.rule.seats + 1)

    @property
    def full(self) -> bool:
        """Whether every seat of this stage is filled."""
        return len(self.seats) == len(self.required) * self.rule.seats

    def people(self) -> set[str]:
        """The pseudonyms that filled a seat in this stage."""
        return {cast.pseudonym for cast in self.seats.values()}

    def empty_seats(self, perspective: str) -> list[int]:
        """The numbers of the perspective's seats that nobody filled."""
        return [number for number in self.seat_numbers() if (perspective, number) not in self.seats]

    def holds(self, leaf: str) -> bool:
        """Whether this leaf is a vote in this stage."""
        return leaf in self.superseded or any(cast.leaf == leaf for cast in self.seats.values())

    def cast_by(self, pseudonym: str) -> tuple[SeatKey, Cast] | None:
        """The seat that this person filled, and the vote in it."""
        for key, cast in self.seats.items():
            if cast.pseudonym == pseudonym:
                return key, cast
        return None

    def all_seats(self) -> list[tuple[SeatKey, Cast]]:
        """Every filled seat, the first stage's too, in the order of perspective and number."""
        seats = dict(self.first.seats) if self.first else {}
        seats.update(self.seats)
        rank = {perspective: place for place, perspective in enumerate(self.required)}
        return sorted(seats.items(), key=lambda item: (rank[item[0][0]], item[0][1]))

    def decision(self) -> Decision:
        """What the acceptance rule says of all votes so far, the first stage's included."""
        stages = [self.first, self] if self.first else [self]
        votes = [
            Vote(cast.pseudonym, perspective, cast.accepts)
            for stage in stages
            for (perspective, _), cast in stage.seats.items()
        ]
        rule = self.rule
        return decide(self.required, votes, _policy(rule.seats, rule.min_accepts, rule.min_share_percent, self.stage))

    def tally(self) -> list[tuple[str, int, int]]:
        """(perspective, filled seats, accepts) for each required perspective, the first stage's included."""
        filled = dict.fromkeys(self.required, 0)
        accepting = dict.fromkeys(self.required, 0)
        seats = [*(self.first.seats.items() if self.first else ()), *self.seats.items()]
        for (perspective, _), cast in seats:
            filled[perspective] += 1
            accepting[perspective] += cast.accepts
        return [(perspective, filled[perspective], accepting[perspective]) for perspective in self.required]

    def check_seat(self, event: ReviewSubmitted | SeatPassed) -> None:
        """Raise Refused unless the seat exists, the round is open, and this person may sit in it."""
        if self.closed is not None:
            raise Refused(
                "review/round-open",
                f"round {self.number} of this revision has ended",
                hint="Ask the queue for another seat.",
            )
        if event.perspective not in self.required:
            raise Refused(
                "review/perspective-required",
                f"perspective {event.perspective} has no seats in this round",
                hint=f"Seats exist for: {', '.join(self.required)}.",
            )
        if (event.round, event.stage, event.appeal) != (self.number, self.stage, self.appeal):
            raise Refused("review/seat-exists", f"the seat names round {event.round} stage {event.stage} wrongly")
        numbers = self.seat_numbers()
        if event.seat not in numbers:
            first, last = numbers[0], numbers[-1]
            raise Refused("review/seat-exists", f"seat {event.seat} does not exist; this stage has {first} to {last}")
        if self.passed and event.pseudonym in self.passed.values():
            raise Refused("review/one-seat", "this person handed a seat of this round on already")
        if self.first is not None and event.pseudonym in self.first.people() | set(self.first.passed.values()):
            raise Refused("review/appeal-new-people", "this person took part in the round that was appealed")

    def check_review(self, event: ReviewSubmitted, kind: str) -> None:
        """Raise Refused when the review may not stand here."""
        self.check_seat(event)
        self._check_reasons(event, kind)
        mine = self.cast_by(event.pseudonym)
        key = (event.perspective, event.seat)
        if event.supersedes is not None:
            if mine is None or mine[0] != key or mine[1].leaf != event.supersedes:
                raise Refused("review/supersede-own", "the review does not supersede this person's latest in this seat")
        elif mine is not None:
            raise Refused(
                "review/one-seat",
                f"this person fills seat {mine[0][1]} for {mine[0][0]} already",
                hint="Supersede that review instead.",
            )
        elif key in self.seats:
            raise Refused("review/seat-empty", f"seat {event.seat} for {event.perspective} is filled")

    @staticmethod
    def _check_reasons(event: ReviewSubmitted, kind: str) -> None:
        if event.verdict != "accept" and not (event.reasons and event.rationale):
            raise Refused("review/reasons", f"verdict {event.verdict} lacks reason codes or a rationale")
        if "inaccurate" in event.reasons and event.counter_source is None:
            raise Refused("review/counter-source", "the review says «inaccurate» and names no counter-source")
        if (event.comparison is not None) != (kind == "preference"):
            wanted = "needs a comparison of its answers" if kind == "preference" else "has no answers to compare"
            raise Refused("review/comparison", f"a {kind} example {wanted}")
        if (event.annotation is not None) != (event.via == "label-studio"):
            wanted = "lacks the commitment to its" if event.annotation is None else "commits to an"
            raise Refused("review/annotation", f"a review via {event.via} {wanted} annotation")

    def apply_review(self, event: ReviewSubmitted, leaf: str, kind: str) -> None:
        """Take the review in. Call `check_review` first."""
        key = (intern(event.perspective), event.seat)
        if event.supersedes is not None:
            self.superseded[event.supersedes] = key
        self.seats[key] = Cast(leaf, intern(event.pseudonym), accepts(event, kind), event.verdict)

    def check_pass(self, event: SeatPassed) -> None:
        """Raise Refused when this person cannot hand this seat on."""
        self.check_seat(event)
        if self.cast_by(event.pseudonym) is not None:
            raise Refused(
                "review/one-seat", "this person has reviewed in this round; a review is superseded, not passed"
            )

    def check_closing(self, event: RoundClosed) -> None:
        """Raise Refused unless this is how the stage ends."""
        if self.closed is not None:
            raise Refused("round/end", f"round {self.number} stage {self.stage} has ended already")
        if (event.round, event.stage, event.appeal) != (self.number, self.stage, self.appeal):
            raise Refused("round/end", "the round's end names another round or stage")
        votes = sorted(cast.leaf for cast in self.seats.values())
        if event.counted != votes or event.passed != sorted(self.passed):
            raise Refused("round/votes", f"the round's end counts {len(event.counted)} votes; {len(votes)} were cast")
        outcome, missing = self._expected_end(event.how)
        if event.missing != list(missing) or event.outcome != outcome:
            raise Refused(
                "round/outcome",
                f"the round's end says {event.outcome}; its votes give {outcome}"
                + (f" with empty seats for {', '.join(missing)}" if missing else ""),
            )

    def _expected_end(self, how: str) -> tuple[Outcome | None, tuple[str, ...]]:
        decision = self.decision()
        if how in ("revised", "withdrawn"):
            return None, decision.missing
        if (decision.status == "needs_reviews") != (how == "time"):
            raise Refused("round/end", f"the round's end says «{how}»; its status is {decision.status}")
        if decision.status != "needs_reviews":
            return decision.status, ()
        return (self.first.outcome if self.first else "unresolved"), decision.missing

    def closing_fields(self, how: str, by: str | None = None) -> dict[str, Any]:
        """The fields of the RoundClosed event that ends this stage now."""
        outcome, missing = self._expected_end(how)
        return {
            "revision": self.revision,
            "round": self.number,
            "stage": self.stage,
            "how": how,
            "outcome": outcome,
            "missing": list(missing),
            "counted": sorted(cast.leaf for cast in self.seats.values()),
            "passed": sorted(self.passed),
            "appeal": self.appeal,
            "by": by,
        }

    def apply_closing(self, event: RoundClosed, leaf: str, epoch: int) -> None:
        """Take the end in. Call `check_closing` first."""
        self.closed_in = epoch
        self.closed, self.how, self.outcome = leaf, event.how, event.outcome
