"""One writing transaction: the only way by which an event comes into being.

Rules that always hold:
- an event is checked by the same rules that `verify` replays, then leaf, openings and projection are written together
  and committed together, or not at all;
- an event waits as a pending leaf until its epoch is sealed (log/epochs.py);
- who acts is admitted first (`admit`), which locks the account; then an example is locked before its history is read
  for writing, then its text, then its prompts. In this order no two acts wait for each other; two acts of one person,
  or on one example, follow each other, and all others go side by side. What is only looked at (`glance`) is not locked;
- of several commands in one transaction, each can be an `attempt`: one that raises leaves nothing behind;
- a receipt names the leaf and the epoch by which it must be sealed; it names nobody.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from zlib import crc32

from pydantic import ValidationError
from sqlalchemy import Connection, insert, select, update

from curation.clock import DAY, Clock
from curation.db import add_if_new, attempting, empty_write_ahead_file, lock, reading, writing
from curation.errors import InvalidInput, NotFound, Refused
from curation.home import Home
from curation.identifiers import TokenBytes
from curation.loading import DEFINITION_TYPES, current_epoch, load_definitions, load_events
from curation.log.attestation import Signer, attest
from curation.log.leaf import Opening, encode_leaf, fresh_nonce
from curation.log.merkle import leaf_hash
from curation.people.accounts import Actor
from curation.people.vault import Vault, topic_scope
from curation.projection import Rows, declaration_row, release_row, rows_of, write_rows
from curation.rulebook import acts
from curation.rulebook.adoption import adopted_revision, is_under_way
from curation.rulebook.declarations import Declaration, Declarations
from curation.rulebook.definitions import Defining, Definition, Definitions, Frame
from curation.rulebook.history import ExampleEvent, History
from curation.rulebook.yanking import check_yank
from curation.tables import (
    declarations,
    log_leaves,
    openings,
    pending_leaves,
    releases,
    signing_keys,
)
from curation.yanked import yanked_releases
from curation_schemas.definition import Topic
from curation_schemas.events import (
    EVENT,
    Act,
    AnyEvent,
    EpochClosed,
    Event,
    ExampleProposed,
    ExampleWithdrawn,
    PerspectiveDeclared,
    ReleaseCut,
    ReleaseYanked,
    ReviewSubmitted,
    SeatPassed,
    TopicProposed,
    TopicRevised,
    leaf_fields,
    references_of,
)
from curation_schemas.parsing import problems_of
from curation_schemas.review import Role

AnEvent = TypeVar("AnEvent", bound=Event)
_WAITING_TYPES = (ReviewSubmitted, SeatPassed)
_FLUSH_AT = 2_000
_PROMPT_LOCKS = 8
_NO_SIGNATURE: dict[str, Any] = {"auth": "self", "key": "AA==", "sig": "AA=="}


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that an act was taken in: its leaf, and the epoch by whose end it must stand in the log.

    `sealed_by` is None for an act that waits for its round to end: it is sealed in that epoch, whichever it is.
    """

    leaf: str
    sealed_by: int | None

    def note(self, home: Home) -> str:
        """The receipt as a note signed by the log's key. Whoever keeps it can be linked to the act."""
        promise = "in the epoch in which its round ends" if self.sealed_by is None else f"in epoch {self.sealed_by}"
        text = f"evenhand.org/v1/receipt\n{home.origin}\n{self.leaf}\nsealed {promise}\n"
        return home.log_key.sign_note(text)


@dataclass(frozen=True, slots=True)
class _Mark:
    """How far a transaction had come when an attempt began. The lists and `before` are the transaction's own."""

    before: dict[str, Rows]
    touched: set[str]
    pending: list[dict[str, Any]]
    openings: list[dict[str, Any]]
    lengths: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event that was just taken in."""

    event: AnyEvent
    leaf: str
    receipt: Receipt


class LoadedExamples:
    """Examples' histories and what their rules need, read from the database; a `Surroundings`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.epoch = current_epoch(connection)
        self._histories: dict[str, History] = {}
        self._declarations: dict[str, Declaration] = {}
        self._latest: dict[str, Declaration | None] = {}

    @cached_property
    def definitions(self) -> Definitions:
        """Every definition so far."""
        return load_definitions(self.connection)

    def topic_in_force(self, topic: str) -> Definition[Topic]:
        """The topic's definition in force now. Raises NotFound."""
        found = self.definitions.topic_at(topic, self.epoch)
        if found is None:
            known = ", ".join(item.content.id for item in self.definitions.topics_at(self.epoch))
            raise NotFound(f"there is no topic {topic!r}", where="topic", hint=f"In force: {known}.")
        return found

    def frame_now(self, topic: str) -> Frame:
        """What holds for a topic now: its definition in force, or the draft that is judged. Raises NotFound."""
        if self.definitions.topic_at(topic, self.epoch) is None:
            draft = self.living_draft(topic)
            if draft is not None:
                adopted = adopted_revision(draft, self.definitions)
                return self.definitions.frame_of((adopted or draft.latest).leaf)
        return self.definitions.frame_of(self.topic_in_force(topic).leaf)

    def living_draft(self, topic: str) -> History | None:
        """The proposal of a new topic by which people declare and write; None where there is none.

        That is one that was adopted or is under way, else one that was accepted and cannot be adopted as it is.
        """
        found = self._drafts(topic)
        for one in found:
            if is_under_way(one, self.definitions):
                return one
        return next((one for one in found if one.status == "accepted"), None)

    def _drafts(self, topic: str) -> list[History]:
        """The proposals of a new topic; what was adopted comes first."""
        examples = {draft.example for draft in self.definitions.drafts.values() if draft.topic == topic}
        found = [self.glance(example) for example in sorted(examples)]
        return sorted(found, key=lambda one: adopted_revision(one, self.definitions) is None)

    def check_topic_free(self, topic: str, but: str | None = None) -> None:
        """Raise Refused where a new topic is under way by another proposal."""
        if self.definitions.topic_at(topic, self.epoch) is not None:
            return
        if any(is_under_way(one, self.definitions) for one in self._drafts(topic) if one.example != but):
            message = f"topic {topic} is proposed already"
            raise Refused("propose/topic-taken", message, hint="Review that proposal, or amend it once it is in force.")

    def glance(self, example: str) -> History:
        """An example's history, to be looked at only."""
        return self.history(example)

    def history(self, example: str) -> History:
        """An example's history (empty when it is new)."""
        found = self._histories.get(example)
        if found is None:
            self._read([example])
            found = self._histories[example]
        return found

    def preload(self, examples: Iterable[str]) -> None:
        """Read many histories at once; each would be read by itself otherwise."""
        wanted = sorted({example for example in examples if example not in self._histories})
        if wanted:
            self._read(wanted)

    def _read(self, examples: Sequence[str]) -> None:
        self._histories |= self._load_histories(examples)

    def _load_histories(self, examples: Sequence[str]) -> dict[str, History]:
        found = {example: History(example) for example in examples}
        columns = (log_leaves.c.example, pending_leaves.c.example)
        for event, leaf, epoch in load_events(self.connection, *columns, examples, self.epoch):
            history = found[event.example]  # type: ignore[union-attr]  # the query admits such events only
            acts.apply(history, event, leaf, epoch, self)  # type: ignore[arg-type]  # as above
        return found

    def existing(self, example: str) -> History:
        """An example's history. Raises NotFound when there is no such example."""
        found = self.history(example)
        if not found.revisions:
            raise NotFound(f"there is no example {example!r}", where="example")
        return found

    def declaration(self, leaf: str) -> Declaration | None:
        """The declaration that this leaf brought."""
        if leaf not in self._declarations:
            row = self.connection.execute(select(declarations).where(declarations.c.id == leaf)).first()
            if row is None:
                return None
            self._declarations[leaf] = _declaration(row)
        return self._declarations[leaf]

    def latest_declaration(self, pseudonym: str) -> Declaration | None:
        """The declaration of this pseudonym that is in force."""
        if pseudonym not in self._latest:
            standing = declarations.c.replaced_in.is_(None)
            query = select(declarations).where(declarations.c.pseudonym == pseudonym, standing)
            row = self.connection.execute(query).first()
            self._latest[pseudonym] = None if row is None else self._known(_declaration(row))
        return self._latest[pseudonym]

    def load_declarations(self, pseudonyms: Collection[str]) -> None:
        """Read the declarations of many pseudonyms at once; each would be read by itself otherwise."""
        asked = [pseudonym for pseudonym in pseudonyms if pseudonym not in self._latest]
        query = select(declarations).where(declarations.c.pseudonym.in_(asked), declarations.c.replaced_in.is_(None))
        self._latest |= dict.fromkeys(asked)
        for row in self.connection.execute(query):
            self._latest[row.pseudonym] = self._known(_declaration(row))

    def _known(self, declaration: Declaration) -> Declaration:
        return self._declarations.setdefault(declaration.leaf, declaration)


def _declaration(row: Any) -> Declaration:
    return Declaration(
        row.id, row.topic, row.pseudonym, row.perspective, row.epoch, changed=row.changed, replaced_in=row.replaced_in
    )


class Writing(LoadedExamples):
    """What commands are given: state, vault, clock, and `record`."""

    def __init__(self, connection: Connection, home: Home, clock: Clock, token_bytes: TokenBytes) -> None:
        super().__init__(connection)
        self.home = home
        self.now = clock.now()
        self.today = self.now // DAY * DAY
        # The beginning of the day (UTC): what is kept of when something began, and nothing finer.
        self.token_bytes = token_bytes
        self.leaves_traces = False
        # Set by what deletes text or order for good: the write-ahead file is then emptied after the commit.
        self.discards: list[Path] = []
        # Files that go once what was written is committed.
        self.vault = Vault(connection, home.vault_key, token_bytes)
        self._defining = False
        self._glances: dict[str, History] = {}
        self._before: dict[str, Rows] = {}
        self._touched: set[str] = set()
        self._pending: list[dict[str, Any]] = []
        self._openings: list[dict[str, Any]] = []
        self._attempted: list[AnyEvent] | None = None

    def admit(self, actor: Actor, role: Role | None = None) -> None:
        """Let an actor act, alone under this account until the transaction ends. Raises NotAllowed without the role."""
        if role is not None:
            actor.require(role)
        self.lock_accounts([actor.account])

    def lock_accounts(self, names: Iterable[str]) -> None:
        """Admit many accounts at once; each would be locked by itself otherwise."""
        lock(self.connection, [f"account {name}" for name in names])

    def lock_group(self, group: str) -> None:
        """Nobody else names this group until the transaction ends: a new one belongs to one topic."""
        lock(self.connection, [f"group {group}"])

    def lock_text(self, digest: str) -> None:
        """Nobody else brings this text until the transaction ends: of two who do, the second sees the first."""
        lock(self.connection, [f"text {digest}"])

    def lock_prompts(self, example: str, *, measuring: bool) -> None:
        """Who brings a prompt that measures waits for all who bring one that trains; those go side by side, mostly."""
        names = [f"prompts {number}" for number in range(_PROMPT_LOCKS)]
        lock(self.connection, names if measuring else [names[crc32(example.encode()) % _PROMPT_LOCKS]])

    def lock_definitions(self) -> None:
        """Nobody else defines anything until the transaction ends; what was read before is read again."""
        if not self._defining:
            self.flush()
            lock(self.connection, ["definitions"])
            self.__dict__.pop("definitions", None)
            self._defining = True

    @cached_property
    def definitions(self) -> Definitions:
        """Every definition so far, those too that were not sent to the database yet."""
        found = super().definitions
        for row in self._pending:
            if row["type"] in DEFINITION_TYPES:
                event = EVENT.validate_json(row["leaf"])
                found.apply(event, row["hash"], self.epoch)  # type: ignore[arg-type]  # of these types
        return found

    def lock_topic(self, topic: str) -> None:
        """Wait for others who propose this topic, then see what they proposed."""
        lock(self.connection, [f"topic {topic}"])
        self.__dict__.pop("definitions", None)
        self._glances.clear()

    def glance(self, example: str) -> History:
        """An example's history as it stands now, to be looked at only: the example is not locked."""
        found = self._histories.get(example) or self._glances.get(example)
        if found is None:
            found = self._glances[example] = self._load_histories([example])[example]
        return found

    def let_go(self, example: str) -> None:
        """Forget an example's history, because its lock was given back."""
        self._histories.pop(example, None)
        self._glances.pop(example, None)
        self._before.pop(example, None)

    def preload_people(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Read the pseudonyms of many (account, topic), and what they declared, at once."""
        self.load_declarations(self.vault.load((account, topic_scope(topic)) for account, topic in pairs))

    def _read(self, examples: Sequence[str]) -> None:
        # What another transaction does to these examples is waited for, then read: never a state from before the lock.
        lock(self.connection, [f"example {example}" for example in examples])
        # The rows as they were before this transaction are kept, to write only what it changed.
        super()._read(examples)
        self._before |= {example: rows_of(self._histories[example]) for example in examples}

    def pseudonym(self, actor: Actor, topic: str) -> str:
        """The actor's pseudonym on a topic, drawn now if this is the first act there."""
        return self.vault.pseudonym_for_act(actor.account, topic_scope(topic))

    def opening(self, act_openings: list[Opening], unit: str, value: object) -> str:
        """Put a text behind a fresh commitment; the opening joins `act_openings`. Returns the commitment."""
        made = Opening.fresh(unit, value, self.token_bytes)
        act_openings.append(made)
        return made.commitment()

    def record(
        self,
        event_type: type[AnEvent],
        /,
        *,
        openings: Sequence[Opening] = (),
        signer: Signer | None = None,
        **fields: Any,
    ) -> Recorded:
        """Check an event and take it in.

        Args:
            event_type: the event's model.
            openings: the texts behind the commitments in `fields`.
            signer: the contributor's own key; without it the act is attested by the server.
            fields: the event's fields, but for `dataset`, `nonce` and attestation.

        Raises:
            Refused: a rule forbids it; nothing was changed.
        """
        plain: dict[str, Any] = {"dataset": self.home.dataset, "nonce": fresh_nonce(self.token_bytes), **fields}
        if issubclass(event_type, Act) and signer is None:
            plain["auth"] = "server"
        try:
            event = _event(event_type, plain, signer)
        except ValidationError as error:
            path, message = problems_of(error)[0]
            raise InvalidInput(message, where=path) from None
        leaf_bytes = encode_leaf(leaf_fields(event))
        leaf = leaf_hash(leaf_bytes).hex()
        if isinstance(event, Act) and event.key is not None:
            self._check_key(event.pseudonym, event.key)
        self._take(event, leaf)
        if self._attempted is not None:
            self._attempted.append(event)
        row = {"hash": leaf, "type": event.type, "example": getattr(event, "example", None), "leaf": leaf_bytes}
        self._pending.append(row)
        self._openings.extend(
            {"commitment": item.commitment(), "act": leaf, "unit": item.unit, "salt": item.salt, "body": item.body}
            for item in openings
        )
        if len(self._pending) >= _FLUSH_AT:
            self.flush()
        return Recorded(event, leaf, self.receipt_of(event, leaf))

    def receipt_of(self, event: AnyEvent, leaf: str) -> Receipt:
        """The receipt of an act that is pending, or about to be."""
        return Receipt(leaf, self._sealed_by(event))

    def _sealed_by(self, event: AnyEvent) -> int | None:
        example = getattr(event, "example", None)
        waits = isinstance(event, _WAITING_TYPES) or (
            example is not None and any(map(self.existing(example).waits, references_of(event)))
        )
        return None if waits else self.epoch

    def _take(self, event: AnyEvent, leaf: str) -> None:
        if isinstance(event, Act) and not isinstance(event, ExampleWithdrawn):
            self.definitions.standings.check_acts(event.pseudonym)
        if isinstance(event, Defining):
            self.lock_definitions()
            self.definitions.check(event, self.epoch)
            self.definitions.apply(event, leaf, self.epoch)
        elif isinstance(event, PerspectiveDeclared):
            self._declare(event, leaf)
        elif isinstance(event, ReleaseCut):
            self.connection.execute(insert(releases), release_row(event, leaf))
        elif isinstance(event, ReleaseYanked):
            self._yank(event)
        elif isinstance(event, EpochClosed):
            raise Refused("epoch/number", "epochs are closed by sealing them")
        else:
            self._take_example_event(event, leaf)

    def _yank(self, event: ReleaseYanked) -> None:
        """Yanks are few, and each looks at those before it, in the order in which they came."""
        lock(self.connection, ["yanking a release"])
        named = select(releases.c.version).where(releases.c.leaf == event.release)
        check_yank(event, self.connection.execute(named).scalar(), yanked_releases(self.connection))

    def _take_example_event(self, event: ExampleEvent, leaf: str) -> None:
        if isinstance(event, (ExampleProposed, TopicProposed)) and event.example not in self._histories:
            # Its id was drawn at random just now; the primary key refuses one that exists nevertheless.
            self._histories[event.example] = History(event.example)
            self._before[event.example] = rows_of(self._histories[event.example])
        history = self.history(event.example)
        # Who one is comes first, how the example stands second: a refusal tells nobody of acts that are not public yet.
        acts.check(history, event, self.epoch, self)
        acts.check_now(history, event)
        acts.apply(history, event, leaf, self.epoch, self)
        if isinstance(event, (TopicProposed, TopicRevised)):
            self.definitions.apply(event, leaf, self.epoch)
        self._touched.add(event.example)

    def _declare(self, event: PerspectiveDeclared, leaf: str) -> None:
        chain = Declarations()
        latest = self.latest_declaration(event.pseudonym)
        if latest is not None:
            chain.latest[event.pseudonym] = latest
        chain.check(event, self.definitions.frame(event.topic, event.definition, self.epoch))
        chain.apply(event, leaf, self.epoch)
        if latest is not None:
            self._declarations[latest.leaf] = latest
            self.connection.execute(
                update(declarations).where(declarations.c.id == latest.leaf).values(replaced_in=self.epoch)
            )
        self._declarations[leaf] = self._latest[event.pseudonym] = chain.by_leaf[leaf]
        self.connection.execute(insert(declarations), declaration_row(chain.by_leaf[leaf]))

    def _check_key(self, pseudonym: str, key: str) -> None:
        query = select(signing_keys).where((signing_keys.c.pseudonym == pseudonym) | (signing_keys.c.key == key))
        rows = self.connection.execute(query).all()
        if not rows:
            add_if_new(self.connection, signing_keys, {"pseudonym": pseudonym, "key": key})
            rows = self.connection.execute(query).all()
        if [(row.pseudonym, row.key) for row in rows] != [(pseudonym, key)]:
            raise Refused("auth/one-key", "this pseudonym signs with another key, or the key is another pseudonym's")

    def flush(self) -> None:
        """Send what was recorded to the database; the transaction stays open."""
        if self._pending:
            self.connection.execute(insert(pending_leaves), self._pending)
        if self._openings:
            self.connection.execute(insert(openings), self._openings)
        if self._touched:
            after = {example: rows_of(self._histories[example]) for example in self._touched}
            write_rows(self.connection, [(self._before[example], rows) for example, rows in after.items()])
            # New objects, so that an attempt that fails after this finds what was before it.
            self._before, self._touched = self._before | after, set()
        self._pending, self._openings = [], []

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """One command of several: on any exception nothing of it stays, neither in the database nor here."""
        lengths = len(self._pending), len(self._openings)
        mark = _Mark(self._before, set(self._touched), self._pending, self._openings, lengths)
        attempted: list[AnyEvent] = []
        self._attempted = attempted
        try:
            with attempting(self.connection):
                yield
        except BaseException:
            self._return_to(mark, attempted)
            raise
        finally:
            self._attempted = None

    def _return_to(self, mark: _Mark, attempted: list[AnyEvent]) -> None:
        self._before, self._touched = mark.before, mark.touched
        self._pending, self._openings = mark.pending, mark.openings
        del self._pending[mark.lengths[0] :], self._openings[mark.lengths[1] :]
        # What was looked up may have been drawn or declared in the attempt; it is looked up again.
        self.vault.look_up_again()
        self._declarations, self._latest, self._glances = {}, {}, {}
        if any(event.type in DEFINITION_TYPES for event in attempted):
            self.__dict__.pop("definitions", None)
            self._defining = False
        changed = {event.example for event in attempted if isinstance(event, ExampleEvent)}
        for example in changed | (self._histories.keys() - self._before.keys()):
            self._histories.pop(example, None)
        if again := sorted(changed & self._before.keys()):
            self._read(again)
            self._take_again(set(again))

    def _take_again(self, examples: set[str]) -> None:
        for row in self._pending:
            if row["example"] in examples:
                history = self._histories[row["example"]]
                event = EVENT.validate_json(row["leaf"])
                acts.apply(history, event, row["hash"], self.epoch, self)  # type: ignore[arg-type]  # an example's own


def _event(event_type: type[AnEvent], plain: dict[str, Any], signer: Signer | None) -> AnyEvent:
    if signer is not None:
        # Read once without its signature, so that what is signed is the leaf's own form.
        unsigned = leaf_fields(event_type(**plain, **_NO_SIGNATURE))  # type: ignore[arg-type]  # an AnyEvent
        plain = attest({name: value for name, value in unsigned.items() if name not in _NO_SIGNATURE}, signer)
    return event_type(**plain)  # type: ignore[return-value]  # as above


@dataclass(frozen=True)
class Platform:
    """A home with its clock: what the command line, the HTTP API and the importers work on."""

    home: Home
    clock: Clock
    epoch_days: int = 7
    token_bytes: TokenBytes = secrets.token_bytes

    @contextmanager
    def write(self, *, alone: bool = False) -> Iterator[Writing]:
        """One transaction in which commands run: all of it happens, or nothing. `alone`: nobody else writes then."""
        with writing(self.home.engine, alone=alone) as connection:
            made = Writing(connection, self.home, self.clock, self.token_bytes)
            yield made
            made.flush()
        for path in made.discards:
            path.unlink(missing_ok=True)
        if made.leaves_traces:
            empty_write_ahead_file(self.home.engine)

    @contextmanager
    def read(self) -> Iterator[LoadedExamples]:
        """One consistent view of the home."""
        with reading(self.home.engine) as connection:
            yield LoadedExamples(connection)
