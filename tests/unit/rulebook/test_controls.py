"""Planted controls: committed beforehand, indistinguishable while judged, opened with their round, never released."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from curation.errors import InvalidInput, NotAllowed, Refused
from curation.examples.controls import control_status, open_ended_controls
from curation.log.leaf import Opening
from curation.releases.card_balance import say_controls
from curation.rulebook.controls import ControlCounts, control_body
from curation.rulebook.placement import placement
from curation.tables import examples, planted_controls
from tests.support.forging import Forgery, fields_of
from tests.support.words import ASKED, turn

LATER = "2027-02-15"


def brought(world):
    """The example that was proposed for the control that was planted last."""
    return world.rows(planted_controls)[-1].example


def planted(world, **changes):
    world.plant(**changes)
    world.close()
    return brought(world)


def violations(world):
    return [(item.rule, item.message) for item in world.replay().violations]


def status(world):
    with world.platform.write() as writing:
        found = control_status(writing)
    return found.waiting, found.in_review, found.opened


def test_a_control_is_committed_to_proposed_judged_opened_and_counted(world):
    world.plant()
    assert status(world) == (1, 0, 0)
    assert world.rows(examples) == []
    world.close()
    assert status(world) == (0, 1, 0)
    own = brought(world)
    world.judge(own)
    world.close()
    assert status(world) == (0, 0, 1)
    state = world.check_projection()
    assert state.controls() == ControlCounts(1, 1, 1, 1)
    assert own not in state.published()
    placed = placement(state.histories[own])
    assert (placed.left_out, placed.reason) == ("control", "a planted control, slanted to keep-it on purpose")
    assert violations(world) == []


def test_nothing_tells_a_control_from_an_example_until_it_is_opened(world):
    world.plant()
    world.close()
    world.propose()
    world.close()
    control, other = (json.loads(leaf) for leaf in world.sealed() if fields_of(leaf)["type"] == "example:proposed")
    assert control.keys() == other.keys()
    hidden = [leaf for leaf in world.sealed() if fields_of(leaf)["type"] == "control:planted"]
    assert [brought(world).encode() in leaf for leaf in hidden] == [False]
    people = {world.pseudonym(handle) for handle in ("mia", "max", "ana")}
    assert {control["pseudonym"], other["pseudonym"]} - people, "nobody holds the pseudonym of a control"


def test_its_text_waits_in_one_place_and_goes_when_it_is_proposed(world):
    world.plant()
    assert "Some would keep it" in world.rows(planted_controls)[0].content
    world.close()
    assert world.rows(planted_controls)[0].content is None


def test_a_control_that_nobody_judged_in_time_is_opened_and_not_counted(world):
    own = planted(world)
    world.close(days=61)
    assert world.history(own).control is not None
    assert world.replay().controls() == ControlCounts(1, 1, 0, 0)
    assert violations(world) == []


def test_an_appealed_control_is_opened_when_the_appeal_has_ended(world):
    own = planted(world)
    world.judge(own)
    world.appeal(own, "keep-1")
    world.close()
    assert status(world) == (0, 1, 0)
    world.judge(own, keep="rrr", move="rrr")
    world.close()
    assert world.replay().controls() == ControlCounts(1, 1, 1, 0)
    assert violations(world) == []


def test_what_was_opened_is_not_appealed(world):
    own = planted(world)
    world.judge(own)
    world.close()
    with pytest.raises(Refused) as caught:
        world.appeal(own, "keep-1")
    assert caught.value.rule == "control/opened"


def test_a_control_that_can_no_longer_be_proposed_waits_and_holds_up_nothing(world):
    world.plant(kind="prompt", use="training", prompt=[turn("user", ASKED)])
    world.propose(kind="prompt", use="evaluation", prompt=[turn("user", ASKED)])
    world.close()
    assert status(world) == (1, 0, 0)
    assert violations(world) == []


def test_only_maintainers_plant_and_the_direction_is_a_position(world):
    with pytest.raises(NotAllowed):
        world.plant("ana")
    with pytest.raises(InvalidInput, match="is no position of harbour: keep-it, move-it"):
        world.plant(direction="burn-it")


# --- what a log cannot claim ------------------------------------------------------------------------------------------


@pytest.fixture
def opened(world):
    """A world in which a control's round ended and the control was opened in the epoch that is open."""
    own = planted(world)
    world.judge(own)
    with world.platform.write() as writing:
        assert len(open_ended_controls(writing)) == 1
    return world


@pytest.mark.parametrize("lie", [{"direction": "move-it"}, {"salt": "0" * 64}])
def test_a_control_is_opened_as_it_was_committed_to(opened, lie):
    found = {item.rule for item in Forgery(opened).change("control:opened", **lie).replay(LATER).violations}
    assert found == {"control/planted"}


def test_an_example_whose_votes_are_known_cannot_be_made_a_control(world):
    """A server that would hide an acceptance which displeases it."""
    own = world.propose()
    world.close()
    opening = Opening.fresh("control", control_body(own, "keep-it"))
    forgery = Forgery(world)
    leaf = forgery.add(type="control:planted", commitment=opening.commitment(), maintainers=[world.pseudonym("mia")])
    world.judge(own)
    history = world.history(own)
    forgery.pending = [*forgery.pending, *Forgery(world).pending]
    forgery.add(
        type="control:opened",
        topic="harbour",
        example=own,
        planted=leaf,
        closing=history.latest.round.closed,
        direction="keep-it",
        salt=opening.salt.hex(),
    )
    assert {item.rule for item in forgery.replay(LATER).violations} == {"control/planted"}


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        (ControlCounts(0, 0, 0, 0), "None were planted: how much slips through reviewing was not measured."),
        (ControlCounts(3, 1, 0, 0), "None was judged by full rounds yet: not measured."),
        (ControlCounts(20, 18, 16, 2), "2 sealed or in review. None is in a release. Of 16 that full rounds judged, 2"),
    ],
)
def test_the_card_says_what_was_measured_and_what_was_not(counts, says):
    text = say_controls(counts)
    assert says.replace("2 sealed", "2 still sealed") in text
    if counts.judged:
        assert "12 % (95 % interval 3 to 36 %)" in text


def test_the_database_row_names_nobody(world):
    world.plant()
    with world.platform.read() as loaded:
        (row,) = loaded.connection.execute(select(planted_controls)).mappings().all()
    assert set(row) == {"leaf", "commitment", "example", "epoch", "content", "opened"}
