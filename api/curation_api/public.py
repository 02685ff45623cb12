"""What of an example is public, and what one reader may see beyond that.

Rules that always hold:
- the public sees an example as of the last closed epoch: who watches the API learns no time of an act that the log
  does not tell (live times would link one person's pseudonyms across topics);
- who holds or filled a seat in the example, and who proposed it, sees it as of now;
- text is shown as `curation.shown` says; the proposer always sees it, a seat's holder sees the revision of
  that seat;
- the proposer is not shown while a round is open. Who looks into the log's entries finds the pseudonym there.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from curation.errors import NotFound
from curation.people.accounts import Actor
from curation.people.vault import Vault, topic_scope
from curation.rulebook.history import Flag, History, Revision
from curation.shown import Withheld, sealed_history, why_withheld
from curation.tables import leases
from curation.writing import LoadedExamples, Platform
from curation_api.views import FlagView


def is_open(history: History) -> bool:
    """Whether any round of the example is open."""
    return any(stage.closed is None for revision in history.revisions for stage in revision.stages)


@dataclass(frozen=True, slots=True)
class Readership:
    """What one reader has to do with an example: proposed it, or has a seat in these revisions."""

    proposed: bool = False
    seated: frozenset[str] = frozenset()

    @property
    def involved(self) -> bool:
        """Whether the reader sees the example as of now."""
        return self.proposed or bool(self.seated)


def readership(loaded: LoadedExamples, platform: Platform, reader: Actor | None, history: History) -> Readership:
    """What the reader has to do with an example."""
    if reader is None or not history.revisions:
        return Readership()
    vault = Vault(loaded.connection, platform.home.vault_key, platform.token_bytes)
    pseudonym = vault.pseudonym(reader.account, topic_scope(history.first.topic))
    query = select(leases.c.revision).where(
        leases.c.holder == vault.holder(reader.account, history.first.topic),
        leases.c.example == history.example,
        leases.c.ends_at > platform.clock.now(),
    )
    seated = set(loaded.connection.execute(query).scalars())
    for revision in history.revisions:
        if any(pseudonym in stage.people() for stage in revision.stages):
            seated.add(revision.leaf)
    return Readership(pseudonym == history.first.pseudonym, frozenset(seated))


@dataclass(frozen=True, slots=True)
class Shown:
    """An example as one reader sees it: `history` is what is shown, `now` decides what must be withheld already."""

    history: History
    sealed: History
    now: History
    reader: Readership

    @property
    def proposer(self) -> str | None:
        """The proposer's pseudonym, once every round has ended as the log has it."""
        if not self.sealed.revisions or is_open(self.sealed):
            return None
        return self.sealed.first.pseudonym

    def withheld(self, revision: Revision) -> Withheld | None:
        """Why the revision's text is not shown, or None when it is."""
        if self.reader.proposed or revision.leaf in self.reader.seated:
            return None
        return why_withheld(self.sealed, self.now, revision)

    def flags(self) -> list[FlagView]:
        """The flags, but for those that would tell of a seat filled in an open round."""
        found = []
        for flag in self.history.flags.values():
            revision = next(item for item in self.history.revisions if item.leaf == flag.event.revision)
            if flag.event.review is not None and revision.round.closed is None:
                continue
            found.append(_flag_view(flag))
        return sorted(found, key=lambda item: item.id)


def _flag_view(flag: Flag) -> FlagView:
    return FlagView(
        id=flag.leaf,
        revision=flag.event.revision,
        ground=flag.event.ground,
        status="lapsed" if flag.lapsed else "upheld" if flag.stands else "raised",
    )


def shown_example(loaded: LoadedExamples, platform: Platform, reader: Actor | None, example: str) -> Shown:
    """An example as the reader sees it. Raises NotFound, also where only its proposer would find it yet."""
    now = loaded.history(example)
    sealed = sealed_history(loaded, example)
    who = readership(loaded, platform, reader, now)
    history = now if who.involved else sealed
    if not history.revisions:
        raise NotFound(f"there is no example {example!r}", hint="A new one appears when its epoch is closed.")
    return Shown(history, sealed, now, who)
