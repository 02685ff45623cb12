"""Roles and suspensions in the log: what honest people do around them never fails verification."""

from __future__ import annotations

import pytest

from curation.errors import Conflict, NotAllowed, NotFound, Refused
from curation.people.accounts import actor_by_handle
from tests.support.fixtures import homes, small_world
from tests.support.words import HARBOUR, RIVER
from tests.support.world import people_of

__all__ = ["homes", "small_world"]


def sound(world):
    world.close()
    return world.replay().violations == []


def test_who_was_suspended_can_withdraw_and_acts_again_once_it_ends(small_world):
    small_world.administrator()
    own = small_world.propose("ana")
    suspended = small_world.pseudonym("ana")
    small_world.suspend(suspended)
    for act in (small_world.propose, lambda who: small_world.declare(who, "keep")):
        with pytest.raises(Refused, match="suspended"):
            act("ana")
    small_world.withdraw(own, "ana")
    assert sound(small_world)
    small_world.restore(suspended)
    small_world.propose("ana")  # in the epoch in which it ended
    assert sound(small_world)
    small_world.suspend(suspended)
    with pytest.raises(Refused, match="suspended"):
        small_world.propose("ana")
    assert sound(small_world)
    with pytest.raises(NotFound):
        small_world.restore(small_world.pseudonym("mia"))
    with pytest.raises(NotFound):
        small_world.suspend("p_" + "a" * 26)


def test_review_from_before_a_suspension_counts_though_its_round_ends_after_it(small_world):
    small_world.administrator()
    own = small_world.propose("ana")
    reviewer = people_of("keep")[0]
    small_world.review(reviewer, own)
    small_world.suspend(small_world.pseudonym(reviewer))
    assert sound(small_world)
    small_world.review(people_of("move")[0], own)
    assert small_world.history(own).status == "accepted"
    assert sound(small_world)


def test_roles_change_at_once_and_the_log_names_nobody_twice(small_world):
    small_world.administrator()
    event = small_world.change_roles("ana", "contributor", "maintainer").event
    assert event.pseudonym != small_world.pseudonym("ana"), "nothing links it to what they do on a topic"
    with small_world.platform.read() as loaded:
        assert actor_by_handle(loaded.connection, "ana").roles == {"contributor", "maintainer"}
    small_world.agree(small_world.draft("mia"), "ana")  # in the same epoch, in whichever order it is sealed
    assert sound(small_world)
    small_world.change_roles("ana", "contributor")
    with pytest.raises(NotAllowed):
        small_world.draft("ana")
    with pytest.raises(Conflict):
        small_world.change_roles("ana", "contributor")
    with pytest.raises(NotAllowed):
        small_world.change_roles("ana", "maintainer", by="mia")
    assert sound(small_world)
    small_world.change_roles("ana")
    with pytest.raises(NotAllowed):
        small_world.declare("ana", "keep")
    assert sound(small_world)


def test_suspension_on_one_topic_is_none_on_another(small_world):
    small_world.administrator()
    small_world.propose("ana")
    small_world.suspend(small_world.pseudonym("ana"))
    small_world.declare("ana", "dam", RIVER)
    with small_world.platform.read() as loaded:
        (found,) = loaded.definitions.standings.suspended_now()
    assert (found.event.topic, found.event.pseudonym) == (HARBOUR, small_world.pseudonym("ana"))
    assert sound(small_world)
