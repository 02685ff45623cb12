"""Which free seats there are for somebody, in the order in which they are offered.

Rules that always hold:
- those of examples that the person rejected before come first, then the rounds of earlier epochs; of one epoch they
  come by their revisions' hashes, which tells nothing;
- the time that it takes does not grow with the number of open rounds: an index is walked until a seat fits.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import FromClause, Select, and_, exists, select

from curation.people.accounts import Actor
from curation.rulebook.declarations import Declaration
from curation.tables import examples, handed_on, leases, reviews, revisions, seats
from curation.writing import Writing

_PAGE = 100
_MOST_AGAIN = 10_000


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks for a seat, where they stand, and what they read."""

    writing: Writing
    actor: Actor
    topic: str
    languages: Collection[str]
    example: str | None
    """The one example that somebody simulated asks for."""
    pseudonym: str
    declaration: Declaration
    lapsed: frozenset[str]
    """Revisions in which the own seat lapsed, which is not noted yet, and those in which one is held."""


def free_seats(asking: Asking, example: str | None) -> Iterator[Any]:
    """The first free seat of each round that may fit: of examples that this person rejected before, then the others."""
    rejected = (reviews.c.reviewer == asking.pseudonym, reviews.c.verdict != "accept")
    revised = and_(revisions.c.example == reviews.c.example, revisions.c.id != reviews.c.revision)
    again = select(revisions.c.id).join(reviews, revised).where(*rejected)
    # What has a limit is looked up by itself: these are few, and the index of all open seats is no way to them.
    first = select(seats).where(seats.c.revision.in_(again)).limit(_MOST_AGAIN).subquery()
    seen: set[str] = set()
    for among in (first, seats):
        free = some_free(asking, among)
        for row in _pages(asking.writing, free if example is None else free.where(among.c.example == example)):
            if row.revision not in seen:
                seen.add(row.revision)
                yield row


def some_free(asking: Asking, among: FromClause) -> Select[Any]:
    """The free seats, in the order of the index that is walked: what is joined or sorted is paid for each of them."""
    writing, pseudonym = asking.writing, asking.pseudonym
    of = among.c
    other = seats.alias("other")
    holder = writing.vault.holder(asking.actor.account, asking.topic)
    leased = exists().where(
        leases.c.revision == of.revision,
        leases.c.perspective == of.perspective,
        leases.c.seat == of.seat,
        leases.c.ends_at > writing.now,
    )
    return (
        select(of.example, of.revision, of.stage, of.seat)
        .where(of.topic == asking.topic, of.perspective == asking.declaration.perspective, of.open)
        .where(of.language.in_(asking.languages), ~leased)
        .where(of.example.not_in(select(examples.c.id).where(examples.c.proposer == pseudonym)))
        .where(of.revision.not_in(select(other.c.revision).where(other.c.reviewer == pseudonym)))
        .where(of.revision.not_in(select(handed_on.c.revision).where(handed_on.c.holder == holder)))
        .where(of.revision.not_in(asking.lapsed))
        .order_by(of.epoch, of.revision, of.seat)
    )


def _pages(writing: Writing, query: Select[Any]) -> Iterator[Any]:
    """The rows of a query, a page at a time: the first one that fits is most often among the first."""
    page = 0
    while rows := writing.connection.execute(query.limit(_PAGE).offset(page * _PAGE)).all():
        yield from rows
        page += 1
