"""What judges an example: reviews, seats handed on, ends of rounds, appeals.

Rules that always hold (pure; used alike by commands, projection and verification):
- who reviews has declared the perspective before the round, is not the proposer, and upheld no flag of the revision;
- a round ends as its votes say (rounds.py), or by the act that replaced or withdrew what it judged;
- a round is appealed once, by its proposer or one of its reviewers.
"""

from __future__ import annotations

from curation.errors import Refused
from curation.rulebook.history import REVISED, Applying, Checking, History, Revision, Surroundings
from curation.rulebook.kept_review import keep_review
from curation.rulebook.rounds import Round
from curation_schemas.events import FlagUpheld, ReviewSubmitted, RoundAppealed, RoundClosed, SeatPassed


def _stage(revision: Revision, number: int) -> Round:
    if number > len(revision.stages):
        raise Refused("review/seat-exists", "there is no appeal of this round")
    return revision.stages[number - 1]


def check_declared(event: ReviewSubmitted | SeatPassed | FlagUpheld, epoch: int, around: Surroundings) -> None:
    """Raise Refused unless this person declared the perspective, and that holds for what began in this epoch."""
    declaration = around.declaration(event.declaration)
    if (
        declaration is None
        or declaration.pseudonym != event.pseudonym
        or declaration.perspective != event.perspective
        or declaration.topic != event.topic
        or not declaration.holds_for(epoch)
    ):
        raise Refused(
            "review/declared",
            f"this person has not declared the perspective {event.perspective} on {event.topic} before the round",
        )


def _check_review(history: History, event: ReviewSubmitted, epoch: int, around: Surroundings) -> None:
    revision = history.revision_of(event.revision, "review/revision-known")
    stage = _stage(revision, event.stage)
    _check_sitting(history, stage, event, around)
    stage.check_review(event, history.first.kind)


def _check_sitting(history: History, stage: Round, event: ReviewSubmitted | SeatPassed, around: Surroundings) -> None:
    if event.topic != history.first.topic:
        raise Refused("review/declared", f"example {history.example} belongs to topic {history.first.topic}")
    if event.pseudonym == history.first.pseudonym:
        raise Refused("review/not-own", "nobody reviews their own example")
    for flag in history.flags.values():
        if flag.event.revision == stage.revision and any(event.pseudonym == who for who, _ in flag.upheld.values()):
            raise Refused("flag/uninvolved", "this person upheld a flag of this revision and cannot judge it")
    check_declared(event, stage.epoch, around)


def _apply_review(history: History, event: ReviewSubmitted, leaf: str, epoch: int, around: Surroundings) -> None:
    revision = history.revision_of(event.revision, "review/revision-known")
    _stage(revision, event.stage).apply_review(event, leaf, history.first.kind)
    history.reviews[leaf] = keep_review(event, revision.leaf)
    if commitments := event.commitments():
        history.held[leaf] = frozenset(commitments)


def _check_passed(history: History, event: SeatPassed, epoch: int, around: Surroundings) -> None:
    revision = history.revision_of(event.revision, "review/revision-known")
    stage = _stage(revision, event.stage)
    _check_sitting(history, stage, event, around)
    stage.check_pass(event)


def _apply_passed(history: History, event: SeatPassed, leaf: str, epoch: int, around: Surroundings) -> None:
    stage = _stage(history.revision_of(event.revision, "review/revision-known"), event.stage)
    stage.passed[leaf] = event.pseudonym


def _check_closed(history: History, event: RoundClosed, epoch: int, around: Surroundings) -> None:
    revision = history.revision_of(event.revision, "round/end")
    if event.how == "revised":
        replaced = any(
            item.leaf == event.by and isinstance(item.event, REVISED) and item.event.previous == revision.leaf
            for item in history.revisions
        )
        if not replaced:
            raise Refused("round/end", "the round ended as «revised» without a revision that replaced it")
    elif event.how == "withdrawn":
        if event.by is None or event.by != history.withdrawn:
            raise Refused("round/end", "the round ended as «withdrawn» without a withdrawal")
    elif event.by is not None:
        raise Refused("round/end", f"a round that ended as «{event.how}» names no act that ended it")
    _stage(revision, event.stage).check_closing(event)


def _apply_closed(history: History, event: RoundClosed, leaf: str, epoch: int, around: Surroundings) -> None:
    _stage(history.revision_of(event.revision, "round/end"), event.stage).apply_closing(event, leaf, epoch)


def _check_appealed(history: History, event: RoundAppealed, epoch: int, around: Surroundings) -> None:
    revision = history.revision_of(event.revision, "appeal/ended")
    first = revision.stages[0]
    if len(revision.stages) > 1:
        raise Refused("appeal/once", "this round has been appealed already")
    if first.closed is None or first.outcome is None or event.closing != first.closed or event.round != first.number:
        raise Refused("appeal/ended", "the round has not ended with an outcome")
    if revision.leaf in around.definitions.adopted:
        message = "what was accepted here is in force, or will be"
        raise Refused("appeal/adopted", message, hint="Propose an amendment of the topic.")
    if history.control is not None:
        raise Refused("control/opened", "this was a planted control; its round stands as it ended")
    if first.outcome == "unresolved":
        raise Refused(
            "appeal/ended",
            "the round ended with empty seats: there is no judgement to appeal",
            hint="A new revision opens a new round.",
        )
    if event.pseudonym not in first.people() | {history.first.pseudonym}:
        raise Refused("appeal/by-party", "only the proposer or a reviewer of the round appeals")


def _apply_appealed(history: History, event: RoundAppealed, leaf: str, epoch: int, around: Surroundings) -> None:
    revision = history.revision_of(event.revision, "appeal/ended")
    first = revision.stages[0]
    revision.stages.append(
        Round(revision.leaf, revision.number, 2, first.required, first.rule, epoch, first=first, appeal=leaf)
    )
    history.appeals[leaf] = event
    history.held[leaf] = frozenset({event.rationale})


CHECKS: dict[type, Checking] = {
    ReviewSubmitted: _check_review,
    SeatPassed: _check_passed,
    RoundClosed: _check_closed,
    RoundAppealed: _check_appealed,
}
APPLY: dict[type, Applying] = {
    ReviewSubmitted: _apply_review,
    SeatPassed: _apply_passed,
    RoundClosed: _apply_closed,
    RoundAppealed: _apply_appealed,
}
