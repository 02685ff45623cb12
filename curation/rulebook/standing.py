"""Which roles people hold, as far as the log knows, and who is suspended on a topic.

Rules that always hold (pure; used alike by commands and verification):
- roles are known under the pseudonym that a person has in the dataset as a whole, suspensions under the one on that
  topic: no event names both, so none links them;
- a person's changes of roles form one chain, and so do their suspensions on a topic;
- within an epoch leaves have no order of time, so what a person did in the epoch of a change is never held against
  them; nor is a review that may have been sealed long after it was written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from curation.errors import Refused
from curation_schemas.events import (
    AnyEvent,
    ControlPlanted,
    ExampleRetracted,
    GateOverruled,
    PersonRestored,
    PersonSuspended,
    PolicyChanged,
    ReleaseCut,
    ReleaseYanked,
    RolesChanged,
)
from curation_schemas.review import Role

StandingEvent = RolesChanged | PersonSuspended | PersonRestored
_BY_MAINTAINERS = (PolicyChanged, GateOverruled, ControlPlanted, ExampleRetracted, ReleaseCut, ReleaseYanked)


@dataclass(frozen=True, slots=True)
class HeldRoles:
    """The roles that a person holds from a leaf on, and that leaf's epoch."""

    leaf: str
    roles: tuple[Role, ...]
    epoch: int


@dataclass(slots=True)
class Suspension:
    """A suspension, and the leaf and epoch by which it ended."""

    leaf: str
    event: PersonSuspended
    epoch: int
    restored: str | None = None
    restored_in: int | None = None

    def forbids(self, earliest: int, latest: int) -> bool:
        """Whether an act that was made between these epochs was made under the suspension in any case."""
        return earliest > self.epoch and (self.restored_in is None or latest < self.restored_in)


@dataclass(slots=True)
class Standings:
    """Every change of roles and every suspension of one log so far, by pseudonym."""

    roles: dict[str, list[HeldRoles]] = field(default_factory=dict)
    suspensions: dict[str, list[Suspension]] = field(default_factory=dict)

    def copy(self) -> Standings:
        """The same, to take in more: nothing that is applied to the one is seen in the other."""
        return Standings(
            {pseudonym: list(held) for pseudonym, held in self.roles.items()},
            {pseudonym: [replace(item) for item in found] for pseudonym, found in self.suspensions.items()},
        )

    def check(self, event: StandingEvent) -> None:
        """Raise Refused when the event may not stand here."""
        if isinstance(event, RolesChanged):
            self._check_roles(event)
            return
        latest = self._latest_suspension(event.pseudonym)
        suspended = latest is not None and latest.restored is None
        if isinstance(event, PersonSuspended):
            if suspended or event.after != (latest.restored if latest else None):
                raise Refused("suspend/chain", "this person is suspended already, or the event hides that they were")
        elif latest is None or not suspended or (event.suspension, event.topic) != (latest.leaf, latest.event.topic):
            raise Refused("suspend/chain", "there is no such suspension to end")

    def _check_roles(self, event: RolesChanged) -> None:
        if event.pseudonym == event.administrator:
            raise Refused("roles/not-own", "an administrator changes their own roles", hint="Ask another one.")
        latest = self.latest_roles(event.pseudonym)
        if event.supersedes != (latest.leaf if latest else None):
            raise Refused("roles/chain", "the change does not continue this person's latest one")
        if latest is not None and tuple(event.roles) == latest.roles:
            raise Refused("roles/chain", "the change changes no role")

    def latest_roles(self, pseudonym: str) -> HeldRoles | None:
        """The person's roles after their latest change; None where the log knows of none."""
        held = self.roles.get(pseudonym)
        return held[-1] if held else None

    def _latest_suspension(self, pseudonym: str) -> Suspension | None:
        found = self.suspensions.get(pseudonym)
        return found[-1] if found else None

    def suspension_of(self, pseudonym: str) -> Suspension | None:
        """The suspension that this person is under now, or None."""
        latest = self._latest_suspension(pseudonym)
        return latest if latest is not None and latest.restored is None else None

    def suspended_now(self) -> list[Suspension]:
        """Every suspension that lasts, by topic and pseudonym."""
        found = (self.suspension_of(pseudonym) for pseudonym in self.suspensions)
        return sorted((item for item in found if item), key=lambda item: (item.event.topic, item.event.pseudonym))

    def check_acts(self, pseudonym: str) -> None:
        """Raise Refused where this person is suspended now."""
        if self.suspension_of(pseudonym) is not None:
            raise Refused(
                "suspend/acts", "you are suspended on this topic", hint="You can still withdraw your examples."
            )

    def apply(self, event: StandingEvent, leaf: str, epoch: int) -> None:
        """Take the event in. Call `check` first."""
        if isinstance(event, RolesChanged):
            self.roles.setdefault(event.pseudonym, []).append(HeldRoles(leaf, tuple(event.roles), epoch))
        elif isinstance(event, PersonSuspended):
            self.suspensions.setdefault(event.pseudonym, []).append(Suspension(leaf, event, epoch))
        else:
            latest = self.suspensions[event.pseudonym][-1]
            latest.restored, latest.restored_in = leaf, epoch

    def forbids(self, pseudonym: str, earliest: int, latest: int) -> bool:
        """Whether an act made between these epochs was made under a suspension. Ask when the epoch is whole."""
        return any(item.forbids(earliest, latest) for item in self.suspensions.get(pseudonym, ()))

    def lacks(self, pseudonym: str, needed: Collection[str], epoch: int) -> bool:
        """Whether somebody who signs in an epoch is known to have none of these roles. Ask when the epoch is whole."""
        held = self.roles.get(pseudonym, ())
        before = [item for item in held if item.epoch < epoch]
        if not before:
            return False
        now = [before[-1], *(item for item in held if item.epoch == epoch)]
        return all(set(item.roles).isdisjoint(needed) for item in now)


def signers_of(event: AnyEvent) -> tuple[Sequence[str], Sequence[str]]:
    """Who signs an event in a role, and the roles of which they need one."""
    if isinstance(event, _BY_MAINTAINERS):
        return event.maintainers, ("maintainer", "administrator")
    if isinstance(event, StandingEvent):
        return (event.administrator,), ("administrator",)
    return (), ()


class Broken(NamedTuple):
    """A leaf that breaks a rule."""

    place: int
    """Its index."""
    rule: str
    message: str


@dataclass(slots=True)
class Watch:
    """Acts of the open epoch, by people whose standing may forbid them: judged when the epoch is whole."""

    acts: list[tuple[int, str, int]] = field(default_factory=list)
    """(leaf's index, pseudonym, first epoch in which the act can have been made)."""
    signed: list[tuple[int, str, Sequence[str]]] = field(default_factory=list)
    """(leaf's index, pseudonym, the roles of which one is needed)."""

    def note_act(self, index: int, pseudonym: str, earliest: int, standings: Standings) -> None:
        """Watch an act."""
        if pseudonym in standings.suspensions:
            self.acts.append((index, pseudonym, earliest))

    def note_signers(self, index: int, event: AnyEvent) -> None:
        """Watch who signs an event."""
        people, needed = signers_of(event)
        self.signed.extend((index, pseudonym, needed) for pseudonym in people)

    def broken(self, standings: Standings, epoch: int) -> Iterator[Broken]:
        """What the epoch that ends shows to be forbidden. Begins anew after that."""
        for index, pseudonym, earliest in self.acts:
            if standings.forbids(pseudonym, earliest, epoch):
                yield Broken(index, "suspend/acts", "this person was suspended on the topic in an earlier epoch")
        for index, pseudonym, needed in self.signed:
            if standings.lacks(pseudonym, needed, epoch):
                yield Broken(index, "roles/held", f"who signs it was no {needed[0]} any more")
        self.acts, self.signed = [], []
