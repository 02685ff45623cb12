"""Definitions are read once for each state of the log, and what somebody's transaction does to them is its own."""

from __future__ import annotations

from contextlib import suppress

from curation import loading
from curation.topics.define import agree_policy


class Undo(Exception):
    """Ends a transaction that keeps nothing."""


def policies(world):
    with world.platform.read() as loaded:
        return [item.leaf for item in loaded.definitions.policies]


def test_definitions_are_read_once_until_one_is_taken_in(world, monkeypatch):
    read = []
    whole = loading._read_definitions

    def counted(connection):
        read.append(connection)
        return whole(connection)

    monkeypatch.setattr(loading, "_read_definitions", counted)
    before = policies(world)
    read.clear()
    assert policies(world) == before
    assert read == []
    changed = world.agree(world.draft())
    assert policies(world) == [*before, changed.leaf]
    world.close()
    assert policies(world) == [*before, changed.leaf]
    read.clear()
    assert policies(world) == [*before, changed.leaf]
    assert read == []


def test_definition_that_is_not_committed_is_known_to_its_own_transaction_only(world):
    before = policies(world)
    draft = world.draft()
    with suppress(Undo), world.acting("max") as (made, actor):
        changed = agree_policy(made, actor, draft)
        assert made.definitions.policies[-1].leaf == changed.leaf
        made.flush()
        raise Undo
    assert policies(world) == before
    agreed = world.agree(draft)
    assert policies(world) == [*before, agreed.leaf]


def test_what_is_done_to_loaded_definitions_is_seen_by_nobody_else(world):
    with world.platform.read() as loaded, world.platform.read() as other:
        loaded.definitions.opened.add("a leaf")
        loaded.definitions.topics["harbour"].clear()
        loaded.definitions.standings.suspensions["somebody"] = []
        assert other.definitions.opened == set()
        assert other.definitions.topics["harbour"]
        assert other.definitions.standings.suspensions == {}
