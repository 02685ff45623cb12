"""Many writers at once: threads and processes, on both databases."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select, text

from curation.db import lock, writing
from curation.epoch import close_due_epoch, close_epoch
from curation.errors import Conflict, NotFound, Refused
from curation.people.accounts import actor_by_handle
from curation.releases.cut import cut_release
from curation.reviews.submit import SubmitReview, read_judgement, submit_simulated_review
from curation.tables import declarations, leases, log_epochs, log_leaves, pending_leaves, vault
from tests.support.acting import act_at_once
from tests.support.words import judgement
from tests.support.world import copy_home, people_of, template

ROOT = Path(__file__).parents[2]


def recorded(world) -> set[str]:
    return {row.hash for table in (log_leaves, pending_leaves) for row in world.rows(table)}


def at_once(*acts):
    """Start acts at one moment; what each returned or raised."""
    start = threading.Barrier(len(acts))

    def run(act):
        start.wait()
        try:
            return act()
        except Exception as error:  # noqa: BLE001  # told to the test
            return error

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_writers_in_threads_lose_nothing_and_break_no_rule(world, databases):
    url = None if databases.postgres is None else world.platform.home.engine.url.render_as_string(hide_password=False)
    for _ in range(6):
        world.propose("ana")
    done = act_at_once(world.platform.home.path, url, "threads", threads=8, times=9)
    assert len(done["leaves"]) > 15
    assert len(done["leaves"]) + done["refused"] == 8 * 9
    assert set(done["leaves"]) <= recorded(world)
    world.check_projection()
    world.close()
    assert set(done["leaves"]) <= recorded(world)
    world.check_projection()


def test_writers_in_processes_lose_nothing_while_epochs_are_closed(postgres, databases, homes, tmp_path):
    if databases.postgres is None:
        pytest.skip("one process serves a home on SQLite")
    world = copy_home(template(homes, "full"), tmp_path / "home", databases=databases)
    url = world.platform.home.engine.url.render_as_string(hide_password=False)
    for _ in range(4):
        world.propose("ana")
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.acting", str(tmp_path / "home"), url, f"process {number}", "4", "8"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
        )
        for number in range(2)
    ]
    epochs = 0
    while any(process.poll() is None for process in processes):
        close_epoch(world.platform)
        epochs += 1
        threading.Event().wait(0.5)
    leaves: set[str] = set()
    for process in processes:
        out, err = process.communicate()
        assert process.returncode == 0, err.decode()[-2000:]
        leaves |= set(json.loads(out)["leaves"])
    assert len(leaves) > 10
    assert epochs > 1
    assert leaves <= recorded(world)
    world.check_projection()
    world.close()
    assert not world.replay().violations
    world.platform.home.close()


def test_the_last_seat_goes_to_one_of_those_who_ask_at_once(world):
    of = world.propose("ana")
    for person in people_of("keep")[:2]:
        world.take(person, of=of)
    found = at_once(*(lambda who=who: world.take(who, of=of) for who in people_of("keep")[2:6]))
    assert sum(1 for item in found if getattr(item, "seat", None) == 3) == 1
    assert all(isinstance(item, NotFound) for item in found if not hasattr(item, "seat"))
    assert len(world.rows(leases)) == 3


def test_one_person_who_asks_twice_at_once_gets_one_seat(world):
    for _ in range(3):
        world.propose("ana")
    found = at_once(*[lambda: world.take("keep-1")] * 4)
    assert len({(seat.revision, seat.seat) for seat in found}) == 1
    assert len(world.rows(leases)) == 1


def test_one_person_who_acts_first_twice_at_once_has_one_pseudonym_and_one_chain(world):
    world.join("new")
    before = len(world.rows(vault))
    found = at_once(*[lambda: world.declare("new", "keep")] * 4)
    others = [item for item in found if isinstance(item, Exception)]
    assert all(isinstance(item, (Refused, Conflict)) for item in others), found
    assert len(world.rows(vault)) == before + 1
    mine = [row for row in world.rows(declarations) if row.pseudonym == world.pseudonym("new")]
    assert sum(row.replaced_in is None for row in mine) == 1
    world.check_projection()


def test_two_reviewers_who_fill_the_last_seats_at_once_end_the_round_once(world):
    of = world.propose("ana")
    people = [*people_of("keep")[:3], *people_of("move")[:3]]
    for person in people:
        world.take(person, of=of)
    for person in people[:4]:
        world.submit(person, of)
    found = at_once(*(lambda who=who: world.submit(who, of) for who in people[4:]))
    assert sum(item.closing is not None for item in found) == 1
    assert world.history(of).status == "accepted"
    world.check_projection()


def test_a_handle_is_given_once(world):
    found = at_once(*[lambda: world.join("same")] * 4)
    assert sum(isinstance(item, Conflict) for item in found) == 3


def test_a_new_group_named_at_once_belongs_to_one_topic(world):
    group = "g_" + "a" * 16
    found = at_once(
        *(lambda topic=topic: world.propose("ana", topic=topic, group=group) for topic in ("harbour", "river")),
        *(lambda topic=topic: world.propose("ben", topic=topic, group=group) for topic in ("harbour", "river")),
    )
    refused = [item for item in found if isinstance(item, Refused)]
    assert [item.rule for item in refused] == ["propose/links"] * len(refused)
    assert len({world.history(of).first.topic for of in found if isinstance(of, str)}) == 1
    world.check_projection()


def test_a_draft_is_agreed_once(world):
    draft = world.draft("mia", round_days=40)
    world.join("moe", roles=["maintainer"])
    found = at_once(lambda: world.agree(draft, "max"), lambda: world.agree(draft, "moe"))
    assert sum(isinstance(item, NotFound) for item in found) == 1
    world.check_projection()


def test_a_text_is_erased_once(world):
    of = world.propose("ana")
    act = world.history(of).latest.leaf
    found = at_once(lambda: world.erase(act, "ana"), lambda: world.erase(act, "mia", "personal_data"))
    assert sum(isinstance(item, NotFound) for item in found) == 1, found
    world.check_projection()


def test_a_release_is_cut_once_and_a_due_epoch_is_closed_once(world):
    of = world.propose("ana")
    world.judge(of)
    world.clock.advance(days=8)
    found = at_once(*[lambda: close_due_epoch(world.platform)] * 3)
    if world.platform.home.engine.dialect.name == "postgresql":
        assert not [item for item in found if isinstance(item, Exception)], found
    assert sum(item is not None and not isinstance(item, Exception) for item in found) == 1
    if world.platform.home.engine.dialect.name == "sqlite":
        return
    with world.platform.read() as loaded:
        mia, max_ = (actor_by_handle(loaded.connection, handle) for handle in ("mia", "max"))
    found = at_once(lambda: cut_release(world.platform, mia), lambda: cut_release(world.platform, max_))
    assert sum(isinstance(item, Conflict) for item in found) == 1, found
    assert len(list(world.platform.home.releases_path.iterdir())) == 1


def test_two_epochs_closed_at_once_follow_each_other(world):
    if world.platform.home.engine.dialect.name == "sqlite":
        pytest.skip("one process serves a home on SQLite")
    world.propose("ana")
    found = at_once(*[lambda: close_epoch(world.platform)] * 3)
    assert sorted(item.sealed.epoch for item in found) == [1, 2, 3]
    last = max(world.rows(log_epochs), key=lambda row: row.epoch)
    assert (world.platform.home.log_path / "checkpoint").read_text() == last.checkpoint


def test_acts_on_different_examples_do_not_wait_for_each_other(world):
    if world.platform.home.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    one, other = world.propose("ana"), world.propose("ben")
    with world.acting("keep-1") as (made, _):
        made.existing(one)
        # Within the other's open transaction: were anything shared locked, this would wait for it.
        world.review("keep-2", other)


def test_an_example_is_read_after_its_lock_is_given_not_before(world):
    if world.platform.home.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    of = world.propose("ana")
    waiting = threading.Event()

    def later():
        with world.platform.write() as made:
            # A statement before the lock: what it saw must not count.
            made.connection.execute(select(pending_leaves.c.hash)).all()
            waiting.set()
            return len(made.existing(of).latest.round.people())

    with ThreadPoolExecutor(1) as pool:
        with world.acting("keep-1") as (made, actor):
            made.existing(of)
            answer = pool.submit(later)
            waiting.wait(5)
            threading.Event().wait(0.3)
            submit_simulated_review(made, actor, SubmitReview(example=of, judgement=read_judgement(judgement())))
        assert answer.result(10) == 1


def test_too_many_names_are_not_locked_one_by_one(world):
    if world.platform.home.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no such locks")
    with writing(world.platform.home.engine) as connection, pytest.raises(ValueError, match="do such work alone"):
        lock(connection, map(str, range(5_000)))
    with writing(world.platform.home.engine, alone=True) as connection:
        lock(connection, map(str, range(5_000)))
        held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        assert connection.execute(text(held)).scalar() == 1
