"""Epochs: what is sealed when, in which order, and what keeps waiting."""

from __future__ import annotations

import pytest

from curation.clock import MovableClock, day_of, days_between
from curation.db import reading
from curation.epoch import days_open, epoch_due
from curation.log.notes import open_checkpoint
from curation.log.store import CHECKPOINT, publish_log, reader
from curation.log.tiles import expected_paths, iter_entries
from curation.tables import log_epochs
from tests.support.forging import fields_of, hash_of, in_order
from tests.support.world import START


def types_of(leaves):
    return sorted(fields_of(leaf)["type"] for leaf in leaves)


def test_an_act_counts_at_once_and_is_sealed_at_the_end_of_its_epoch(world):
    before = len(world.sealed())
    recorded = world.declare("ana", "keep")
    assert recorded.receipt.leaf == recorded.leaf
    assert recorded.receipt.sealed_by == 1
    assert recorded.leaf in world.pending()
    world.close()
    assert world.pending() == {}
    assert recorded.leaf in {hash_of(leaf) for leaf in world.sealed()[before:]}


def test_reviews_and_passes_wait_until_their_round_ends(world):
    own = world.propose()
    world.review("keep-1", own)
    world.supersede("keep-1", own, "reject")
    world.take("keep-2", of=own)
    world.hand_on("keep-2", own)
    closed = world.close()
    assert (closed.sealed.acts, closed.sealed.waiting) == (1, 3)
    assert types_of(world.pending().values()) == ["review:submitted", "review:submitted", "seat:passed"]
    world.judge(own)
    assert world.close().sealed.waiting == 0
    assert world.replay().violations == []


def test_the_receipt_of_a_review_promises_no_epoch_and_others_do(world):
    own = world.propose()
    review = world.review("keep-1", own).review.receipt
    assert review.sealed_by is None
    assert "sealed in the epoch in which its round ends\n" in review.note(world.platform.home)
    other = world.declare("ana", "keep").receipt
    assert "sealed in epoch 1\n" in other.note(world.platform.home)
    assert "ana" not in other.note(world.platform.home)


def test_one_example_that_waits_holds_up_no_other(world):
    waiting, ending = world.propose(), world.propose("ben")
    world.review("keep-8", waiting)
    world.judge(ending)
    world.close()
    assert {fields_of(leaf)["example"] for leaf in world.pending().values()} == {waiting}


def test_an_open_appeal_waits_and_the_first_stage_is_sealed(small_world):
    own = small_world.propose()
    small_world.judge(own, keep="r")
    small_world.appeal(own)
    small_world.review("keep-2", own)
    small_world.close()
    assert types_of(small_world.pending().values()) == ["review:submitted"]
    assert fields_of(next(iter(small_world.pending().values())))["stage"] == 2
    small_world.judge(own)
    small_world.close()
    assert small_world.pending() == {}


def test_an_epochs_leaves_stand_in_canonical_order_and_its_end_comes_last(world):
    before = len(world.sealed())
    own = world.propose()
    for handle in ("ana", "ben", "mia", "max"):
        world.declare(handle, "keep")
    world.judge(own)
    world.close()
    *acts, end = world.sealed()[before:]
    assert fields_of(end)["type"] == "epoch:closed"
    assert acts == in_order(acts)
    assert acts != sorted(acts, key=hash_of), "a review stands after the proposal that it names"


def test_an_empty_epoch_has_one_leaf(world):
    before = len(world.sealed())
    closed = world.close()
    assert (closed.sealed.acts, closed.sealed.size) == (0, before + 1)
    assert fields_of(world.sealed()[-1])["epoch"] == 1


def test_an_epochs_day_is_the_clocks_and_never_goes_back(world):
    world.close(days=30)
    world.platform = type(world.platform)(world.platform.home, MovableClock(START), 7, world.platform.token_bytes)
    world.clock = world.platform.clock
    world.close(days=1)
    dates = [row.date for row in sorted(world.rows(log_epochs))]
    assert dates == [day_of(START), day_of(START + 30 * 86_400), day_of(START + 30 * 86_400)]
    assert world.replay().violations == []


def test_an_epoch_is_due_after_its_days(world):
    assert days_open(world.platform) == 0
    world.clock.advance(days=6)
    assert not epoch_due(world.platform)
    world.clock.advance(days=1)
    assert epoch_due(world.platform)
    world.close(days=0)
    assert not epoch_due(world.platform)


def test_the_published_log_is_the_sealed_one(world):
    world.judge(world.propose())
    world.close()
    folder = world.platform.home.log_path
    checkpoint = open_checkpoint((folder / CHECKPOINT).read_bytes(), world.platform.home.verifier)
    row = max(world.rows(log_epochs))
    assert (checkpoint.origin, checkpoint.size) == (world.platform.home.origin, row.size)
    assert checkpoint.root.hex() == row.root
    assert [entry for _, entry in iter_entries(row.size, reader(folder))] == world.sealed()


def test_the_log_can_be_published_again_byte_for_byte(world):
    world.judge(world.propose())
    world.close()
    folder = world.platform.home.log_path
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for path in files:
        path.unlink()
    with reading(world.platform.home.engine) as connection:
        publish_log(connection, folder)
    # Partial tiles that full ones or wider ones replaced are not needed any more.
    again = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert again == {path: files[path] for path in again}
    assert {folder / path for path in expected_paths(len(world.sealed()))} <= set(again)


@pytest.mark.parametrize("days", [0, 0.5, 1, 6.99])
def test_days_between_epochs_are_whole_days(world, days):
    world.close(days=days)
    first, second = sorted(world.rows(log_epochs))
    assert days_between(first.date, second.date) == (START % 86_400 + days * 86_400) // 86_400
