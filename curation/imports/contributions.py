"""Import contributions (`--format contributions`): the acts of many people, one a line (curation_schemas.contribution).

Rules that always hold:
- each line is performed by the command that everybody else calls, with every check of it;
- nobody acts for anybody else: a line is by a simulated person, or by the account that runs the import;
- simulated people choose their seats; what the queue would never offer them is refused: an example in a language that
  they do not read, or by somebody of their own organisation;
- no key of a contributor is held here, so every act is attested by the server;
- stage directions of a demonstration are bad lines.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sqlalchemy import select

from curation.contributions import Contributors, StageDirection, read_people
from curation.errors import Conflict, InvalidInput, NotAllowed, NotFound, Refused
from curation.imports.batches import Brought, Item, Reached, ReadLine, Scene, take_lines
from curation.imports.lines import MAX_LINE_BYTES, RawLine, check_beginning, load_line, read_lines
from curation.imports.remembered import Name, digest_of
from curation.imports.summary import BadLine, Summary, Watch
from curation.people.accounts import (
    Actor,
    Joining,
    actor_by_handle,
    bind_organisation,
    join,
    organisations_of,
    read_joining,
)
from curation.people.vault import topic_scope
from curation.tables import proposer_organisations
from curation.topics.declare import DeclarePerspective, declare_perspective
from curation.writing import Platform, Writing
from curation_schemas.contribution import (
    LINE,
    AnyLine,
    FlagLine,
    JudgementLine,
    PassLine,
    Person,
    ProposeLine,
    ReviewLine,
    ReviseLine,
    UpholdLine,
)
from curation_schemas.parsing import SchemaInvalid, validate

_TOLD_EVERY = 100


@dataclass(frozen=True, kw_only=True)
class ImportContributions:
    """A file of contributions, and what is needed to take it in."""

    path: Path
    source: str
    people: Path | None = None
    by: str | None = None
    """The account that runs the import: the only one that may act without being simulated."""
    dry_run: bool = False


def import_contributions(platform: Platform, command: ImportContributions, watch: Watch | None = None) -> Summary:
    """Take in every line that can be; the others are in the summary. Raises InvalidInput, NotAllowed, HomeUnusable."""
    summary = Summary(command.source, command.dry_run)
    people = read_people(command.people) if command.people else []
    check_beginning(command.path)
    troupe = _Troupe(platform, chooses_seats=True, by=command.by)

    def begin(writing: Writing) -> None:
        summary.people = troupe.join_missing(writing, people)

    items = _items(platform.home.vault_key, troupe, command.path)
    take_lines(platform, items, summary, watch or Watch(), begin, troupe.prepare)
    return summary


def _items(vault_key: bytes, troupe: _Troupe, path: Path) -> Iterator[Item]:
    blank = True
    for raw in read_lines(path):
        blank = False
        try:
            yield _read(vault_key, troupe, path.name, raw)
        except SchemaInvalid as error:
            yield BadLine(path.name, raw.number, str(error))
        if raw.number % _TOLD_EVERY == 0:
            yield Reached(raw.end)
    if blank:
        raise InvalidInput("holds no line", where=str(path))


def _read(vault_key: bytes, troupe: _Troupe, file: str, raw: RawLine) -> ReadLine:
    if raw.content is None:
        raise SchemaInvalid([("", f"is longer than {MAX_LINE_BYTES} bytes")])
    plain = load_line(raw.content)
    line = validate(LINE, plain)
    if isinstance(line, StageDirection):
        raise SchemaInvalid([("act", f"«{line.act}» is a stage direction of a demonstration")])
    return ReadLine(
        file=file,
        number=raw.number,
        key=line.id,
        digest=digest_of(vault_key, plain),
        act=line.act,
        by=line.by,
        perform=partial(troupe.take, line),
        needs=(("example", line.of),) if isinstance(line, JudgementLine) else tuple(_names(line)),
        size=len(raw.content),
    )


def _names(line: AnyLine) -> Iterator[Name]:
    """The names that a line refers to or gives."""
    if isinstance(line, ProposeLine):
        yield "example", line.as_
    elif isinstance(line, UpholdLine):
        yield "line", line.flag
    elif not isinstance(line, StageDirection):
        yield "example", line.of
    if isinstance(line, (ProposeLine, ReviseLine)):
        mirrors = line.example.get("mirrors")
        links = [*(mirrors if isinstance(mirrors, list) else ()), line.example.get("translation_of")]
        yield from (("example", link) for link in links if isinstance(link, str))
        group = line.example.get("group")
        if isinstance(group, str):
            yield "group", group


@dataclass
class _Troupe(Contributors):
    """The people of an import. What names stand for is looked up anew for each batch, so none grows with the file."""

    by: str | None = None
    _organisations: dict[str, frozenset[str]] = field(default_factory=dict)
    _proposers: dict[str, set[str]] = field(default_factory=dict)
    _stands: dict[tuple[str, str], tuple[str | None, str | None]] = field(default_factory=dict)
    """Who and topic → their pseudonym and the perspective that they declared."""

    def join_missing(self, writing: Writing, people: list[Person]) -> int:
        """Open the accounts that are missing, and declare what is undeclared. Returns how many were opened."""
        opened = 0
        for person in people:
            try:
                actor = actor_by_handle(writing.connection, person.person)
            except NotFound:
                actor = join(writing.connection, writing.vault, _joining(person), writing.token_bytes)
                opened += 1
            if not actor.simulated:
                raise NotAllowed(f"{person.person} is no simulated account", hint="An import acts for nobody else.")
            for topic, perspective in person.perspectives.items():
                self._declare(writing, actor, DeclarePerspective(topic=topic, perspective=perspective))
        return opened

    def _declare(self, writing: Writing, actor: Actor, command: DeclarePerspective) -> None:
        pseudonym = writing.vault.pseudonym(actor.account, topic_scope(command.topic))
        declared = writing.latest_declaration(pseudonym) if pseudonym else None
        if declared is None:
            declare_perspective(writing, actor, command)
        elif declared.perspective != command.perspective:
            raise Conflict(
                f"{actor.handle} stands for {declared.perspective} on {command.topic}; the file says "
                f"{command.perspective}",
                hint="An import changes no declaration.",
            )

    def prepare(self, scene: Scene, lines: list[ReadLine]) -> None:
        """Load what the lines of a batch refer to."""
        names = {name for line in lines for name in line.needs}
        found = {name: what for name in names if (what := scene.remembered.brought(name)) is not None}
        self.examples = {name: what for (kind, name), what in found.items() if kind == "example"}
        self.groups = {name: what for (kind, name), what in found.items() if kind == "group"}
        self.flags = {name: what for (kind, name), what in found.items() if kind == "line"}
        scene.writing.preload(self.examples.values())
        scene.writing.preload_people(
            (self.actors[line.by].account, scene.writing.existing(self.examples[name]).first.topic)
            for line in lines
            if line.by in self.actors
            for kind, name in line.needs
            if kind == "example" and name in self.examples
        )
        self._stands = {}
        self._proposers = _organisations_behind(scene.writing, self.examples.values())

    def take(self, line: AnyLine, scene: Scene) -> Brought:
        """Perform one line. Raises CallerError."""
        if isinstance(line, ProposeLine) and line.as_ in self.examples:
            raise Conflict(f"the name {line.as_} is taken by a line above", where=line.id)
        if isinstance(line, (JudgementLine, PassLine)) and line.of in self.examples:
            self._check_seat(scene.writing, line)
        self.perform_in(scene.writing, line)
        if isinstance(line, FlagLine):
            return Brought(self.flags[line.id])
        if not isinstance(line, ProposeLine):
            return Brought()
        example, group = self.examples[line.as_], line.example.get("group")
        names: list[tuple[Name, str]] = [(("example", line.as_), example)]
        if group and scene.remembered.brought(("group", group)) is None:
            names.append((("group", group), self.groups[group]))
        return Brought(example, tuple(names))

    def _actor(self, writing: Writing, handle: str) -> Actor:
        actor = super()._actor(writing, handle)
        if not actor.simulated and handle != self.by:
            raise NotAllowed(
                f"{handle} is no simulated account",
                hint="Nobody acts for anybody else: they import their own lines with --as.",
            )
        return actor

    def _check_seat(self, writing: Writing, line: JudgementLine | PassLine) -> None:
        """Raise Refused for what the queue would never offer, and for another perspective than the declared one."""
        actor = self._actor(writing, line.by)
        history = writing.existing(self.examples[line.of])
        topic = history.first.topic
        if (line.by, topic) not in self._stands:
            pseudonym = writing.vault.pseudonym(actor.account, topic_scope(topic))
            declared = writing.latest_declaration(pseudonym) if pseudonym else None
            self._stands[line.by, topic] = pseudonym, declared.perspective if declared else None
        pseudonym, stands = self._stands[line.by, topic]
        seated = history.latest.round.cast_by(pseudonym) if pseudonym else None
        stands = seated[0][0] if seated else stands
        if stands is not None and stands != line.perspective:
            raise Refused("review/declared", f"{line.by} stands for {stands} here, not for {line.perspective}")
        if not isinstance(line, ReviewLine) or not actor.simulated:
            return
        if history.first.language not in actor.languages:
            raise Refused("seat/language", f"{line.by} does not read {history.first.language}")
        if history.example not in self._proposers:
            self._proposers |= _organisations_behind(writing, [history.example])
        behind = self._proposers[history.example]
        mine = self._organisations_of(writing, actor) if behind else ()
        if any(bind_organisation(writing.vault, history.example, item) in behind for item in mine):
            raise Refused("seat/organisation", f"{line.by} and the proposer declare the same organisation")

    def _organisations_of(self, writing: Writing, actor: Actor) -> frozenset[str]:
        found = self._organisations.get(actor.account)
        if found is None:
            found = frozenset(organisations_of(writing.connection, actor.account))
            self._organisations[actor.account] = found
        return found


def _organisations_behind(writing: Writing, examples: Collection[str]) -> dict[str, set[str]]:
    """The organisations that each example's proposer declares, as keyed hashes that only one example has."""
    found: dict[str, set[str]] = {example: set() for example in examples}
    query = select(proposer_organisations).where(proposer_organisations.c.example.in_(examples))
    for row in writing.connection.execute(query):
        found[row.example].add(row.organisation)
    return found


def _joining(person: Person) -> Joining:
    return read_joining(
        {
            "handle": person.person,
            "languages": person.languages,
            "organisations": person.organisations,
            "roles": ["contributor", *(role for role in person.roles if role != "contributor")],
            "simulated": True,
        }
    )
