"""A review as a history keeps it: what is asked of it later, and no more.

Rules that always hold (pure):
- there are several times as many reviews as anything else, so each is small, and words that recur are kept once.
"""

from __future__ import annotations

from sys import intern
from typing import Literal, NamedTuple

from curation_schemas.events import ReviewSubmitted
from curation_schemas.review import Comparison, OrderShown, PositionsSeen, ReasonCode, Scores, Verdict, Via


class KeptReview(NamedTuple):
    """The fields of a ReviewSubmitted event that rows, stories and rules need."""

    pseudonym: str
    revision: str
    round: int
    perspective: str
    seat: int
    declaration: str
    verdict: Verdict
    scores: Scores
    reasons: tuple[ReasonCode, ...]
    rationale: str | None
    counter_source: str | None
    comparison: Comparison | None
    order_shown: OrderShown | None
    positions_seen: PositionsSeen | None
    supersedes: str | None
    via: Via
    annotation: str | None
    auth: Literal["self", "server"]


def keep_review(event: ReviewSubmitted, revision: str) -> KeptReview:
    """Keep a review; `revision` is the id that its history already holds."""
    return KeptReview(
        intern(event.pseudonym),
        revision,
        event.round,
        intern(event.perspective),
        event.seat,
        intern(event.declaration),
        event.verdict,
        event.scores,
        tuple(event.reasons),
        event.rationale,
        event.counter_source,
        event.comparison,
        event.order_shown,
        event.positions_seen,
        event.supersedes,
        event.via,
        event.annotation,
        event.auth,
    )
