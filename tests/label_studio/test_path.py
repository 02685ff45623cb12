"""The whole path: pushed, annotated by two ordinary accounts, pulled, accepted, released, traced."""

from __future__ import annotations

from curation.audit.trace import trace_example
from curation.audit.verify import verify_bundle
from curation.releases.cut import cut_release
from tests.support.label_studio import ACCEPT
from tests.support.words import HARBOUR


def test_what_two_people_annotate_is_accepted_released_and_traced_to_label_studio(working):
    world = working.world
    example = world.propose()
    working.link("keep-1", "move-1")
    for handle in ("keep-1", "move-1"):
        assert working.sync(handle).pushed == 1
        task = working.task_of(handle, example)
        working.people[handle].annotate(task["id"], ACCEPT)
        came = working.sync(handle)
        assert (came.taken, came.refused, came.late) == (1, [], [])
    assert world.history(example).status == "accepted"
    world.close()
    made = cut_release(world.platform, world.actor("mia"))
    assert verify_bundle(made.path).verdict == "VERIFIED"
    story = trace_example(made.path, example).story
    reviews = story["revisions"][0]["rounds"][0]["reviews"]
    assert [review["via"] for review in reviews] == ["label-studio", "label-studio"]
    assert all(len(review["annotation"]) == 64 for review in reviews)
    world.check_projection()
    assert working.sync("keep-1").taken == 0
    assert world.pseudonym("keep-1", HARBOUR) in {review["reviewer"] for review in reviews}
