"""What volunteers can do there besides reviewing: check sources, and answer open questions."""

from __future__ import annotations

from curation.audit.trace import trace_example
from curation.log.leaf import Opening
from curation.releases.cut import cut_release
from curation.tables import examples
from tests.support.label_studio import ACCEPT, choice, text

FLAGGED = [choice("finding", "source"), text("evidence", "The page it names does not exist.")]
ANSWER = [
    text("answer", "Both sides have reasons, and here they are, each as its holders put it."),
    choice("claims", "fact", "value"),
    choice("origin", "human"),
    text("source1-url", "https://example.org/minutes"),
    text("source1-publisher", "Harbour Gazette"),
    text("source1-owner", "Harbour Press"),
    text("source1-country", "FR"),
    text("source1-language", "en"),
    text("source1-date", "2025-03"),
    choice("grant", "yes"),
]


def commits_to(taken, leaf_commitment):
    """Whether what is kept opens what the leaf says."""
    opening = Opening("annotation", bytes.fromhex(taken.salt), taken.body.encode())
    return leaf_commitment == taken.commitment == opening.commitment()


def test_who_reviewed_checks_the_sources_and_a_fault_becomes_a_flag(working):
    first, second = working.world.propose(), working.world.propose()
    working.link("keep-1", also=("source",))
    keep = working.people["keep-1"]
    for example in (first, second):
        if not working.slots("keep-1"):
            working.sync("keep-1", pull=False)
        keep.annotate(working.task_of("keep-1", example)["id"], ACCEPT)
    came = working.sync("keep-1")
    assert (came.taken, came.pushed) == (2, 2)
    checks = {name: working.task_of("keep-1", name, "source")["id"] for name in (first, second)}
    keep.annotate(checks[first], [choice("finding", "holds")])
    wrong = keep.annotate(checks[second], FLAGGED[:1])
    came = working.sync("keep-1")
    assert came.taken == 1
    assert [item.reason for item in came.refused] == ["evidence: it is not answered, and it has to be"]
    keep.change(wrong, FLAGGED)
    assert working.sync("keep-1").taken == 1
    assert not working.world.history(first).flags
    (flag,) = working.world.history(second).flags.values()
    (taken,) = [slot.taken for slot in working.slots("keep-1") if slot.form == "source" and slot.taken]
    assert (flag.event.ground, flag.event.pseudonym) == ("source", working.world.pseudonym("keep-1"))
    assert commits_to(taken[0], flag.event.annotation)
    keep.change(wrong, [choice("finding", "holds")])
    assert "changed nothing" in working.sync("keep-1").late[0].reason
    assert len(working.world.history(second).flags) == 1
    working.world.check_projection()


def test_an_open_question_is_answered_and_arrives_as_a_proposal_with_its_sources(working):
    world = working.world
    question, measuring = world.propose(kind="prompt"), world.propose(kind="prompt", use="evaluation")
    waiting = world.propose(kind="prompt")
    for example in (question, measuring):
        world.judge(example)
    working.link("keep-1", also=("answer",))
    assert working.sync("keep-1").pushed == 2  # a seat to judge the one that waits, and the one that is open
    (task,) = working.tasks("keep-1", "answer")
    assert task["data"]["evenhand"]["example"] == question
    assert task["data"]["heading"].endswith(world.history(question).first.license)
    keep = working.people["keep-1"]
    annotation = keep.annotate(task["id"], ANSWER[:-1])
    assert "grant: it is not answered" in working.sync("keep-1").refused[0].reason
    keep.change(annotation, ANSWER)
    assert working.sync("keep-1").taken == 1
    (taken,) = [slot.taken[0] for slot in working.slots("keep-1") if slot.form == "answer"]
    group = world.history(question).first.group
    (answer,) = [row.id for row in world.rows(examples) if row.group_id == group and row.id != question]
    event = world.history(answer).first
    assert (event.kind, event.group, event.claims) == ("sft", group, ["fact", "value"])
    assert waiting not in {slot.example for slot in working.slots("keep-1") if slot.form}
    assert (len(event.sources), event.pseudonym) == (1, world.pseudonym("keep-1"))
    assert commits_to(taken, event.annotation)
    keep.change(annotation, [*ANSWER[1:], text("answer", "Another.")])
    assert "changed on the pages only" in working.sync("keep-1").late[0].reason
    for handle in ("keep-2", "move-1"):
        world.review(handle, answer)
    world.close()
    made = cut_release(world.platform, world.actor("mia"))
    story = trace_example(made.path, answer).story["revisions"][0]
    assert (story["via"], story["annotation"]) == ("label-studio", event.annotation)
    world.check_projection()


def test_a_question_that_is_withdrawn_or_closed_loses_its_open_task(working):
    world = working.world
    question = world.propose(kind="prompt")
    world.judge(question)
    working.link("keep-1", also=("answer",))
    assert working.sync("keep-1").pushed == 1
    world.withdraw(question)
    came = working.sync("keep-1")
    assert (came.removed, working.tasks("keep-1", "answer")) == (1, [])
