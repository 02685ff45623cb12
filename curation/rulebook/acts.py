"""The acts that make an example's history: which may stand in it, and what each brings about.

Rules that always hold (pure; used alike by commands, projection and verification):
- `check` raises Refused and changes nothing; `apply` takes in what `check` let pass;
- each kind of act has its rules in one place: bringing.py, judging.py, flagging.py.
"""

from __future__ import annotations

from curation.errors import Refused
from curation.rulebook import bringing, flagging, judging
from curation.rulebook.history import REVISED, Applying, Checking, ExampleEvent, History, Surroundings
from curation_schemas.events import (
    ControlOpened,
    ExampleProposed,
    ExampleWithdrawn,
    FlagRaised,
    FlagUpheld,
    OpeningErased,
    RoundAppealed,
    RoundClosed,
    SeatAct,
    TopicProposed,
)

_PROPOSED = (ExampleProposed, TopicProposed)
_CHECKS: dict[type, Checking] = {**bringing.CHECKS, **judging.CHECKS, **flagging.CHECKS}
_APPLY: dict[type, Applying] = {**bringing.APPLY, **judging.APPLY, **flagging.APPLY}


def check(history: History, event: ExampleEvent, epoch: int, around: Surroundings) -> None:
    """Raise Refused when the event may not stand here, in this epoch. Changes nothing."""
    if not history.revisions and type(event) not in _PROPOSED:
        raise Refused("review/revision-known", f"example {history.example} does not exist")
    _CHECKS[type(event)](history, event, epoch, around)


def check_now(history: History, event: ExampleEvent) -> None:
    """Raise Refused for what is wrong at the moment of acting, though a shuffled epoch could not show it."""
    if not isinstance(event, (OpeningErased, RoundClosed, ExampleWithdrawn, ControlOpened)):
        history.check_not_withdrawn()
    if isinstance(event, RoundAppealed):
        judged = {item.leaf for item in (history.latest, history.standing) if item is not None}
        if event.revision not in judged:
            message = "a later revision has replaced this one"
            raise Refused("appeal/ended", message, hint="Appeal the latest one's round.")
    if isinstance(event, REVISED) and any(
        item.round.stage == 2 and item.round.closed is None for item in history.revisions
    ):
        message = "an appeal of this example is open"
        raise Refused("revise/appeal-open", message, hint="Revise it once the appeal has ended.")


def apply(history: History, event: ExampleEvent, leaf: str, epoch: int, around: Surroundings) -> None:
    """Take the event in. Call `check` first."""
    _APPLY[type(event)](history, event, leaf, epoch, around)


def made_since(history: History, event: ExampleEvent, epoch: int) -> int:
    """The first epoch in which an act of this epoch can have been made: some wait for their round to end."""
    if isinstance(event, SeatAct):
        return history.revision_of(event.revision, "review/revision-known").stages[event.stage - 1].epoch
    if isinstance(event, FlagRaised) and event.review is not None:
        return history.revision_of(event.revision, "flag/revision-known").epoch
    if isinstance(event, FlagUpheld):
        return min(epoch, history.flags[event.flag].epoch)
    return epoch
