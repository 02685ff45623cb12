"""What holds an example's publication: flags, and who upholds them.

Rules that always hold (pure; used alike by commands, projection and verification):
- a ground is flagged once for a revision, by who has a filled seat in it (anyone for personal data and law);
- uninvolved people uphold a flag; without two of different perspectives it lapses.
"""

from __future__ import annotations

from curation.errors import Refused
from curation.rulebook.history import Applying, Checking, Flag, History, Surroundings
from curation.rulebook.judging import check_declared
from curation_schemas.events import FlagLapsed, FlagRaised, FlagUpheld


def _check_flagged(history: History, event: FlagRaised, epoch: int, around: Surroundings) -> None:
    revision = history.revision_of(event.revision, "flag/revision-known")
    review = history.reviews.get(event.review or "")
    seated = review is not None and (review.revision, review.pseudonym) == (revision.leaf, event.pseudonym)
    if event.review is not None and not seated:
        raise Refused("flag/seat-holder", "the flag names a review that is not the flagger's own of this revision")
    if event.review is None and event.ground not in ("personal_data", "law"):
        raise Refused("flag/seat-holder", f"the ground {event.ground} needs a filled seat for this revision")
    if event.pseudonym == history.first.pseudonym:
        raise Refused("flag/not-own", "nobody flags their own example", hint="Withdraw it, or bring a revision.")
    same = history.flags_on(revision.leaf, event.ground)
    if any(not flag.lapsed or flag.event.pseudonym == event.pseudonym for flag in same):
        raise Refused("flag/once", f"the ground {event.ground} has been flagged for this revision")
    if same and event.after != same[-1].lapse:
        raise Refused("flag/once", "the flag does not name the lapse of the one before it")


def _apply_flagged(history: History, event: FlagRaised, leaf: str, epoch: int, around: Surroundings) -> None:
    raised_in = epoch
    for stage in history.revision_of(event.revision, "flag/revision-known").stages:
        if event.review is not None and stage.holds(event.review) and stage.closed_in in (None, epoch):
            raised_in = stage.epoch
    history.flags[leaf] = Flag(leaf, event, raised_in)
    history.held[leaf] = frozenset({event.evidence})


def involved_in(history: History, flag: Flag) -> set[str]:
    """Who may not uphold a flag: who proposed the example, reviewed its revision, raised the flag or upheld it."""
    found = {history.first.pseudonym, flag.event.pseudonym} | {pseudonym for pseudonym, _ in flag.upheld.values()}
    for stage in history.revision_of(flag.event.revision, "flag/revision-known").stages:
        found |= stage.people()
    return found


def _check_upheld(history: History, event: FlagUpheld, epoch: int, around: Surroundings) -> None:
    flag = history.flags.get(event.flag)
    if flag is None or flag.lapsed:
        raise Refused("flag/open", "there is no open flag of this id")
    if event.pseudonym in involved_in(history, flag):
        raise Refused("flag/uninvolved", "this person proposed, reviewed, raised or upheld it already")
    check_declared(event, flag.epoch, around)


def _apply_upheld(history: History, event: FlagUpheld, leaf: str, epoch: int, around: Surroundings) -> None:
    history.flags[event.flag].upheld[leaf] = (event.pseudonym, event.perspective)


def _check_lapsed(history: History, event: FlagLapsed, epoch: int, around: Surroundings) -> None:
    flag = history.flags.get(event.flag)
    if flag is None or flag.lapsed:
        raise Refused("flag/open", "there is no open flag of this id")
    if flag.stands or event.upheld != sorted(flag.upheld):
        raise Refused("flag/lapse", "the flag does not lapse: two people of different perspectives upheld it")


def _apply_lapsed(history: History, event: FlagLapsed, leaf: str, epoch: int, around: Surroundings) -> None:
    history.flags[event.flag].lapse = leaf


CHECKS: dict[type, Checking] = {
    FlagRaised: _check_flagged,
    FlagUpheld: _check_upheld,
    FlagLapsed: _check_lapsed,
}
APPLY: dict[type, Applying] = {
    FlagRaised: _apply_flagged,
    FlagUpheld: _apply_upheld,
    FlagLapsed: _apply_lapsed,
}
