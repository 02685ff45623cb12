"""All of a command happens, or nothing: whatever statement fails, the database is row for row as it was before."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager

import pytest
from sqlalchemy import event, select

from curation.db import reading
from curation.errors import CallerError
from curation.people.accounts import erase_account
from curation.reviews.submit import SubmitReview, read_judgement, submit_simulated_review
from curation.tables import metadata
from tests.support.words import HARBOUR


class Failure(Exception):
    """What goes wrong, wherever it is made to."""


def rows_of(world):
    """Every row of every table."""
    with reading(world.platform.home.engine) as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in metadata.sorted_tables
        }


@contextmanager
def failing_at(world, number):
    """Make the `number`-th statement of a writing transaction fail; yields the statements that were sent."""
    engine, seen = world.platform.home.engine, []

    def count(connection, cursor, statement, parameters, context, many):
        if connection.get_execution_options().get("writes"):
            seen.append(statement)
            if len(seen) == number:
                raise Failure(statement)

    event.listen(engine, "before_cursor_execute", count)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", count)


@contextmanager
def failing_to_commit(world):
    """Make the commit itself fail."""
    engine = world.platform.home.engine

    def refuse(connection):
        raise Failure("commit")

    event.listen(engine, "commit", refuse)
    try:
        yield
    finally:
        event.remove(engine, "commit", refuse)


COMMANDS: dict[str, Callable[..., Callable[[], object]]] = {}


def command(function):
    """Register what prepares a command and returns what performs it."""
    COMMANDS[function.__name__.strip("_").replace("_", " ")] = function
    return function


@command
def _propose(world, own):
    return lambda: world.propose("ben", mirrors=[own], framing="keep-it")


@command
def _take_a_seat(world, own):
    return lambda: world.take("keep-1", HARBOUR)


@command
def _review(world, own):
    world.take("keep-1", of=own)
    return lambda: world.submit("keep-1", own, "reject")


@command
def _review_that_ends_the_round(world, own):
    world.review("keep-1", own)
    return lambda: world.review("move-1", own)


@command
def _supersede(world, own):
    world.review("keep-1", own)
    return lambda: world.supersede("keep-1", own, "reject")


@command
def _hand_on(world, own):
    world.take("keep-1", of=own)
    return lambda: world.hand_on("keep-1", own)


@command
def _revise_an_open_round(world, own):
    world.review("keep-1", own)
    return lambda: world.revise(own)


@command
def _withdraw(world, own):
    return lambda: world.withdraw(own)


@command
def _appeal(world, own):
    world.judge(own, keep="r")
    return lambda: world.appeal(own)


@command
def _flag(world, own):
    return lambda: world.flag(own, "ben", "law")


@command
def _uphold(world, own):
    flag = world.flag(own, "ben", "law").leaf
    return lambda: world.uphold(flag, "keep-1")


@command
def _erase(world, own):
    revision = world.history(own).latest.leaf
    return lambda: world.erase(revision, "ana")


@command
def _declare_again(world, own):
    world.take("keep-1", of=own)
    return lambda: world.declare("keep-1", "move")


@command
def _agree_a_policy(world, own):
    draft = world.draft()
    return lambda: world.agree(draft)


@command
def _join(world, own):
    return lambda: world.join("newcomer", organisations=["Harbour Friends"])


@command
def _erase_an_account(world, own):
    world.join("pat", organisations=["Harbour Friends"])
    world.propose("pat")
    return lambda: forget(world, "pat")


@command
def _close_an_epoch(world, own):
    world.flag(own, "ben", "law")
    world.propose("ben")
    world.review("keep-1", own)
    world.clock.advance(days=61)
    world.review("keep-2", world.propose())
    return lambda: world.close(days=0)


def forget(world, handle):
    with world.acting(handle) as (made, actor):
        erase_account(made.connection, made.vault, actor.account)


@pytest.mark.parametrize("name", COMMANDS)
def test_whatever_statement_fails_nothing_of_the_command_is_kept(small_world, name):
    act = COMMANDS[name](small_world, small_world.propose())
    before, number = rows_of(small_world), 0
    while True:
        number += 1
        with failing_at(small_world, number) as sent:
            try:
                act()
            except Failure:
                failed = True
            else:
                failed = False
        if not failed:
            break
        assert rows_of(small_world) == before, sent[-1]
    assert number > 3
    assert rows_of(small_world) != before
    small_world.check_projection()


@pytest.mark.parametrize("name", COMMANDS)
def test_where_the_commit_fails_nothing_is_kept_and_the_command_can_be_done_again(small_world, name):
    act = COMMANDS[name](small_world, small_world.propose())
    before = rows_of(small_world)
    with failing_to_commit(small_world), pytest.raises(Failure):
        act()
    assert rows_of(small_world) == before
    act()
    assert rows_of(small_world) != before
    small_world.check_projection()


def test_an_exception_after_several_acts_takes_all_of_them_back(small_world):
    own = small_world.propose()
    judged = SubmitReview(example=own, judgement=read_judgement({"verdict": "accept"}))

    def act_and_fail():
        with small_world.acting("keep-1") as (made, actor):
            submit_simulated_review(made, actor, judged)
            made.flush()
            raise Failure

    before = rows_of(small_world)
    with pytest.raises(Failure):
        act_and_fail()
    assert rows_of(small_world) == before


@pytest.mark.parametrize(
    "act",
    [
        lambda world, own: world.propose(language="de"),
        lambda world, own: world.propose(mirrors=["ex_" + "a" * 16]),
        lambda world, own: world.revise(own, "ben"),
        lambda world, own: world.review("ana", own),
        lambda world, own: world.flag(own, "ben", "source"),
        lambda world, own: world.appeal(own),
        lambda world, own: world.uphold("0" * 64, "keep-1"),
        lambda world, own: world.erase("0" * 64, "ana"),
        lambda world, own: world.agree("d_" + "a" * 16),
        lambda world, own: world.join("ana"),
        lambda world, own: world.declare("ben", "no-such-side"),
        lambda world, own: world.submit("keep-1", own),
    ],
)
def test_what_a_rule_refuses_leaves_not_even_a_pseudonym_behind(small_world, act):
    own = small_world.propose()
    before = rows_of(small_world)
    with pytest.raises(CallerError):
        act(small_world, own)
    assert rows_of(small_world) == before
