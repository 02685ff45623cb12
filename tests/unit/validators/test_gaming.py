"""Reviewers to look at: who votes like the other side, together, or in bursts; and nobody where nothing is odd."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation_validators.gaming import MOST_VOTES, ODD_RULES, odd_reviewers
from tests.support.golden import GOLDEN

SIDES = ("left", "right")


def row(reviewer, perspective, item, accepts, **more):
    verdict = "accept" if accepts else "reject"
    return {
        "example_id": f"ex_{item}",
        "revision": f"r{item}",
        "reviewer": reviewer,
        "perspective": perspective,
        "verdict": verdict,
        "comparison": None,
        "counted": True,
    } | more


def slanted(items=40, each=6, moles=(), draw=None):
    """Each item pleases one side; `moles` sit for the left and vote like the right. One vote in ten is otherwise."""
    draw = draw or random.Random(1)
    rows = []
    for item in range(items):
        pleases = SIDES[item % 2]
        for side in SIDES:
            for number in range(each):
                name = f"{side}-{number}"
                likes = "right" if name in moles else side
                rows.append(row(name, side, item, (likes == pleases) != (draw.random() < 0.1)))
    return rows


def topics(rows, topic="harbour"):
    return {item["example_id"]: topic for item in rows}


def found(rows):
    return odd_reviewers(rows, topics(rows))


def test_who_sits_for_one_perspective_and_votes_like_the_other_is_named_and_nobody_else():
    odd = found(slanted(moles=("left-3",)))
    assert [(item.topic, item.reviewers) for item in odd] == [("harbour", ("left-3",))]
    assert odd[0].message == "sits for left and votes more like another perspective, over 40 votes"


def test_people_who_vote_like_their_own_side_are_not_named():
    assert found(slanted()) == []


def test_nobody_is_misplaced_where_votes_have_nothing_to_do_with_perspectives():
    draw = random.Random(2)
    rows = [
        row(f"{side}-{number}", side, item, draw.random() < 0.6)
        for item in range(40)
        for side in SIDES
        for number in range(6)
    ]
    assert found(rows) == []


def test_two_who_never_differ_where_others_do_are_named():
    (pair,) = odd_of("together")
    assert pair.reviewers == ("right-1", "right-4")
    assert "60 revisions together and never differed" in pair.message


def test_few_votes_name_nobody():
    assert found(slanted(items=1, moles=("left-0",))) == []
    few = [item for item in slanted(moles=("left-0",)) if item["reviewer"] != "left-0" or item["revision"] < "r12"]
    assert found([item for item in few if item["reviewer"] != "left-0"]) == []


def test_what_did_not_count_is_not_looked_at():
    assert found([item | {"counted": False} for item in slanted(moles=("left-3",))]) == []


def test_topics_are_looked_at_apart():
    one, other = slanted(moles=("left-3",)), slanted()
    renamed = [item | {"example_id": f"other_{item['example_id']}"} for item in other]
    odd = odd_reviewers([*one, *renamed], topics(one) | topics(renamed, "river"))
    assert {item.topic for item in odd} == {"harbour"}


def test_the_first_votes_of_a_large_topic_are_looked_at():
    rows = slanted(items=MOST_VOTES // 12 + 10)
    assert found(rows) == []


def odd_of(kind):
    """Reviewers who are odd in one way."""
    if kind == "misplaced":
        return found(slanted(moles=("left-3",)))
    if kind == "together":
        draw = random.Random(3)
        rows = slanted(items=60, draw=draw)
        copied = {item["revision"]: item["verdict"] for item in rows if item["reviewer"] == "right-1"}
        copies = ({"verdict": copied[item["revision"]]} if item["reviewer"] == "right-4" else {} for item in rows)
        return found([item | copy for item, copy in zip(rows, copies, strict=True)])
    rows = by_epoch({"steady": [10, 12, 9, 11], "other": [11, 9, 10, 12], "sudden": [0, 1, 30, 1]})
    return odd_reviewers(rows, topics(rows), EPOCHS)


@pytest.mark.parametrize("rule", ODD_RULES)
def test_each_way_of_being_odd_has_a_rule_and_is_worded_as_its_golden_case(rule):
    (odd,) = odd_of(rule.split("/")[1])
    assert f"{odd}\n" == (GOLDEN / rule / "found" / "odd.txt").read_text("utf-8")
    assert odd.rule == rule
    said = odd.as_json()
    assert (said["rule"], said["severity"], said["hint"]) == (rule, "warn", ODD_RULES[rule].hint)
    assert "change no vote" in said["hint"]


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                name: st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.none(), max_size=1)
                for name in ("example_id", "revision", "reviewer", "perspective", "verdict", "comparison", "counted")
            },
        ),
        max_size=30,
    )
)
def test_whatever_rows_hold_there_is_an_answer(rows):
    assert isinstance(odd_reviewers(rows, {"": "topic", "ex": "topic"}), list)


def by_epoch(counts):
    """Votes of reviewer → how many in each of some epochs of a thousand leaves, half of each accepting."""
    rows = []
    for reviewer, numbers in counts.items():
        for epoch, number in enumerate(numbers):
            for place in range(number):
                item = f"{reviewer}-{epoch}-{place}"
                rows.append(row(reviewer, "left", item, place % 2 == 0, event=1_000 * epoch + place))
    return rows


EPOCHS = [1_000, 2_000, 3_000, 4_000]


def test_who_votes_in_a_burst_is_named_and_nobody_else():
    rows = by_epoch({"steady": [10, 12, 9, 11], "other": [11, 9, 10, 12], "sudden": [0, 1, 30, 1]})
    odd = odd_reviewers(rows, topics(rows), EPOCHS)
    assert [item.reviewers for item in odd] == [("sudden",)]
    assert odd[0].message == ("cast 30 of 32 votes in rounds that ended in epoch 2; the others cast 23 % of theirs")


def test_an_epoch_in_which_all_vote_more_is_no_burst():
    rows = by_epoch({"one": [3, 30, 3, 2], "two": [2, 28, 4, 3], "three": [4, 33, 2, 3]})
    assert odd_reviewers(rows, topics(rows), EPOCHS) == []


def test_fewer_than_ten_votes_in_an_epoch_are_no_burst():
    rows = by_epoch({"steady": [10, 12, 9, 11], "few": [0, 0, 9, 0]})
    assert odd_reviewers(rows, topics(rows), EPOCHS) == []


def test_without_epochs_no_burst_can_be_told():
    rows = by_epoch({"steady": [10, 12, 9, 11], "sudden": [0, 1, 30, 1]})
    assert odd_reviewers(rows, topics(rows)) == []


@settings(max_examples=20)
@given(st.integers(0, 2**32))
def test_people_who_vote_at_random_times_are_rarely_named(seed):
    draw = random.Random(seed)
    rows = [
        row(f"r{reviewer}", "left", f"{reviewer}-{vote}", draw.random() < 0.5, event=draw.randrange(4_000))
        for reviewer in range(12)
        for vote in range(40)
    ]
    assert len(odd_reviewers(rows, topics(rows), EPOCHS)) <= 1
