"""Acceptance: judged per required perspective, never by one pooled majority.

Rules that always hold:
- a perspective is *satisfied* when all its seats are filled, at least `min_accepts` of them accept, and they are at
  least `min_share` of the seats;
- a seat still empty → `needs_reviews`; every perspective satisfied → `accepted`; none → `rejected`; some → `contested`;
- the order of votes never matters, and turning a vote from reject to accept never makes the outcome worse;
- votes of perspectives that are not required are ignored.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from curation_validators.statistics import binomial_tail

Status = Literal["accepted", "contested", "rejected", "needs_reviews"]


@dataclass(frozen=True, slots=True)
class Vote:
    """One filled seat: who (any stable identifier), for which perspective, and whether it accepts."""

    person: str
    perspective: str
    accepts: bool


@dataclass(frozen=True, slots=True)
class AcceptancePolicy:
    """N `seats` per required perspective, of which `min_accepts` and the share `min_share` (0 to 1) must accept."""

    seats: int
    min_accepts: int
    min_share: float | Fraction
    needed: int = field(init=False, compare=False)
    """How many of the seats must accept, by both thresholds together."""

    def __post_init__(self) -> None:
        if not (1 <= self.min_accepts <= self.seats):
            raise ValueError(f"min_accepts must lie between 1 and the {self.seats} seats, not {self.min_accepts}")
        if not (0 <= self.min_share <= 1):
            raise ValueError(f"min_share must lie between 0 and 1, not {self.min_share}")
        # Exact: 0.60 as a float lies a hair under 3/5, and 3 of 5 must reach it either way.
        share = Fraction(self.min_share).limit_denominator(10_000)
        object.__setattr__(self, "needed", max(self.min_accepts, math.ceil(share * self.seats)))

    def satisfied_by(self, accepts: int) -> bool:
        """Whether `accepts` out of `seats` filled seats satisfy a perspective."""
        return accepts >= self.needed


@dataclass(frozen=True, slots=True)
class Decision:
    """The status, and the required perspectives that still have empty seats, in the order of `required`."""

    status: Status
    missing: tuple[str, ...]


def decide(required: Sequence[str], votes: Sequence[Vote], policy: AcceptancePolicy) -> Decision:
    """Judge one round from its seat votes.

    Args:
        required: ids of the required perspectives.
        votes: the filled seats, in any order.
        policy: seats and thresholds; for a round with its appeal, those of both together.

    Raises:
        ValueError: a person has two votes, a perspective has more votes than seats, or nothing is required.
    """
    if not required or len(set(required)) != len(required):
        raise ValueError("name each required perspective once, and at least one")
    wanted = set(required)
    counted = [vote for vote in votes if vote.perspective in wanted]
    people = [vote.person for vote in counted]
    if len(set(people)) != len(people):
        raise ValueError("a person has two votes in one round")
    filled = dict.fromkeys(required, 0)
    accepts = dict.fromkeys(required, 0)
    for vote in counted:
        filled[vote.perspective] += 1
        accepts[vote.perspective] += vote.accepts
    for perspective, number in filled.items():
        if number > policy.seats:
            raise ValueError(f"perspective {perspective} has {number} votes for {policy.seats} seats")
    missing = tuple(perspective for perspective in required if filled[perspective] < policy.seats)
    if missing:
        return Decision("needs_reviews", missing)
    satisfied = sum(policy.satisfied_by(accepts[perspective]) for perspective in required)
    if satisfied == len(required):
        return Decision("accepted", ())
    return Decision("contested" if satisfied else "rejected", ())


def operating_characteristic(policy: AcceptancePolicy, q: Iterable[float]) -> float:
    """The chance that a policy accepts a text.

    Args:
        policy: seats and thresholds, the same for every perspective.
        q: for each required perspective, the chance that one of its seats accepts. Seats are taken as independent.

    Returns:
        The product over perspectives of P(Bin(N, q) ≥ needed), between 0 and 1.

    Source: the operating characteristic of a sampling plan (Dodge and Romig, Sampling Inspection Tables, 1944).
    """
    q = tuple(q)
    if not q or any(not 0 <= chance <= 1 for chance in q):
        raise ValueError("q needs a chance between 0 and 1 for each required perspective, and at least one")
    return math.prod(binomial_tail(policy.seats, chance, policy.needed) for chance in q)


def infiltration_limit(policy: AcceptancePolicy, honest: float = 0.10, slips: float = 0.05) -> float:
    """The largest share of a perspective's seats that an organised group may hold before slanted texts get in.

    The text is slanted against this perspective: the group's seats accept it always, the others with the chance
    `honest`, and every other perspective accepts it. It gets in with a chance of at most `slips` up to this share.
    0 where honest seats alone let more through.
    """
    low, high = 0.0, 1.0
    if binomial_tail(policy.seats, honest, policy.needed) > slips:
        return 0.0
    for _ in range(60):
        share = (low + high) / 2
        accepts = share + (1 - share) * honest
        if binomial_tail(policy.seats, accepts, policy.needed) <= slips:
            low = share
        else:
            high = share
    return low
