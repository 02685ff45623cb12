"""Perform contributions written as JSON lines, through the same commands as everybody else.

Rules that always hold:
- each line is one transaction (or one command within a batch): it happens whole or not at all;
- names of examples within the file are resolved here; nothing of them is published;
- people in such a file are simulated, and their accounts say so for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError

from curation.errors import InvalidInput, NotFound
from curation.examples.flag import Flag, Uphold, raise_flag, uphold_flag
from curation.examples.propose import Propose, Revise, propose_example, read_example, revise_example
from curation.examples.withdraw import Withdraw, withdraw_example
from curation.log.attestation import KeySigner
from curation.people.accounts import Actor, Joining, actor_by_handle, join
from curation.reviews.appeal import Appeal, appeal_round
from curation.reviews.passing import PassSeat, pass_seat
from curation.reviews.seats import TakeSeat, take_seat
from curation.reviews.submit import SubmitReview, submit_review, submit_simulated_review, supersede_review
from curation.topics.declare import DeclarePerspective, declare_perspective
from curation.writing import Platform, Writing
from curation_schemas.contribution import (
    LINE,
    PERSON,
    AdvanceLine,
    AnyLine,
    AppealLine,
    CloseEpochLine,
    FlagLine,
    JudgementLine,
    PassLine,
    Person,
    ProposeLine,
    ReleaseLine,
    ReviewLine,
    ReviseLine,
    SupersedeLine,
    UpholdLine,
    WithdrawLine,
)
from curation_schemas.parsing import SchemaInvalid, load_json, problems_of, validate
from curation_schemas.review import FlagForm, Judgement

StageDirection = AdvanceLine | CloseEpochLine | ReleaseLine
_LINKS = ("mirrors", "translation_of", "group")


def read_lines(path: Path) -> list[AnyLine]:
    """Read a file of contributions. Raises InvalidInput naming file and line."""
    return [_read(LINE, text, f"{path}:{number}") for number, text in _numbered(path)]


def read_people(path: Path) -> list[Person]:
    """Read a file of simulated people. Raises InvalidInput naming file and line."""
    return [_read(PERSON, text, f"{path}:{number}") for number, text in _numbered(path)]


def _numbered(path: Path) -> list[tuple[int, bytes]]:
    try:
        content = path.read_bytes()
    except OSError:
        raise InvalidInput("cannot be read", where=str(path)) from None
    return [(number, line) for number, line in enumerate(content.split(b"\n"), 1) if line.strip()]


def _read(adapter: Any, text: bytes, where: str) -> Any:
    try:
        return validate(adapter, load_json(text))
    except SchemaInvalid as error:
        raise InvalidInput(str(error), where=where) from None


@dataclass
class Contributors:
    """The people of a file and what their lines have brought about so far.

    `chooses_seats`: simulated people fill a seat without asking the queue for it (the bulk path).
    """

    platform: Platform
    chooses_seats: bool = False
    actors: dict[str, Actor] = field(default_factory=dict)
    examples: dict[str, str] = field(default_factory=dict)
    """Name within the file → example id."""
    groups: dict[str, str] = field(default_factory=dict)
    flags: dict[str, str] = field(default_factory=dict)
    """Id of the line that raised a flag → the flag's id."""
    _signing: set[str] = field(default_factory=set)
    _keys: dict[tuple[str, str], KeySigner] = field(default_factory=dict)

    def join_people(self, people: list[Person]) -> None:
        """Open a simulated account for each person, and declare their perspectives, all in one transaction."""
        with self.platform.write() as writing:
            for person in people:
                joining = Joining(
                    handle=person.person,
                    languages=person.languages,
                    organisations=person.organisations,
                    roles=list(person.roles) if "contributor" in person.roles else ["contributor", *person.roles],
                    simulated=True,
                )
                actor = join(writing.connection, writing.vault, joining, writing.token_bytes)
                self.actors[person.person] = actor
                if person.signs:
                    self._signing.add(person.person)
                for topic, perspective in person.perspectives.items():
                    command = DeclarePerspective(topic=topic, perspective=perspective)
                    declare_perspective(writing, actor, command, self.signer(person.person, topic))

    def signer(self, person: str, topic: str) -> KeySigner | None:
        """The person's own key for a topic, if they sign. One key per topic, so that keys link nothing."""
        if person not in self._signing:
            return None
        key = self._keys.get((person, topic))
        if key is None:
            seed = self.platform.token_bytes(32)
            key = self._keys[person, topic] = KeySigner(Ed25519PrivateKey.from_private_bytes(seed))
        return key

    def perform(self, line: AnyLine) -> None:
        """Perform one line in one transaction. Raises CallerError; stage directions are not performed here."""
        with self.platform.write() as writing:
            self.perform_in(writing, line)

    def perform_in(self, writing: Writing, line: AnyLine) -> None:
        """Perform one line in a transaction that others share. Raises CallerError."""
        if isinstance(line, StageDirection):
            raise InvalidInput(f"«{line.act}» is a stage direction of a demonstration", where=line.id)
        _PERFORM[type(line)](self, writing, line)

    def _actor(self, writing: Writing, handle: str) -> Actor:
        if handle not in self.actors:
            self.actors[handle] = actor_by_handle(writing.connection, handle)
        writing.admit(self.actors[handle])
        return self.actors[handle]

    def _example(self, name: str) -> str:
        if name not in self.examples:
            raise NotFound(f"no line above brings an example called {name!r}")
        return self.examples[name]

    def _read_example(self, fields: dict[str, Any], where: str) -> Any:
        mirrors, original, group = (fields.get(name) for name in _LINKS)
        names = [*(mirrors if isinstance(mirrors, list) else [mirrors]), original, group]
        if not all(name is None or isinstance(name, str) for name in names):
            raise InvalidInput(f"{', '.join(_LINKS)} hold names within the file", where=where)
        resolved = {name: value for name, value in fields.items() if name not in _LINKS}
        resolved["mirrors"] = [self._example(name) for name in mirrors or []]
        resolved["translation_of"] = self._example(original) if original else None
        resolved["group"] = self.groups.get(group) if group else None
        return read_example(resolved, where)

    def _propose(self, writing: Writing, line: ProposeLine) -> None:
        example = self._read_example(line.example, line.id)
        actor = self._actor(writing, line.by)
        event = propose_example(writing, actor, Propose(example=example), self.signer(line.by, example.topic)).event
        self.examples[line.as_] = getattr(event, "example", "")
        if group := line.example.get("group"):
            self.groups.setdefault(group, getattr(event, "group", ""))

    def _revise(self, writing: Writing, line: ReviseLine) -> None:
        example = self._read_example(line.example, line.id)
        command = Revise(example_id=self._example(line.of), example=example)
        revise_example(writing, self._actor(writing, line.by), command, self.signer(line.by, example.topic))

    def _topic(self, writing: Writing, example: str) -> str:
        return writing.glance(example).first.topic

    def _review(self, writing: Writing, line: ReviewLine) -> None:
        command, actor, signer = self._judged(writing, line)
        if self.chooses_seats and actor.simulated:
            submit_simulated_review(writing, actor, command, signer)
            return
        if actor.simulated:
            take_seat(writing, actor, TakeSeat(topic=self._topic(writing, command.example), example=command.example))
        submit_review(writing, actor, command, signer)

    def _supersede(self, writing: Writing, line: SupersedeLine) -> None:
        command, actor, signer = self._judged(writing, line)
        supersede_review(writing, actor, command, signer)

    def _judged(self, writing: Writing, line: JudgementLine) -> tuple[SubmitReview, Actor, KeySigner | None]:
        example = self._example(line.of)
        command = SubmitReview(example=example, judgement=_judgement(line), via="import")
        return command, self._actor(writing, line.by), self.signer(line.by, self._topic(writing, example))

    def _pass(self, writing: Writing, line: PassLine) -> None:
        example = self._example(line.of)
        actor, topic = self._actor(writing, line.by), self._topic(writing, example)
        if actor.simulated:
            take_seat(writing, actor, TakeSeat(topic=topic, example=example))
        pass_seat(writing, actor, PassSeat(example=example), self.signer(line.by, topic))

    def _withdraw(self, writing: Writing, line: WithdrawLine) -> None:
        example = self._example(line.of)
        signer = self.signer(line.by, self._topic(writing, example))
        withdraw_example(
            writing, self._actor(writing, line.by), Withdraw(example_id=example, reason=line.reason), signer
        )

    def _appeal(self, writing: Writing, line: AppealLine) -> None:
        example = self._example(line.of)
        signer = self.signer(line.by, self._topic(writing, example))
        appeal_round(writing, self._actor(writing, line.by), Appeal(example=example, rationale=line.rationale), signer)

    def _flag(self, writing: Writing, line: FlagLine) -> None:
        example = self._example(line.of)
        actor = self._actor(writing, line.by)
        history = writing.existing(example)
        revision = (history.standing or history.latest).leaf
        form = FlagForm(example=example, revision=revision, ground=line.ground, evidence=line.evidence)
        signer = self.signer(line.by, history.first.topic)
        recorded = raise_flag(writing, actor, Flag(form=form), signer)
        self.flags[line.id] = recorded.leaf

    def _uphold(self, writing: Writing, line: UpholdLine) -> None:
        flag = self.flags.get(line.flag)
        if flag is None:
            raise NotFound(f"no line above raises a flag with the id {line.flag!r}")
        uphold_flag(writing, self._actor(writing, line.by), Uphold(flag=flag))


def _judgement(line: JudgementLine) -> Judgement:
    try:
        return line.judgement()
    except ValidationError as error:
        path, message = problems_of(error)[0]
        raise InvalidInput(f"{path}: {message}" if path else message, where=line.id) from None


_PERFORM: dict[type, Callable[..., None]] = {
    ProposeLine: Contributors._propose,
    ReviseLine: Contributors._revise,
    ReviewLine: Contributors._review,
    SupersedeLine: Contributors._supersede,
    PassLine: Contributors._pass,
    WithdrawLine: Contributors._withdraw,
    AppealLine: Contributors._appeal,
    FlagLine: Contributors._flag,
    UpholdLine: Contributors._uphold,
}
