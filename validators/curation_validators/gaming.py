"""Reviewers whose votes people should look at: who votes like another perspective, who always votes together, and who
votes in bursts.

Rules that always hold (pure):
- what is found changes no vote and fails no validation: it is a reason to look, and there are honest ones for each;
- people are named as a release names them, by the pseudonym that they have on that topic;
- a topic is looked at from twenty votes on; nobody is judged by fewer than five;
- nobody is said to vote like another perspective where perspectives do not tell votes apart: four in five must vote
  more like their own;
- a burst is told by epochs, for nothing finer is known: votes stand in the epoch in which their round ended.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from curation_validators.contents import Row
from curation_validators.reviewing import always_together, bridging_factors, misplaced_voters
from curation_validators.statistics import benjamini_hochberg, binomial_tail

LEAST_VOTES, LEAST_OF_ONE = 20, 5
MOST_VOTES = 4_000
"""Votes of a topic that are looked at: the first ones. Factorizing takes time in proportion."""
_SETTLED = 1e-3
_OWN_PERCENT = 80
_LEAST_OF_BURST = 10
"""Votes of one reviewer in one epoch."""


OddKind = Literal["misplaced", "together", "burst"]


@dataclass(frozen=True, slots=True)
class OddRule:
    """What is looked for, what to do where it is found, and the version of the check. Each is a warning."""

    sentence: str
    hint: str
    version: int = 1


ODD_RULES: dict[str, OddRule] = {
    "reviewing/misplaced": OddRule(
        "A reviewer votes more like their own perspective than like another.",
        "Look at their rationales, and ask them whether they still stand where they declared; change no vote.",
    ),
    "reviewing/together": OddRule(
        "No two reviewers agree on all of twenty revisions or more, where others differ.",
        "Look at both their rationales, and ask whether they judge apart; change no vote.",
    ),
    "reviewing/burst": OddRule(
        "Nobody casts over twice the others' share of their votes in one epoch, beyond chance.",
        "Look at what was judged in that epoch, and ask what brought them there; change no vote.",
    ),
}


@dataclass(frozen=True, slots=True)
class Odd:
    """One or two reviewers on one topic, and what is odd about their votes."""

    topic: str
    reviewers: tuple[str, ...]
    message: str
    kind: OddKind
    facts: Mapping[str, str | int]
    """What the message says, for other languages: `perspective`, `votes`, `revisions`, `cast`, `epoch`, `percent`."""

    @property
    def rule(self) -> str:
        """The rule's id."""
        return f"reviewing/{self.kind}"

    def __str__(self) -> str:
        rule = ODD_RULES[self.rule]
        named = " and ".join(self.reviewers)
        return f"{self.topic}, {named}: {self.message}. {rule.hint} (rule {self.rule}, version {rule.version})"

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        rule = ODD_RULES[self.rule]
        return {
            "rule": self.rule,
            "severity": "warn",
            "version": rule.version,
            "topic": self.topic,
            "reviewers": list(self.reviewers),
            "message": self.message,
            "hint": rule.hint,
        }


@dataclass(frozen=True, slots=True)
class _Vote:
    reviewer: str
    perspective: str
    item: str
    value: float
    epoch: int | None


def odd_reviewers(reviews: Iterable[Row], topic_of: Mapping[str, str], epochs: Sequence[int] = ()) -> list[Odd]:
    """Look at the votes of every topic.

    Args:
        reviews: rows of a release's config `reviews`; those that did not count are passed over.
        topic_of: example → topic.
        epochs: the log's size at the end of each epoch, from the first on; without them no burst can be told.
    """
    by_topic: dict[str, list[_Vote]] = {}
    for row in reviews:
        vote = _vote(row, epochs)
        topic = topic_of.get(str(row.get("example_id")))
        if vote is not None and topic is not None and len(by_topic.setdefault(topic, [])) < MOST_VOTES:
            by_topic[topic].append(vote)
    return [
        odd
        for topic, votes in sorted(by_topic.items())
        if len(votes) >= LEAST_VOTES
        for odd in (*_misplaced(topic, votes), *_together(topic, votes), *_bursts(topic, votes))
    ]


def _vote(row: Row, epochs: Sequence[int]) -> _Vote | None:
    names = [row.get(name) for name in ("reviewer", "perspective", "revision")]
    if row.get("counted") is not True or not all(isinstance(name, str) for name in names):
        return None
    accepts = row.get("verdict") == "accept" and row.get("comparison") in (None, "chosen")
    reviewer, perspective, revision = map(str, names)
    index = row.get("event")
    epoch = bisect_right(epochs, index) if epochs and isinstance(index, int) else None
    return _Vote(reviewer, perspective, revision, float(accepts), epoch)


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
            facts: dict[str, str | int] = {"perspective": declared, "votes": cast[reviewer]}
            yield Odd(topic, (reviewer,), message, "misplaced", facts)


def _together(topic: str, votes: list[_Vote]) -> Iterable[Odd]:
    values = {(vote.reviewer, vote.item): vote.value for vote in votes}
    cast = [(reviewer, item, value) for (reviewer, item), value in values.items()]
    for one, other, items in always_together(cast):
        message = f"judged {items} revisions together and never differed, where others did"
        yield Odd(topic, (one, other), message, "together", {"revisions": items})


def _bursts(topic: str, votes: list[_Vote]) -> Iterable[Odd]:
    """Who cast far more of their votes in one epoch than the others did of theirs, beyond chance.

    A binomial test for each reviewer and epoch with ten votes or more, with the others' share of that epoch as the
    chance (one vote added inside and one outside, so that it is never nothing); Benjamini-Hochberg over all of them.
    Where the others cast fewer than twenty votes, nobody can tell what is usual.
    """
    cells = Counter((vote.reviewer, vote.epoch) for vote in votes if vote.epoch is not None)
    of_epoch, of_reviewer = Counter[int | None](), Counter[str]()
    for (reviewer, epoch), number in cells.items():
        of_epoch[epoch] += number
        of_reviewer[reviewer] += number
    tested = []
    for (reviewer, epoch), number in sorted(cells.items()):
        cast = of_reviewer[reviewer]
        others = of_epoch.total() - cast
        share = (of_epoch[epoch] - number + 1) / (others + 2)
        if number >= _LEAST_OF_BURST and others >= LEAST_VOTES:
            tested.append((reviewer, epoch, number, cast, share, binomial_tail(cast, share, number)))
    for (reviewer, epoch, number, cast, share, _), found in zip(
        tested, benjamini_hochberg([item[-1] for item in tested]), strict=True
    ):
        if found and number > 2 * cast * share:
            said = f"cast {number} of {cast} votes in rounds that ended in epoch {epoch}"
            facts: dict[str, str | int] = {
                "votes": number,
                "cast": cast,
                "epoch": epoch or 0,
                "percent": round(100 * share),
            }
            yield Odd(topic, (reviewer,), f"{said}; the others cast {100 * share:.0f} % of theirs", "burst", facts)
