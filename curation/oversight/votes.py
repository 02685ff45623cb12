"""The votes of ended rounds, as the log has them, and what can be told from them.

Rules that always hold:
- only sealed reviews are read: a review waits for its round to end, so no figure tells a vote of an open round;
- a review that was superseded counts nowhere;
- what fewer than twenty revisions carry is not measured (`None`), and never passes for agreement;
- reviewers are named by their pseudonym on the topic, as the log names them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, select

from curation.tables import log_epochs, log_leaves
from curation_validators.agreement import alpha_interval, alpha_of_units, unit_of
from curation_validators.gaming import Odd, odd_reviewers

LEAST_REVISIONS = 20
"""Revisions with two votes or more that it takes to measure agreement."""
_DRAWS = 200


class Vote(msgspec.Struct, frozen=True, gc=False):
    """A sealed review: the fields of its leaf that figures need."""

    topic: str
    example: str
    revision: str
    perspective: str
    pseudonym: str
    verdict: str
    comparison: str | None = None
    supersedes: str | None = None

    @property
    def accepts(self) -> bool:
        """Whether the acceptance rule counts it as an accept."""
        return self.verdict == "accept" and self.comparison in (None, "chosen")


_decode: Final = msgspec.json.Decoder(Vote).decode


@dataclass(frozen=True, slots=True)
class CastVote:
    """A vote that counted, with the index of its leaf."""

    vote: Vote
    index: int


def counted_votes(connection: Connection) -> list[CastVote]:
    """Every vote of an ended round that counted, in the order of the log."""
    query = select(log_leaves.c.idx, log_leaves.c.hash, log_leaves.c.leaf).where(
        log_leaves.c.type == "review:submitted"
    )
    cast = {
        row.hash: CastVote(_decode(row.leaf), row.idx) for row in connection.execute(query.order_by(log_leaves.c.idx))
    }
    replaced = {item.vote.supersedes for item in cast.values()}
    return [item for leaf, item in cast.items() if leaf not in replaced]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Krippendorff's alpha of accept against not, nominal; None where it was not measured or is undefined."""

    votes: int
    revisions: int
    """Those with two votes or more."""
    alpha: float | None
    low: float | None = None
    high: float | None = None
    """A bootstrap interval of 95 % over revisions."""


def agreement_of(votes: Iterable[Vote]) -> Agreement:
    """How far votes on the same revision agree.

    A diagnostic and no gate: on a contested topic low agreement is no defect (curation_validators/agreement.py).
    """
    by_revision: dict[str, list[bool]] = {}
    for vote in votes:
        by_revision.setdefault(vote.revision, []).append(vote.accepts)
    units = Counter(unit_of(map(int, found)) for found in by_revision.values() if len(found) > 1)
    cast, revisions = sum(map(len, by_revision.values())), units.total()
    if revisions < LEAST_REVISIONS:
        return Agreement(cast, revisions, None)
    low, high = alpha_interval(units, draws=_DRAWS) or (None, None)
    return Agreement(cast, revisions, alpha_of_units(units), low, high)


@dataclass(frozen=True, slots=True)
class TopicAgreement:
    """Agreement on a topic over all, and among those of one perspective."""

    overall: Agreement
    within: Mapping[str, Agreement]


def topic_agreement(votes: Iterable[CastVote], topics: Iterable[str]) -> dict[str, TopicAgreement]:
    """Agreement on each of these topics."""
    by_topic: dict[str, list[Vote]] = {topic: [] for topic in topics}
    for item in votes:
        if item.vote.topic in by_topic:
            by_topic[item.vote.topic].append(item.vote)
    return {topic: _agreement_on(found) for topic, found in by_topic.items()}


def _agreement_on(votes: list[Vote]) -> TopicAgreement:
    within: dict[str, list[Vote]] = {}
    for vote in votes:
        within.setdefault(vote.perspective, []).append(vote)
    return TopicAgreement(agreement_of(votes), {name: agreement_of(found) for name, found in sorted(within.items())})


def odd_votes(connection: Connection, votes: Iterable[CastVote], topic: str) -> list[Odd]:
    """Reviewers of a topic whose votes somebody should look at (curation_validators/gaming.py): no verdict."""
    sizes = list(connection.execute(select(log_epochs.c.size).order_by(log_epochs.c.epoch)).scalars())
    rows: list[dict[str, Any]] = [
        {
            "example_id": item.vote.example,
            "revision": item.vote.revision,
            "reviewer": item.vote.pseudonym,
            "perspective": item.vote.perspective,
            "verdict": item.vote.verdict,
            "comparison": item.vote.comparison,
            "counted": True,
            "event": item.index,
        }
        for item in votes
        if item.vote.topic == topic
    ]
    return odd_reviewers(rows, {row["example_id"]: topic for row in rows}, sizes)
