"""Replay a log: fold its leaves, check each against the rules, and know what was published when.

Rules that always hold (pure; no database, no clock):
- every event passes the same checks as when it was made; one that does not is a violation and is not applied;
- the fold depends on the leaves only, so anyone who has them gets the same state.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast, get_args

from curation.errors import EvenhandError, Refused
from curation.log.attestation import check_attestation
from curation.log.leaf import canonical_json, decode_leaf
from curation.log.merkle import leaf_hash
from curation.log.order import OrderCheck
from curation.rulebook import acts
from curation.rulebook.adoption import Outlined, check_due, check_words, due_adoptions
from curation.rulebook.controls import ControlCounts, count_controls
from curation.rulebook.declarations import Declaration, Declarations
from curation.rulebook.definitions import Defining, Definitions
from curation.rulebook.elapsed import may_have_passed, must_have_passed
from curation.rulebook.history import ExampleEvent, History
from curation.rulebook.links import check_links
from curation.rulebook.parts import Followed, Part
from curation.rulebook.placement import Published, placement
from curation.rulebook.standing import Watch
from curation.rulebook.yanking import check_yank
from curation_schemas.events import (
    EVENT,
    Act,
    AnyEvent,
    DatasetDefined,
    EpochClosed,
    ExampleProposed,
    ExampleRetracted,
    ExampleRevised,
    ExampleWithdrawn,
    FlagLapsed,
    GateOverruled,
    PerspectiveDeclared,
    ReleaseCut,
    ReleaseYanked,
    ReviewSubmitted,
    RevisionBrought,
    RoundAppealed,
    RoundClosed,
    TopicDefined,
    TopicProposed,
    TopicRevised,
    leaf_fields,
    references_of,
)
from curation_schemas.parsing import SchemaInvalid, validate

# A leaf has one form: nothing absent is written out, and numbers are numbers. null, true, false, [] and {} are rare as
# values, so that the full comparison is made for few leaves: those that may hold one, going by two characters.
_MAY_BE_UNUSUAL = re.compile(rb":[ntf\[{][ura\]}]").search


def _check_form(event: AnyEvent, fields: Mapping[str, Any]) -> None:
    if canonical_json(leaf_fields(event)) != canonical_json(fields):
        raise SchemaInvalid([("", "the leaf is not in the one form of its event")])


NotOfExamples = Defining | PerspectiveDeclared | EpochClosed | ReleaseCut | ReleaseYanked
_NOT_OF_EXAMPLES = frozenset(get_args(NotOfExamples))
_SUSPENDABLE = frozenset(item for item in get_args(ExampleEvent) if issubclass(item, Act)) - {ExampleWithdrawn}
_TIMED = frozenset({RoundClosed, FlagLapsed})
_OF_ROUNDS = frozenset({ReviewSubmitted, RoundClosed})
_BROUGHT = frozenset({ExampleProposed, ExampleRevised, TopicProposed, TopicRevised})
_REPLACES = frozenset({ExampleRevised, TopicRevised, ExampleWithdrawn})
_OUTLINED = frozenset({TopicProposed, TopicRevised})


@dataclass(frozen=True, slots=True)
class Violation:
    """A leaf that breaks a rule."""

    index: int
    rule: str
    message: str


@dataclass(frozen=True, slots=True)
class Epoch:
    """A closed epoch: its number, its last day, and the log's size at its end."""

    number: int
    date: str
    size: int


@dataclass(frozen=True, slots=True)
class Cut:
    """A release as the log has it."""

    index: int
    event: ReleaseCut


@dataclass(slots=True)
class Replay:
    """The state of a log after the leaves taken in so far."""

    snapshots_at: frozenset[int] = frozenset()
    """Log sizes at which to note what is published: those of earlier releases."""
    only: str | None = None
    """Follow one example only (for `trace`): of others, nothing but drafts of topics is taken in."""
    part: Part | None = None
    """Take in one part of the log only: leaves of other parts are passed over (`take_picked`)."""
    size: int = 0
    epoch: int = 0
    definitions: Definitions = field(default_factory=Definitions)
    declarations: Declarations = field(default_factory=Declarations)
    histories: dict[str, History] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    events: dict[str, list[int]] = field(default_factory=dict)
    index_of: dict[str, int] = field(default_factory=dict)
    """Leaf hash → index, for the leaves that rows or other leaves name."""
    epochs: list[Epoch] = field(default_factory=list)
    cuts: list[Cut] = field(default_factory=list)
    yanked: dict[str, tuple[int, ReleaseYanked]] = field(default_factory=dict)
    """Version → index and event of its yank."""
    signing_keys: dict[str, str] = field(default_factory=dict)
    key_owners: dict[str, str] = field(default_factory=dict)
    attested: dict[str, int] = field(default_factory=lambda: {"self": 0, "server": 0})
    violations: list[Violation] = field(default_factory=list)
    snapshots: dict[int, Published] = field(default_factory=dict)
    dataset: str = ""
    _order: OrderCheck = field(default_factory=OrderCheck)
    """The order of the leaves of the epoch that is open."""
    followed: Followed = field(default_factory=Followed)
    """Of a part, which cannot tell the order: what each of its leaves had to stand behind."""
    _full_and_open: dict[tuple[str, int], int] = field(default_factory=dict)
    """(revision, stage) with all seats filled and no end yet → index of its last vote."""
    _proposals: set[str] = field(default_factory=set)
    """The proposals about topics."""
    _adoptions: list[TopicDefined] = field(default_factory=list)
    """Those of the epoch that is open."""
    _open: dict[tuple[int, int], dict[tuple[str, int], str]] = field(default_factory=dict)
    """(epoch in which they opened, days) → (revision, stage) → example, of rounds that were open at the last look."""
    _replaced: dict[str, str] = field(default_factory=dict)
    """Example → the leaf that revised or withdrew it in this epoch."""
    _watch: Watch = field(default_factory=Watch)
    _elapsed_checks: list[tuple[str, int, str, str, int]] = field(default_factory=list)

    def declaration(self, leaf: str) -> Declaration | None:
        """The declaration that this leaf brought."""
        return self.declarations.by_leaf.get(leaf)

    def take_leaf(self, leaf: bytes) -> None:
        """Take in the next leaf as bytes."""
        index, where = self.size, f"leaf {self.size}"
        if self.size in self.snapshots_at:
            self.snapshots[self.size] = self.published()
        self.size += 1
        try:
            fields = decode_leaf(leaf, where)
            event = validate(EVENT, fields)
            if b'"v":1' not in leaf or _MAY_BE_UNUSUAL(leaf):
                _check_form(event, fields)
        except SchemaInvalid as error:
            self.violations.append(Violation(index, "schema", str(error)))
            return
        except EvenhandError as error:
            self.violations.append(Violation(index, "schema", error.message))
            return
        self.take(event, fields, leaf_hash(leaf).hex(), index)

    def take_picked(self, leaf: bytes, index: int) -> None:
        """Take in a leaf of this part; those between the last one and this are of other parts."""
        self.pass_to(index)
        self.take_leaf(leaf)

    def pass_to(self, size: int) -> None:
        """Pass over leaves of other parts."""
        for between in sorted([item for item in self.snapshots_at if self.size <= item < size]):
            self.snapshots[between] = self.published()
        self.size = size

    def take(self, event: AnyEvent, fields: Mapping[str, Any], leaf: str, index: int) -> None:
        """Take in the next event."""
        if self.part is not None:
            self._check_part(self.part, event, leaf, index)
        self.index_of[leaf] = index
        try:
            if self.only is None and self.part is None and type(event) is not EpochClosed:
                self._order.take(leaf, references_of(event))
            if event.dataset != self.dataset:
                self._check_dataset(event)
            # By a field, because `isinstance` with Pydantic's classes costs more than a rule.
            if "auth" in fields:
                self._check_attested(cast("Act", event), fields)
            self._dispatch(event, leaf, index)
        except Refused as error:
            self.violations.append(Violation(index, error.rule, error.message))
        except ValueError as error:
            self.violations.append(Violation(index, "round/outcome", str(error)))

    def _check_part(self, part: Part, event: AnyEvent, leaf: str, index: int) -> None:
        """Note what stands in the way of taking this leaf in without the other parts."""
        kind = type(event)
        example = None if kind in _NOT_OF_EXAMPLES else event.__dict__["example"]
        code = part.parts.codes[index]
        if not part.fits(code, example, of_topics=kind in _OUTLINED) or leaf in self.index_of:
            self.violations.append(Violation(index, "schema", "the leaf is of another part, or stands twice"))
        if code == part.number and kind is not EpochClosed:
            self.followed.take(index, references_of(event), self.index_of)

    def _check_dataset(self, event: AnyEvent) -> None:
        if isinstance(event, DatasetDefined) and not self.dataset:
            self.dataset = event.dataset
        if event.dataset != self.dataset:
            raise Refused("define/first", f"the leaf belongs to dataset {event.dataset}, the log to {self.dataset}")

    def _check_attested(self, event: Act, fields: Mapping[str, Any]) -> None:
        if event.auth == "self" and event.key is not None:
            check_attestation(fields)
            known = self.signing_keys.setdefault(event.pseudonym, event.key)
            owner = self.key_owners.setdefault(event.key, event.pseudonym)
            if (known, owner) != (event.key, event.pseudonym):
                raise Refused("auth/one-key", "a pseudonym signs with two keys, or a key belongs to two pseudonyms")
        self.attested[event.auth] += 1

    def _dispatch(self, event: AnyEvent, leaf: str, index: int) -> None:
        if type(event) in _NOT_OF_EXAMPLES:
            self._take_other(cast("NotOfExamples", event), leaf, index)
            return
        event = cast("ExampleEvent", event)
        history = self.histories.get(event.example) or History(event.example)
        acts.check(history, event, self.epoch, self)
        if type(event) in _TIMED:
            self._check_elapsed(history, cast("RoundClosed | FlagLapsed", event))
        acts.apply(history, event, leaf, self.epoch, self)
        if type(event) is ExampleRetracted:
            self._watch.note_signers(index, event)
        if self.definitions.standings.suspensions and type(event) in _SUSPENDABLE:
            earliest = acts.made_since(history, event, self.epoch)
            self._watch.note_act(index, cast("Act", event).pseudonym, earliest, self.definitions.standings)
        if self.only is None or event.example == self.only:
            # Of other examples a draft is read, but not how its round ended.
            self._watch_open(history, event, leaf)
        if type(event) in _OF_ROUNDS:
            self._watch_end(history, cast("ReviewSubmitted | RoundClosed", event), index)
        self.histories[event.example] = history
        self.events.setdefault(event.example, []).append(index)
        if type(event) in _OUTLINED:
            self.definitions.apply(cast("Outlined", event), leaf, self.epoch)
            self._proposals.add(event.example)
        if type(event) in _BROUGHT:
            brought = cast("RevisionBrought", event)
            self.groups.setdefault(brought.group, brought.topic)

    def _watch_open(self, history: History, event: ExampleEvent, leaf: str) -> None:
        """Know which rounds are open since when: none stays open longer than its days, or beyond what replaced it."""
        if type(event) in _BROUGHT or type(event) is RoundAppealed:
            revision = history.latest if type(event) in _BROUGHT else history.revision_of(event.revision, "round/end")  # type: ignore[union-attr]  # an appeal
            days = self.definitions.policy_by_leaf[revision.event.policy].content.round_days
            self._open.setdefault((self.epoch, days), {})[revision.leaf, revision.round.stage] = history.example
        if type(event) in _REPLACES:
            self._replaced[history.example] = leaf

    def _watch_end(self, history: History, event: ReviewSubmitted | RoundClosed, index: int) -> None:
        """A round ends when its last seat is filled: by the end of the epoch in which its votes were sealed."""
        stage = history.revision_of(event.revision, "round/end").stages[event.stage - 1]
        if stage.closed is not None:
            self._full_and_open.pop((event.revision, event.stage), None)
        elif stage.full:
            self._full_and_open[event.revision, event.stage] = index

    def _take_other(self, event: NotOfExamples, leaf: str, index: int) -> None:
        if isinstance(event, Defining):
            self.definitions.check(event, self.epoch)
            if isinstance(event, TopicDefined) and event.proposal is not None and self.only is None:
                check_words(event, self.histories.get(event.proposal), self.definitions)
                self._adoptions.append(event)
            self.definitions.apply(event, leaf, self.epoch)
            self._watch.note_signers(index, event)
        elif isinstance(event, PerspectiveDeclared):
            self._watch.note_act(index, event.pseudonym, self.epoch, self.definitions.standings)
            self.declarations.check(event, self.definitions.frame(event.topic, event.definition, self.epoch))
            self.declarations.apply(event, leaf, self.epoch)
        elif isinstance(event, EpochClosed):
            self._close_epoch(event)
        elif isinstance(event, ReleaseYanked):
            release = self.index_of.get(event.release)
            check_yank(event, next((cut.event.version for cut in self.cuts if cut.index == release), None), self.yanked)
            self._watch.note_signers(index, event)
            self.yanked[event.version] = index, event
        else:
            self._check_cut(event)
            self._watch.note_signers(index, event)
            self.cuts.append(Cut(index, event))
            self._leave_out_gated(event)

    def _leave_out_gated(self, event: ReleaseCut) -> None:
        """What a release published lacks the topics that its event names."""
        held = self.snapshots.get(event.size)
        if event.gated and held is not None:
            gated = frozenset(event.gated)
            self.snapshots[event.size] = self.without(held, gated)

    def without(self, published: Published, topics: frozenset[str]) -> Published:
        """What is published, but for some topics."""
        return {item: place for item, place in published.items() if self.histories[item].first.topic not in topics}

    def _check_elapsed(self, history: History, event: RoundClosed | FlagLapsed) -> None:
        """The epochs' dates bound how long a round or a flag can have been open."""
        if isinstance(event, RoundClosed) and event.how == "time":
            stage = history.revision_of(event.revision, "round/end").stages[event.stage - 1]
            opening = history.revision_of(event.revision, "round/end").event.policy
            days = self.definitions.policy_by_leaf[opening].content.round_days
            self._require_days(stage.epoch, days, "round/end", "the round's time was not over")
        elif isinstance(event, FlagLapsed):
            flag = history.flags[event.flag]
            policy = self.definitions.policy_at(self.epoch).content
            self._require_days(flag.epoch, policy.flag_days, "flag/lapse", "the flag's time was not over")

    def _require_days(self, opened_in: int, days: int, rule: str, message: str) -> None:
        # What was opened in epoch e was opened after the end of epoch e - 1. The end of the epoch now open is not
        # known yet, so the check is made again at its end, with its date.
        if opened_in >= 1:
            self._elapsed_checks.append((self.epochs[opened_in - 1].date, days, rule, message, self.size - 1))

    def _close_epoch(self, event: EpochClosed) -> None:
        last = self.epochs[-1].date if self.epochs else event.date
        if event.epoch != self.epoch or event.date < last:
            # Noted, and the epoch is closed all the same: what follows can still be told apart.
            message = f"epoch {event.epoch} of {event.date} follows epoch {self.epoch - 1} of {last}"
            self.violations.append(Violation(self.size - 1, "epoch/number", message))
        for index in self._full_and_open.values():
            message = "every seat of its round is filled, and the round was not ended"
            self.violations.append(Violation(index, "round/end", message))
        self._full_and_open.clear()
        self._check_open(event.date)
        for since, days, rule, message, index in self._elapsed_checks:
            if not may_have_passed(since, event.date, days):
                self.violations.append(Violation(index, rule, message))
        self._elapsed_checks.clear()
        self._check_adoptions()
        broken = self._watch.broken(self.definitions.standings, self.epoch)
        self.violations += [Violation(*found) for found in broken]
        try:
            if not self._order.kept:
                raise Refused("epoch/order", f"the leaves of epoch {self.epoch} are not in their canonical order")
        finally:
            self._order = OrderCheck()
            self.epochs.append(Epoch(event.epoch, event.date, self.size))
            self.epoch += 1

    def _check_open(self, date: str) -> None:
        dates = [*(epoch.date for epoch in self.epochs), date]
        for (opened_in, days), rounds in list(self._open.items()):
            late = must_have_passed(dates[opened_in] if opened_in < len(dates) else date, date, days)
            for (revision, stage), example in list(rounds.items()):
                found = self.histories[example].revision_of(revision, "round/end").stages[stage - 1]
                if found.closed is not None or late:
                    del rounds[revision, stage]
                if found.closed is None and late:
                    message = f"its round was open for more than {days} days, and was not ended"
                    self.violations.append(Violation(self.index_of[revision], "round/end", message))
            if not rounds:
                del self._open[opened_in, days]
        for example, leaf in self._replaced.items():
            history = self.histories[example]
            for item in history.revisions:
                gone = history.withdrawn is not None or (item is not history.latest and len(item.stages) == 1)
                if gone and item.round.closed is None:
                    message = "it replaced or withdrew a revision, and that revision's round was not ended"
                    self.violations.append(Violation(self.index_of[leaf], "round/end", message))
        self._replaced.clear()

    def _check_adoptions(self) -> None:
        proposals = [self.histories[example] for example in sorted(self._proposals)]
        try:
            if self.only is None:
                check_due(self._adoptions, due_adoptions(proposals, self.definitions, self.epoch))
        except Refused as error:
            self.violations.append(Violation(self.size - 1, error.rule, error.message))
        finally:
            self._adoptions.clear()

    def _check_cut(self, event: ReleaseCut) -> None:
        if event.size not in {epoch.size for epoch in self.epochs}:
            raise Refused("release/prefix", f"release {event.version} names size {event.size}, which no epoch ends at")
        if self.cuts and _version(event.version) <= _version(self.cuts[-1].event.version):
            raise Refused("release/version", f"release {event.version} does not follow {self.cuts[-1].event.version}")

    def finish(self) -> None:
        """Check what can only be seen at the end: links between examples."""
        for history in self.histories.values():
            for revision in history.revisions:
                try:
                    check_links(revision.event, self._first_event, self.groups.get)
                except Refused as error:
                    self.violations.append(Violation(self.index_of[revision.leaf], error.rule, error.message))

    def _first_event(self, example: str) -> RevisionBrought | None:
        history = self.histories.get(example)
        return history.first if history else None

    def controls(self) -> ControlCounts:
        """How the planted controls fared so far."""
        opened = [history for history in self.histories.values() if history.control is not None]
        if self.part is not None:
            opened = [history for history in opened if self.part.parts.of_example(history.example) == self.part.number]
        return count_controls(len(self.definitions.planted), opened)

    def overruled(self) -> list[tuple[int, GateOverruled]]:
        """What maintainers said of gates for the release that is cut next, each with its leaf's index."""
        last = max((cut.event.size for cut in self.cuts), default=0)
        found = [(self.index_of[leaf], event) for leaf, event in self.definitions.overruled.items()]
        return sorted((item for item in found if item[0] >= last), key=lambda item: item[0])

    def definitions_to_release(self) -> frozenset[str]:
        """The definitions under which what was judged is released in the epoch that is open, by leaf."""
        return self.definitions.released_at(self.epoch)

    def published(self) -> Published:
        """What a release cut here would hold: example → (config, revision)."""
        found: Published = {}
        in_force = self.definitions_to_release()
        for example, history in self.histories.items():
            placed = placement(history, in_force)
            if placed.config is not None:
                found[example] = (placed.config, placed.revision)
        return found


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def replay(leaves: Iterable[bytes], snapshots_at: Iterable[int] = ()) -> Replay:
    """Replay a log, or a prefix of it."""
    state = Replay(frozenset(snapshots_at))
    for leaf in leaves:
        state.take_leaf(leaf)
    if state.size in state.snapshots_at:
        state.snapshots[state.size] = state.published()
    state.finish()
    return state


def replay_one(picked: Iterable[tuple[int, bytes]], size: int, snapshots_at: Iterable[int], only: str) -> Replay:
    """Replay what concerns one example.

    Args:
        picked: the leaves that concern it (see `Concerning`), each with its index.
        size: the size of the log, or of the prefix of it, that they are from.
        snapshots_at: see Replay.
        only: the example.
    """
    state = Replay(frozenset(snapshots_at), only)
    for index, leaf in picked:
        state.take_picked(leaf, index)
    state.pass_to(size)
    if size in state.snapshots_at:
        state.snapshots[size] = state.published()
    return state


def replay_part(picked: Iterable[tuple[int, bytes]], size: int, snapshots_at: Iterable[int], part: Part) -> Replay:
    """Replay one part of a log.

    Args:
        picked: the leaves that the part takes in, each with its index.
        size: the whole log's size.
        snapshots_at: see Replay.
        part: which one it is.

    A rule across parts is not checked: the order of leaves within an epoch, and one key for each pseudonym. For these
    `followed`, `signing_keys` and `key_owners` of all parts are looked at together.
    """
    state = Replay(frozenset(snapshots_at), part=part)
    for index, leaf in picked:
        state.take_picked(leaf, index)
    state.pass_to(size)
    if size in state.snapshots_at:
        state.snapshots[size] = state.published()
    state.finish()
    if not state.followed.complete:
        state.violations.append(Violation(size - 1, "schema", "a leaf refers to one that its part does not have"))
    return state


def release_sizes(leaves: Iterable[bytes]) -> Iterator[int]:
    """The log sizes of the releases that these leaves record; leaves that do not parse are passed over."""
    for leaf in leaves:
        if b'"type":"release:cut"' in leaf:
            try:
                event = validate(EVENT, decode_leaf(leaf))
            except (SchemaInvalid, EvenhandError):
                continue
            if isinstance(event, ReleaseCut):
                yield event.size
