"""A home with people on it, and one method for each act: everything goes through the real commands."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from curation.clock import MovableClock
from curation.db import reading, writing
from curation.epoch import ClosedEpoch, close_epoch
from curation.examples.controls import PlantControl, plant_control
from curation.examples.erase import Erase, erase_openings
from curation.examples.flag import Flag, Uphold, raise_flag, uphold_flag
from curation.examples.propose import Propose, Revise, propose_example, read_example, revise_example
from curation.examples.withdraw import Withdraw, withdraw_example
from curation.home import create_home
from curation.log.attestation import KeySigner
from curation.people.accounts import Actor, Joining, actor_by_handle, join
from curation.people.vault import topic_scope
from curation.rebuild import projection_contents, rebuild_projection
from curation.releases.overrule import OverruleGate, overrule_gate
from curation.releases.retract import RetractExample, YankRelease, agree_act, draft_retraction, draft_yank
from curation.reviews.appeal import Appeal, appeal_round
from curation.reviews.passing import PassSeat, pass_seat
from curation.reviews.seats import Seat, TakeSeat, take_seat
from curation.reviews.submit import (
    SubmitReview,
    Submitted,
    read_judgement,
    submit_review,
    submit_simulated_review,
    supersede_review,
)
from curation.rulebook.history import History
from curation.rulebook.replay import Replay, replay
from curation.standing import ChangeRoles, SuspendPerson, change_roles, restore_person, suspend_person
from curation.tables import log_leaves, pending_leaves
from curation.topics.declare import DeclarePerspective, declare_perspective
from curation.topics.define import DefineDataset, DraftPolicy, agree_policy, define_dataset, draft_policy
from curation.writing import Platform, Recorded, Writing
from curation_schemas.commons import TopicProposal
from curation_schemas.definition import DatasetDefinition, Policy
from curation_schemas.parsing import validate
from curation_schemas.review import FlagForm, Role
from tests.support.postgres import Databases
from tests.support.words import DATASET, FULL_POLICY, HARBOUR, REQUIRED, SMALL_POLICY, definition, example, judgement

START = 1_800_000_000
POLICIES = {"full": FULL_POLICY, "small": SMALL_POLICY}
MAINTAINERS = ("mia", "max")
PROPOSERS = ("ana", "ben")
SEATED = 8
"""People of each required perspective: keep-1 … keep-8, move-1 … and so on."""


def people_of(perspective: str) -> list[str]:
    """The handles of the people who declared a perspective when the home was made."""
    return [f"{perspective}-{number}" for number in range(1, SEATED + 1)]


def joining(handle: str, **fields: Any) -> Joining:
    """Who joins: a simulated contributor who reads both languages, unless told otherwise."""
    plain: dict[str, Any] = {"handle": handle, "languages": ["en", "fr"], "simulated": True}
    return Joining(**(plain | fields))


@dataclass
class World:
    """A platform, its clock, and acts by handle. Each act is one transaction."""

    platform: Platform
    clock: MovableClock
    keys: dict[tuple[str, str], KeySigner] = field(default_factory=dict)
    signing: set[str] = field(default_factory=set)
    written: Iterator[int] = field(default_factory=count)
    """Numbers the texts that were not given, so that none is a copy of another one."""

    # --- people ---------------------------------------------------------------------------------------------------

    def join(self, handle: str, **fields: Any) -> Actor:
        with self.platform.write() as made:
            return join(made.connection, made.vault, joining(handle, **fields), made.token_bytes)

    def actor(self, handle: str) -> Actor:
        with reading(self.platform.home.engine) as connection:
            return actor_by_handle(connection, handle)

    @contextmanager
    def acting(self, handle: str) -> Iterator[tuple[Writing, Actor]]:
        with self.platform.write() as made:
            yield made, actor_by_handle(made.connection, handle)

    def signer(self, handle: str, topic: str) -> KeySigner | None:
        if handle not in self.signing:
            return None
        return self.keys.setdefault((handle, topic), KeySigner(Ed25519PrivateKey.generate()))

    def pseudonym(self, handle: str, topic: str = HARBOUR) -> str:
        with self.acting(handle) as (made, actor):
            return made.vault.pseudonym_for_act(actor.account, topic_scope(topic))

    def declare(self, handle: str, perspective: str | None, topic: str = HARBOUR) -> Recorded:
        with self.acting(handle) as (made, actor):
            command = DeclarePerspective(topic=topic, perspective=perspective)
            return declare_perspective(made, actor, command, self.signer(handle, topic))

    def join_declared(self, handle: str, perspective: str, topic: str = HARBOUR, **fields: Any) -> str:
        self.join(handle, **fields)
        self.declare(handle, perspective, topic)
        return handle

    # --- examples -------------------------------------------------------------------------------------------------

    def propose(self, handle: str = "ana", **changes: Any) -> str:
        """Returns the example's id."""
        return self.propose_fields(example(number=next(self.written), **changes), handle)

    def propose_fields(self, value: dict[str, Any], handle: str = "ana") -> str:
        """Propose what is given as plain data. Returns the example's id."""
        fields = read_example(value)
        with self.acting(handle) as (made, actor):
            event = propose_example(made, actor, Propose(example=fields), self.signer(handle, fields.topic)).event
        return str(getattr(event, "example", ""))

    def revise(self, of: str, handle: str = "ana", **changes: Any) -> Recorded:
        fields = read_example(example(number=next(self.written), **changes))
        with self.acting(handle) as (made, actor):
            command = Revise(example_id=of, example=fields)
            return revise_example(made, actor, command, self.signer(handle, fields.topic))

    def plant(self, handle: str = "mia", direction: str = "keep-it", **changes: Any) -> Recorded:
        with self.acting(handle) as (made, actor):
            fields = read_example(example(number=next(self.written), **changes))
            assert not isinstance(fields, TopicProposal)
            return plant_control(made, actor, PlantControl(example=fields, direction=direction))

    def withdraw(self, of: str, handle: str = "ana", reason: Any = "error") -> Recorded:
        with self.acting(handle) as (made, actor):
            return withdraw_example(made, actor, Withdraw(example_id=of, reason=reason))

    def erase(self, act: str, handle: str, ground: Any = "author_request", commitments: Any = ()) -> Any:
        with self.acting(handle) as (made, actor):
            return erase_openings(made, actor, Erase(act=act, ground=ground, commitments=list(commitments)))

    # --- rounds ---------------------------------------------------------------------------------------------------

    def take(self, handle: str, topic: str = HARBOUR, of: str | None = None, language: str | None = None) -> Seat:
        with self.acting(handle) as (made, actor):
            return take_seat(made, actor, TakeSeat(topic=topic, example=of, language=language))

    def submit(self, handle: str, of: str, verdict: str = "accept", revision: str | None = None, **more: Any) -> Any:
        """Fill the held seat."""
        with self.acting(handle) as (made, actor):
            command = SubmitReview(example=of, revision=revision, judgement=read_judgement(judgement(verdict, **more)))
            return submit_review(made, actor, command, self.signer(handle, HARBOUR))

    def review(self, handle: str, of: str, verdict: str = "accept", **more: Any) -> Submitted:
        """Fill the first empty seat of the person's perspective."""
        revision = more.pop("revision", None)
        with self.acting(handle) as (made, actor):
            topic = made.glance(of).first.topic
            command = SubmitReview(example=of, revision=revision, judgement=read_judgement(judgement(verdict, **more)))
            return submit_simulated_review(made, actor, command, self.signer(handle, topic))

    def supersede(self, handle: str, of: str, verdict: str = "accept", **more: Any) -> Submitted:
        with self.acting(handle) as (made, actor):
            topic = made.glance(of).first.topic
            command = SubmitReview(example=of, judgement=read_judgement(judgement(verdict, **more)))
            return supersede_review(made, actor, command, self.signer(handle, topic))

    def hand_on(self, handle: str, of: str) -> Recorded:
        with self.acting(handle) as (made, actor):
            return pass_seat(made, actor, PassSeat(example=of))

    def judge(self, of: str, **verdicts: str) -> Any:
        """End the open stage: `keep="aar"` has keep's next people accept, accept and reject. The default accepts."""
        closing = None
        topic = self.history(of).first.topic
        for perspective in self.history(of).latest.round.required:
            stage = self.history(of).latest.round
            done = stage.people() | set(stage.passed.values())
            if stage.first is not None:
                done |= stage.first.people() | set(stage.first.passed.values())
            free = (handle for handle in people_of(perspective) if self.pseudonym(handle, topic) not in done)
            empty = stage.empty_seats(perspective)
            for letter in verdicts.get(perspective, "a" * len(empty))[: len(empty)]:
                verdict = {"a": "accept", "r": "reject", "v": "revise"}[letter]
                closing = self.review(next(free), of, verdict).closing
        return closing

    def appeal(self, of: str, handle: str = "ana") -> Recorded:
        with self.acting(handle) as (made, actor):
            return appeal_round(made, actor, Appeal(example=of, rationale="The reviewers read another text."))

    def flag(self, of: str, handle: str, ground: Any = "source", revision: str | None = None) -> Recorded:
        with self.acting(handle) as (made, actor):
            shown = revision or made.glance(of).latest.leaf
            form = FlagForm(example=of, revision=shown, ground=ground, evidence="The page says something else.")
            return raise_flag(made, actor, Flag(form=form), self.signer(handle, HARBOUR))

    def uphold(self, flag: str, handle: str) -> Recorded:
        with self.acting(handle) as (made, actor):
            return uphold_flag(made, actor, Uphold(flag=flag))

    # --- roles, suspensions -------------------------------------------------------------------------------------------

    def administrator(self, handle: str = "ada") -> str:
        self.join(handle, roles=["administrator"])
        return handle

    def change_roles(self, handle: str, *roles: Role, by: str = "ada") -> Recorded:
        with self.acting(by) as (made, actor):
            return change_roles(made, actor, ChangeRoles(handle=handle, roles=roles))

    def suspend(self, pseudonym: str, topic: str = HARBOUR, by: str = "ada") -> Recorded:
        with self.acting(by) as (made, actor):
            return suspend_person(made, actor, SuspendPerson(topic=topic, pseudonym=pseudonym, ground="spam"))

    def restore(self, pseudonym: str, by: str = "ada") -> Recorded:
        with self.acting(by) as (made, actor):
            return restore_person(made, actor, pseudonym)

    # --- policies, epochs -----------------------------------------------------------------------------------------

    def define(self, handle: str = "mia") -> Recorded:
        with self.acting(handle) as (made, actor):
            return define_dataset(made, actor, DefineDataset(definition=validate(DatasetDefinition, definition())))

    def draft(self, handle: str = "mia", reason: str = "Fewer people than we thought.", **changes: Any) -> str:
        with self.acting(handle) as (made, actor):
            policy = validate(Policy, FULL_POLICY | changes)
            return draft_policy(made, actor, DraftPolicy(policy=policy, reason=reason))

    def agree(self, draft: str, handle: str = "max") -> Recorded:
        with self.acting(handle) as (made, actor):
            return agree_policy(made, actor, draft)

    def draft_retraction(self, of: str, handle: str = "mia", reason: str = "Its source was forged.") -> str:
        with self.acting(handle) as (made, actor):
            return draft_retraction(made, actor, RetractExample(example=of, reason=reason))

    def draft_yank(self, version: str, handle: str = "mia", reason: str = "Half of it was lost.") -> str:
        with self.acting(handle) as (made, actor):
            return draft_yank(made, actor, YankRelease(version=version, reason=reason))

    def agree_act(self, draft: str, handle: str = "max") -> Recorded:
        with self.acting(handle) as (made, actor):
            return agree_act(made, actor, draft)

    def overrule(
        self, topic: str, *gates: str, handle: str = "mia", reason: str = "Its second half follows."
    ) -> Recorded:
        command = OverruleGate(topic=topic, gates=gates, reason=reason)
        return overrule_gate(self.platform, self.actor(handle), command)

    def close(self, *, days: float = 7) -> ClosedEpoch:
        """Let days pass and close the epoch."""
        self.clock.advance(days=days)
        return close_epoch(self.platform)

    # --- looking --------------------------------------------------------------------------------------------------

    def history(self, of: str) -> History:
        with self.platform.read() as loaded:
            return loaded.existing(of)

    def sealed(self) -> list[bytes]:
        with reading(self.platform.home.engine) as connection:
            return list(connection.execute(select(log_leaves.c.leaf).order_by(log_leaves.c.idx)).scalars())

    def pending(self) -> dict[str, bytes]:
        with reading(self.platform.home.engine) as connection:
            rows = connection.execute(select(pending_leaves.c.hash, pending_leaves.c.leaf))
            return {row.hash: row.leaf for row in rows}

    def replay(self) -> Replay:
        return replay(self.sealed())

    def rows(self, table: Any) -> list[Any]:
        with reading(self.platform.home.engine) as connection:
            return list(connection.execute(select(table)).all())

    def check_projection(self) -> Replay:
        """Compare the live projection with one rebuilt from the leaves; nothing is kept of the rebuilding."""
        found = []
        with suppress(_Undo), writing(self.platform.home.engine, alone=True) as connection:
            found.append(projection_contents(connection))
            state = rebuild_projection(connection)
            found.append(projection_contents(connection))
            raise _Undo
        assert not state.violations, state.violations
        for table, rows in found[0].items():
            assert rows == found[1][table], f"{table} differs from what the leaves say"
        return state


class _Undo(Exception):
    """Take a transaction back."""


def make_home(path: Path, policy: str = "full") -> None:
    """A home with both topics defined, maintainers, two proposers and eight people of each required perspective."""
    token_bytes = random.Random(policy).randbytes
    platform = Platform(create_home(path, DATASET, f"example.org/{policy}"), MovableClock(START), 7, token_bytes)
    world = World(platform, MovableClock(START))
    with platform.write() as made:

        def joined(handle: str, **fields: Any) -> Actor:
            return join(made.connection, made.vault, joining(handle, **fields), made.token_bytes)

        maintainers = [joined(handle, roles=["maintainer", "contributor"]) for handle in MAINTAINERS]
        command = DefineDataset(
            definition=validate(DatasetDefinition, definition(POLICIES[policy])), documents={"card.md": b"# A card\n"}
        )
        define_dataset(made, maintainers[0], command)
        for handle in PROPOSERS:
            joined(handle)
        for topic, perspectives in REQUIRED.items():
            for perspective in perspectives:
                for handle in people_of(perspective):
                    declare_perspective(made, joined(handle), DeclarePerspective(topic=topic, perspective=perspective))
    world.close(days=0)
    platform.home.close()


def copy_home(template: Path, path: Path, seed: object = 0, databases: Databases | None = None) -> World:
    """A world on a copy of a home, with identifiers that a seed determines."""
    home = (databases or Databases(None)).open_copy(template, path)
    clock = MovableClock(START)
    return World(Platform(home, clock, 7, random.Random(str(seed)).randbytes), clock)


@cache
def template(root: Path, policy: str) -> Path:
    """A home under `root`, made once in this process."""
    path = root / policy
    make_home(path, policy)
    return path
