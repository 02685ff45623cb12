"""The queue: who is offered which seat.

Rules that always hold:
- the queue assigns; a reviewer names topic and language at most (simulated people in demonstrations choose theirs);
- a seat goes to somebody who declared the perspective, reads the language, did not propose, shares no declared
  organisation with the proposer, did not sit in or hand on a seat of this round, and was not in the round appealed;
- earlier rejecters of the example are offered its seats first, then the rounds of earlier epochs; of one epoch they
  come by their revisions' hashes, which tells nothing;
- who reviews here holds one seat at a time; a tool that shows many texts side by side may hold several for somebody;
- one topic per sitting; a seat lapses when its lease ends;
- candidates are looked at without locks; the one that is offered is locked and looked at again before it is leased.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from sqlalchemy import Connection, and_, case, delete, func, insert, select, tuple_

from curation.db import add_if_new, keep
from curation.errors import NotFound, Refused
from curation.people.accounts import Actor, bind_organisation, leased_by, organisations_of
from curation.people.vault import Vault, topic_scope
from curation.reviews.queue import Asking, free_seats
from curation.rulebook.declarations import Declaration
from curation.rulebook.history import History
from curation.rulebook.rounds import Round
from curation.tables import (
    declarations,
    handed_on,
    leases,
    proposer_organisations,
    seats,
    stage_clocks,
)
from curation.writing import LoadedExamples, Writing
from curation_schemas.review import OrderShown

SHARE_APPLIES_FROM = 20
MAX_HANDED_ON = 3
MAX_SEAT_SHARE_PERCENT = 15
"""Where a perspective has 20 people or more, nobody fills more than this share of its seats on a topic."""
_MOST_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class TakeSeat:
    """Ask for a seat. `example` is for simulated people only: everybody else is assigned one."""

    topic: str
    language: str | None = None
    example: str | None = None


@dataclass(frozen=True, slots=True)
class Seat:
    """A seat held under a lease. `order_shown` is drawn at random for preference pairs and recorded."""

    example: str
    revision: str
    topic: str
    perspective: str
    stage: int
    seat: int
    declaration: str
    order_shown: OrderShown | None
    ends_at: int


def take_seat(writing: Writing, actor: Actor, command: TakeSeat) -> Seat:
    """Lease the seat that is needed most. Raises Refused, NotFound (nothing to review now)."""
    return take_seats(writing, actor, command, 1)[0]


def take_seats(writing: Writing, actor: Actor, command: TakeSeat, most: int) -> list[Seat]:
    """Hold up to `most` seats on a topic: those that are held already, then those that are needed most.

    Raises Refused, NotFound (none is held, and there is nothing to review now).
    """
    writing.admit(actor, "contributor")
    writing.frame_now(command.topic)
    if command.example is not None and not actor.simulated:
        raise Refused("seat/queue-assigns", "seats are assigned; name a topic, not an example", where="example")
    if command.language is not None and command.language not in actor.languages:
        message = f"you said that you read {', '.join(actor.languages)}, not {command.language}"
        raise Refused("seat/language", message, where="language")
    writing.flush()
    lapsed, held = set(), []
    for seat in held_seats(writing, writing.vault, actor):
        if seat.ends_at <= writing.now:
            # Noted when a seat is leased (`_lease`): what is written before an example is locked could be waited for
            # by whoever has it locked.
            lapsed.add((seat.topic, seat.revision))
            continue
        if seat.topic != command.topic:
            raise Refused(
                "seat/one-topic", f"you hold a seat on {seat.topic}", hint="Review it or hand it on, then change topic."
            )
        if command.example in (None, seat.example):
            held.append(seat)
    if len(held) >= most:
        return held
    pseudonym = writing.vault.pseudonym(actor.account, topic_scope(command.topic))
    declaration = writing.latest_declaration(pseudonym) if pseudonym else None
    if pseudonym is None or declaration is None or declaration.perspective is None:
        raise Refused("review/declared", f"declare a perspective on {command.topic} first")
    writing.definitions.standings.check_acts(pseudonym)
    left = _share_left(writing, command.topic, declaration.perspective, pseudonym, len(held))
    _check_handed_on(writing, actor, command.topic, {revision for topic, revision in lapsed if topic == command.topic})
    asking = Asking(
        writing,
        actor,
        command.topic,
        [command.language] if command.language else actor.languages,
        command.example,
        pseudonym,
        declaration,
        frozenset(revision for _, revision in lapsed) | {seat.revision for seat in held},
    )
    held += _claim_some(asking, min(most - len(held), left))
    if held:
        return held
    if command.example is not None:
        _say_why_not(asking, command.example)
    raise NotFound("no seat on this topic is free for you now", hint="Come back later, or choose another topic.")


def _say_why_not(asking: Asking, example: str) -> None:
    """Name the rule to somebody simulated, who chose the example; others are not told of examples they did not name."""
    writing, actor = asking.writing, asking.actor
    history = writing.existing(example)
    if history.first.language not in actor.languages:
        message = f"the example is in {history.first.language}; you read {', '.join(actor.languages)}"
        raise Refused("seat/language", message)
    if _shares_organisation(asking, example):
        raise Refused("seat/organisation", "you share a declared organisation with the proposer")


def held_seats(loaded: LoadedExamples, vault: Vault, actor: Actor, example: str | None = None) -> list[Seat]:
    """The seats that the actor has a lease of, ended leases too; only those of one example, where it is named."""
    the_seat = and_(
        seats.c.revision == leases.c.revision,
        seats.c.perspective == leases.c.perspective,
        seats.c.seat == leases.c.seat,
    )
    mine = leased_by(loaded.connection, vault, actor.account)
    query = select(leases, seats.c.stage).join(seats, the_seat).where(mine)
    if example is not None:
        query = query.where(leases.c.example == example)
    return [
        Seat(
            row.example,
            row.revision,
            row.topic,
            row.perspective,
            row.stage,
            row.seat,
            _declaration_on(loaded, vault, actor, row.topic),
            row.order_shown,
            row.ends_at,
        )
        for row in loaded.connection.execute(query.order_by(leases.c.revision, leases.c.perspective, leases.c.seat))
    ]


def _declaration_on(loaded: LoadedExamples, vault: Vault, actor: Actor, topic: str) -> str:
    """The declaration by which the actor sits: the latest one, because changing it ends every lease."""
    pseudonym = vault.pseudonym(actor.account, topic_scope(topic))
    declaration = loaded.latest_declaration(pseudonym) if pseudonym else None
    return declaration.leaf if declaration else ""


def note_handed_on(writing: Writing, revision: str, holder: str) -> None:
    """Remember that somebody passed a seat or let it lapse: the same round is not offered to them again."""
    row = {"revision": revision, "holder": holder, "epoch": writing.epoch}
    add_if_new(writing.connection, handed_on, row)


def _check_handed_on(writing: Writing, actor: Actor, topic: str, lapsed: set[str]) -> None:
    mine = handed_on.c.holder == writing.vault.holder(actor.account, topic)
    query = select(handed_on.c.revision).where(mine, handed_on.c.epoch == writing.epoch)
    if len(lapsed.union(writing.connection.execute(query).scalars())) >= MAX_HANDED_ON:
        raise Refused(
            "seat/handed-on",
            f"you handed on or let lapse {MAX_HANDED_ON} seats on {topic} in this epoch",
            hint="Seats are offered to you again when the epoch is closed.",
        )


def _share_left(writing: Writing, topic: str, perspective: str, pseudonym: str, held: int) -> int:
    """How many more seats this person may hold, `held` of them being held already. Raises Refused for none."""
    standing = select(func.count()).where(
        declarations.c.topic == topic,
        declarations.c.perspective == perspective,
        declarations.c.replaced_in.is_(None),
    )
    if (writing.connection.execute(standing).scalar() or 0) < SHARE_APPLIES_FROM:
        return sys.maxsize
    mine = func.sum(case((seats.c.reviewer == pseudonym, 1), else_=0))
    query = select(func.count(), mine).where(seats.c.topic == topic, seats.c.perspective == perspective)
    total, filled = writing.connection.execute(query).one()
    left = max(1, int(total) * MAX_SEAT_SHARE_PERCENT // 100) - int(filled or 0) - held
    if left < 1 and not held:
        raise Refused(
            "seat/share",
            f"you have filled {filled} of {total} seats for {perspective} on {topic}",
            hint="Others of this perspective come first now; other topics may need you.",
        )
    return left


def _claim_some(asking: Asking, number: int) -> list[Seat]:
    """Lease up to so many seats."""
    candidates = _offers(asking, asking.writing.glance)
    if number > 1:
        # Their examples are locked in one order before the first is leased: two who do this never wait for each other.
        chosen = list(islice(candidates, min(number, _MOST_AT_ONCE)))
        asking.writing.preload(seat.example for seat in chosen)
        candidates = iter(chosen)
    claimed: list[Seat] = []
    while len(claimed) < number and (candidate := next(candidates, None)) is not None:
        if (seat := _claim(asking, candidate)) is not None:
            claimed.append(seat)
    return claimed


def _claim(asking: Asking, candidate: Seat) -> Seat | None:
    """Lease a candidate, unless somebody took it since it was looked at."""
    writing = asking.writing
    if writing.connection.dialect.name == "sqlite":
        return _lease(writing, asking.actor, candidate)  # the only writer
    attempt = writing.connection.begin_nested()
    writing.existing(candidate.example)  # waits for whoever acts on this example, then reads it
    for seat in _offers(asking, writing.existing, candidate.example):
        if seat.revision == candidate.revision:
            keep(attempt)
            return _lease(writing, asking.actor, seat)
    # Gives the example's lock back, so that nobody waits for one example while holding up another.
    attempt.rollback()
    writing.let_go(candidate.example)
    return None


def _offers(asking: Asking, history_of: Callable[[str], History], example: str | None = None) -> Iterator[Seat]:
    """The seats that fit, the most needed first; only those of one example, where it is named."""
    writing = asking.writing
    for row in free_seats(asking, example or asking.example):
        history = history_of(row.example)
        if _shares_organisation(asking, row.example):
            continue
        stage = history.revision_of(row.revision, "review/revision-known").stages[row.stage - 1]
        if asking.example is None and _is_reserved(asking, history, stage):
            continue
        if _may_sit(history, stage, asking.pseudonym, asking.declaration):
            # Up to the full hour: nothing finer is kept of when somebody sat down.
            ends_at = -(-writing.now // 3600) * 3600 + 3600 * _lease_hours(writing, history)
            yield Seat(
                row.example,
                row.revision,
                asking.topic,
                str(asking.declaration.perspective),
                row.stage,
                row.seat,
                asking.declaration.leaf,
                None,
                ends_at,
            )


def _is_reserved(asking: Asking, history: History, stage: Round) -> bool:
    """Whether the free seats are kept for earlier rejecters, for the first lease of a later revision's round.

    As many seats as there are earlier rejecters of the perspective who have not sat yet; they are offered these first.
    """
    if stage.number == 1 or stage.stage != 1:
        return False
    writing, perspective = asking.writing, str(asking.declaration.perspective)
    rejecters = {
        cast.pseudonym
        for revision in history.revisions[: stage.number - 1]
        for item in revision.stages
        for (seat_of, _), cast in item.seats.items()
        if seat_of == perspective and not cast.accepts
    } - stage.people()
    if asking.pseudonym in rejecters or not rejecters:
        return False
    clock = select(stage_clocks.c.opened_at).where(stage_clocks.c.revision == stage.revision, stage_clocks.c.stage == 1)
    opened = writing.connection.execute(clock).scalar() or 0
    if writing.now - opened >= 3600 * _lease_hours(writing, history):
        return False
    here = (leases.c.revision == stage.revision, leases.c.perspective == perspective, leases.c.ends_at > writing.now)
    leased = writing.connection.execute(select(func.count()).where(*here)).scalar() or 0
    return len(stage.empty_seats(perspective)) - leased <= len(rejecters)


def _shares_organisation(asking: Asking, example: str) -> bool:
    connection, vault = asking.writing.connection, asking.writing.vault
    mine = {bind_organisation(vault, example, item) for item in organisations_of(connection, asking.actor.account)}
    query = select(proposer_organisations.c.organisation).where(proposer_organisations.c.example == example)
    return bool(mine) and not mine.isdisjoint(connection.execute(query).scalars())


def _may_sit(history: History, stage: Round, pseudonym: str, declaration: Declaration) -> bool:
    taken_part = stage.people() | set(stage.passed.values())
    if stage.first is not None:
        taken_part |= stage.first.people() | set(stage.first.passed.values())
    for flag in history.flags.values():
        if flag.event.revision == stage.revision:
            taken_part |= {who for who, _ in flag.upheld.values()}
    return (
        stage.closed is None
        and pseudonym != history.first.pseudonym
        and pseudonym not in taken_part
        and declaration.holds_for(stage.epoch)
    )


def _draw_order(writing: Writing) -> OrderShown:
    return "chosen_first" if writing.token_bytes(1)[0] % 2 else "rejected_first"


def _lease_hours(writing: Writing, history: History) -> int:
    return writing.definitions.policy_by_leaf[history.latest.event.policy].content.lease_hours


def _lease(writing: Writing, actor: Actor, seat: Seat) -> Seat:
    # Ended leases are cleared away here, but for those that another transaction deals with just now.
    key = tuple_(leases.c.revision, leases.c.perspective, leases.c.seat)
    over = leases.c.ends_at <= writing.now
    ended = select(leases).where(over).with_for_update(skip_locked=True)
    for gone in writing.connection.execute(ended).all():
        note_handed_on(writing, gone.revision, gone.holder)
        writing.connection.execute(
            delete(leases).where(key == tuple_(gone.revision, gone.perspective, gone.seat), over)
        )
    release_seat(writing, seat)
    if writing.glance(seat.example).first.kind == "preference":
        seat = replace(seat, order_shown=_draw_order(writing))
    row = {
        "revision": seat.revision,
        "perspective": seat.perspective,
        "seat": seat.seat,
        "example": seat.example,
        "topic": seat.topic,
        "holder": writing.vault.holder(actor.account, seat.topic),
        "order_shown": seat.order_shown,
        "ends_at": seat.ends_at,
    }
    writing.connection.execute(insert(leases), row)
    return seat


def held_seat(writing: Writing, actor: Actor, example: str, revision: str | None = None) -> Seat:
    """The seat that the actor holds in this example. Raises Refused when there is none, or its lease has ended."""
    writing.existing(example)
    writing.flush()
    for seat in held_seats(writing, writing.vault, actor, example):
        if revision in (None, seat.revision):
            if seat.ends_at <= writing.now:
                raise Refused(
                    "seat/lease",
                    "the lease of this seat has ended",
                    hint="Ask the queue for a seat; your text is not lost.",
                )
            return seat
    history = writing.existing(example)
    pseudonym = writing.vault.pseudonym(actor.account, topic_scope(history.first.topic))
    if pseudonym == history.first.pseudonym:
        raise Refused("review/not-own", "nobody reviews their own example")
    # Whether the round is still open is told to those who sat in it and to nobody else: the moment at which a round
    # ends is an act's time, and times link people.
    for item in history.revisions:
        if pseudonym in item.round.people() and item.round.closed is not None and revision in (None, item.leaf):
            raise Refused(
                "review/round-open", "this revision is no longer judged", hint="Ask the queue for another seat."
            )
    raise Refused(
        "seat/lease",
        "you hold no seat in this revision, or its round has ended",
        hint="Ask the queue for a seat.",
    )


def release_seat(writing: Writing, seat: Seat) -> None:
    """End a lease, because the seat was filled or handed on."""
    writing.connection.execute(
        delete(leases).where(
            leases.c.revision == seat.revision,
            leases.c.perspective == seat.perspective,
            leases.c.seat == seat.seat,
        )
    )


def seat_fields(seat: Seat, stage: Round) -> dict[str, Any]:
    """The fields by which an event names its seat."""
    return {
        "topic": seat.topic,
        "example": seat.example,
        "revision": seat.revision,
        "round": stage.number,
        "stage": stage.stage,
        "perspective": seat.perspective,
        "seat": seat.seat,
        "declaration": seat.declaration,
        "appeal": stage.appeal,
    }


def waiting_for(connection: Connection, topic: str) -> dict[str, int]:
    """Empty seats by perspective on a topic."""
    query = (
        select(seats.c.perspective, func.count().label("empty"))
        .where(seats.c.open, seats.c.topic == topic)
        .group_by(seats.c.perspective)
    )
    return {row.perspective: row.empty for row in connection.execute(query)}
