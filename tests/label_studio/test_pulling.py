"""What Label Studio lets pass, and this platform does not; what may still change, and what may not."""

from __future__ import annotations

import pytest

from curation.integrations.label_studio.reviewers import LinkReviewer, link_reviewer
from curation.integrations.label_studio.standing import standing_of
from curation.tables import documents
from curation_api.pages.refused import say_reason
from tests.support.label_studio import ACCEPT, REJECT, choice, rating


@pytest.fixture
def given(working):
    """One example, with a task for one reviewer of each perspective."""
    working.example = working.world.propose()
    working.link("keep-1", "move-1")
    working.first = working.give("keep-1", working.example)
    return working


def test_what_fails_a_check_stays_refused_until_it_is_mended_and_is_taken_then(given):
    keep, stranger = given.people["keep-1"], given.studio.somebody("stranger")
    annotation = keep.annotate(given.first, [rating("score-tone", 3)])
    assert [item.reason for item in given.sync("keep-1").refused] == [
        "verdict: it is not answered, and it has to be",
    ]
    with given.world.acting("keep-1") as (made, actor):
        link_reviewer(made, actor, LinkReviewer(email=keep.email, language="fr", consents=True))
    for wrong, reason in (
        ([choice("verdict", "excellent")], "verdict: a choice is not one of those that the form offers"),
        ([*ACCEPT, choice("verdict", "reject")], "verdict: it is answered twice"),
        ([choice("verdict", "reject")], "reasons"),
        ([choice("mood", "good")], "result: the annotation answers a field that the form does not have"),
    ):
        keep.change(annotation, wrong)
        came = given.sync("keep-1", say_reason=say_reason)
        assert came.taken == 0
        assert reason in came.refused[0].reason or reason == "reasons"
    notice = given.task_of("keep-1", given.example)["data"]["notice"]
    assert notice.endswith("Ce n’est pas une réponse à ce formulaire. Rechargez la tâche et répondez de nouveau.")
    stranger.change(annotation, ACCEPT)
    assert "last changed by another account" in given.sync("keep-1").refused[0].reason
    assert given.world.history(given.example).latest.round.seats == {}
    shown = standing_of(given.world.platform, given.client)["refused"]
    assert [(item["task"], item["project"]) for item in shown] == [(given.first, given.project("keep-1"))]
    keep.change(annotation, ACCEPT)
    came = given.sync("keep-1")
    assert (came.taken, came.refused) == (1, [])
    assert given.task_of("keep-1", given.example)["data"]["notice"] == " "
    assert given.sync("keep-1").happened() is False
    assert len(given.world.history(given.example).latest.round.seats) == 1


def test_an_annotation_by_somebody_else_fills_no_seat_even_of_a_reviewer(given):
    second = given.give("move-1", given.example)
    given.people["keep-1"].annotate(second, ACCEPT)
    came = given.sync("move-1")
    assert came.taken == 0
    assert "made by another account" in came.refused[0].reason
    given.people["keep-1"].annotate(given.first, ACCEPT)
    assert given.sync("keep-1").taken == 1
    given.people["move-1"].annotate(second, REJECT)
    came = given.sync("move-1")
    assert came.taken == 1
    assert "made by another account" in came.refused[0].reason
    assert given.world.history(given.example).latest.round.closed is not None


def test_two_annotations_of_one_task_are_taken_as_neither(given):
    keep = given.people["keep-1"]
    keep.annotate(given.first, ACCEPT)
    again = keep.annotate(given.first, REJECT)
    assert "more than one annotation" in given.sync("keep-1").refused[0].reason
    keep.delete(again)
    assert given.sync("keep-1").taken == 1


def test_a_change_supersedes_while_the_round_is_open_and_is_only_told_of_after_it(given):
    keep, move = given.people["keep-1"], given.people["move-1"]
    annotation = keep.annotate(given.first, ACCEPT)
    assert given.sync("keep-1").taken == 1
    keep.change(annotation, REJECT)
    assert given.sync("keep-1").superseded == 1
    given.studio.somebody("stranger").change(annotation, ACCEPT)
    assert "another account" in given.sync("keep-1").late[0].reason
    keep.change(annotation, REJECT)
    move.annotate(given.give("move-1", given.example), REJECT)
    given.sync("keep-1")
    given.sync("move-1")
    history = given.world.history(given.example)
    assert history.status == "rejected"
    before = dict(history.reviews)
    keep.change(annotation, ACCEPT)
    assert "the round has ended" in given.sync("keep-1").late[0].reason
    keep.delete(annotation)
    assert "deleted there" in given.sync("keep-1").late[0].reason
    assert given.world.history(given.example).reviews == before
    given.world.check_projection()


def test_who_cannot_judge_hands_the_seat_on_and_the_task_goes(given):
    given.people["keep-1"].annotate(given.first, [choice("verdict", "pass")])
    came = given.sync("keep-1")
    assert (came.passed, came.removed, came.pushed) == (1, 1, 0)
    assert given.tasks("keep-1") == []
    assert given.slots("keep-1") == []


def test_the_order_of_a_pair_comes_from_the_seat(working):
    example = working.world.propose(kind="preference")
    working.link("keep-1")
    task = working.give("keep-1", example, "preference")
    data = working.task_of("keep-1", example, "preference")["data"]
    (slot,) = working.slots("keep-1")
    better = "a" if slot.order == "chosen_first" else "b"
    assert data[f"answer_{better}"].endswith("Both sides have reasons.")
    answers = [choice("comparison", better), choice(f"seen-{better}", "keep-it"), *ACCEPT]
    working.people["keep-1"].annotate(task, answers)
    assert working.sync("keep-1").taken == 1
    (review,) = working.world.history(example).reviews.values()
    assert (review.comparison, review.order_shown) == ("chosen", slot.order)
    assert review.positions_seen.chosen == ["keep-it"]


@pytest.mark.parametrize("how", ["withdrawn", "revised", "lapsed"])
def test_a_task_whose_seat_is_gone_is_removed(working, how):
    example = working.world.propose()
    working.link("keep-1")
    working.give("keep-1", example)
    if how == "withdrawn":
        working.world.withdraw(example)
    elif how == "revised":
        working.world.revise(example)
    else:
        working.world.clock.advance(days=4)
    came = working.sync("keep-1")
    assert came.removed == 1
    # Of a new revision there is a new seat; a seat that lapsed is not offered to the same person again.
    assert came.pushed == (how == "revised")
    assert [slot.revision for slot in working.slots("keep-1")] == (
        [working.world.history(example).latest.leaf] if how == "revised" else []
    )


def test_a_task_made_to_name_another_seat_fills_none_and_is_put_right(given):
    other = given.world.propose()
    given.sync("keep-1")
    given.sync("keep-1")  # notes which task is which seat's
    keep = given.people["keep-1"]
    task = given.task_of("keep-1", other)
    mine = given.task_of("keep-1", given.example)
    keep.ask("PATCH", f"/api/tasks/{task['id']}/", json={"data": mine["data"]})
    keep.annotate(task["id"], ACCEPT)
    came = given.sync("keep-1")
    assert came.taken == 0
    assert "names another seat" in came.refused[0].reason
    assert given.task_of("keep-1", other)["id"] == task["id"]
    assert given.sync("keep-1").taken == 1
    assert given.world.history(other).latest.round.people()
    assert not given.world.history(given.example).latest.round.people()


def test_a_form_of_an_earlier_version_is_replaced_and_what_was_submitted_stays(given):
    keep, project = given.people["keep-1"], given.project("keep-1")
    keep.annotate(given.first, ACCEPT)
    with given.world.acting("mia") as (made, _):
        row = {"sha256": "a" * 64, "path": "guidelines/en.md", "content": b"# Judge <em>kindly</em>"}
        made.connection.execute(documents.insert(), row)
    given.sync("keep-1")
    other = given.world.propose()
    given.sync("keep-1")
    new = given.task_of("keep-1", other)
    keep.annotate(new["id"], ACCEPT)
    config = keep.ask("GET", f"/api/projects/{project}/")["label_config"]
    older = config.replace(' alias="pass"', ' alias="pass-it-on"')
    assert older != config
    given.client.change_project(project, label_config=older)
    given.forget_forms("keep-1")
    assert given.sync("keep-1").taken == 1
    found = keep.ask("GET", f"/api/projects/{project}/")
    assert found["label_config"] == config
    assert "<h3>Judge &lt;em&gt;kindly&lt;/em&gt;</h3>" in found["expert_instruction"]
    assert [len(task["annotations"]) for task in given.tasks("keep-1")] == [1, 1]
    assert len(given.world.history(given.example).reviews) == 1
