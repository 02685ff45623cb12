"""Reviewers whose votes people should look at: who votes like another perspective, and who always votes together.

Rules that always hold (pure):
- what is found changes no vote and fails no validation: it is a reason to look, and there are honest ones for each;
- people are named as a release names them, by the pseudonym that they have on that topic;
- a topic is looked at from twenty votes on; nobody is judged by fewer than five;
- nobody is said to vote like another perspective where perspectives do not tell votes apart: four in five must vote
  more like their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from curation_validators.contents import Row
from curation_validators.reviewing import always_together, bridging_factors, misplaced_voters

LEAST_VOTES, LEAST_OF_ONE = 20, 5
MOST_VOTES = 4_000
"""Votes of a topic that are looked at: the first ones. Factorizing takes time in proportion."""
_SETTLED = 1e-3
_OWN_PERCENT = 80


@dataclass(frozen=True, slots=True)
class Odd:
    """One or two reviewers on one topic, and what is odd about their votes."""

    topic: str
    reviewers: tuple[str, ...]
    message: str

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"topic": self.topic, "reviewers": list(self.reviewers), "message": self.message}


@dataclass(frozen=True, slots=True)
class _Vote:
    reviewer: str
    perspective: str
    item: str
    value: float


def odd_reviewers(reviews: Iterable[Row], topic_of: Mapping[str, str]) -> list[Odd]:
    """Look at the votes of every topic.

    Args:
        reviews: rows of a release's config `reviews`; those that did not count are passed over.
        topic_of: example → topic.
    """
    by_topic: dict[str, list[_Vote]] = {}
    for row in reviews:
        vote = _vote(row)
        topic = topic_of.get(str(row.get("example_id")))
        if vote is not None and topic is not None and len(by_topic.setdefault(topic, [])) < MOST_VOTES:
            by_topic[topic].append(vote)
    return [
        odd
        for topic, votes in sorted(by_topic.items())
        if len(votes) >= LEAST_VOTES
        for odd in (*_misplaced(topic, votes), *_together(topic, votes))
    ]


def _vote(row: Row) -> _Vote | None:
    names = [row.get(name) for name in ("reviewer", "perspective", "revision")]
    if row.get("counted") is not True or not all(isinstance(name, str) for name in names):
        return None
    accepts = row.get("verdict") == "accept" and row.get("comparison") in (None, "chosen")
    reviewer, perspective, revision = map(str, names)
    return _Vote(reviewer, perspective, revision, float(accepts))


def _misplaced(topic: str, votes: list[_Vote]) -> Iterable[Odd]:
    """One perspective for each reviewer: the one for which they voted last."""
    perspective_of = {vote.reviewer: vote.perspective for vote in votes}
    cast = Counter(vote.reviewer for vote in votes)
    # One value for each voter and item: an appeal has other people in it, so a second one is a repeated row.
    values = {(vote.reviewer, vote.item): vote.value for vote in votes}
    cells = ((reviewer, item, value) for (reviewer, item), value in values.items())
    bridging = bridging_factors(cells, settled=_SETTLED)
    if 100 * len(misplaced_voters(bridging, perspective_of, 0.0)) > (100 - _OWN_PERCENT) * len(perspective_of):
        return
    for reviewer in misplaced_voters(bridging, perspective_of):
        if cast[reviewer] >= LEAST_OF_ONE:
            declared = perspective_of[reviewer]
            message = f"sits for {declared} and votes more like another perspective, over {cast[reviewer]} votes"
            yield Odd(topic, (reviewer,), message)


def _together(topic: str, votes: list[_Vote]) -> Iterable[Odd]:
    values = {(vote.reviewer, vote.item): vote.value for vote in votes}
    cast = [(reviewer, item, value) for (reviewer, item), value in values.items()]
    for one, other, items in always_together(cast):
        yield Odd(topic, (one, other), f"judged {items} revisions together and never differed, where others did")
