"""The order within an epoch: after what is referred to, else by hash, and telling nothing of when anything arrived."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import LogInconsistent
from curation.log.order import OrderCheck, canonical_order


@st.composite
def batches(draw):
    """Leaves of one epoch and what each refers to: earlier ones, or ones outside the epoch."""
    leaves = draw(st.lists(st.from_regex(r"\A[0-9a-f]{4}\Z", fullmatch=True), max_size=14, unique=True))
    batch = {}
    for place, leaf in enumerate(leaves):
        earlier = st.sampled_from(leaves[:place]) if place else st.nothing()
        batch[leaf] = draw(st.lists(earlier | st.sampled_from(["outside-1", "outside-2"]), max_size=3))
    return batch


@given(batches())
def test_every_leaf_is_placed_once(batch):
    assert sorted(canonical_order(batch)) == sorted(batch)


@given(batches())
def test_every_leaf_stands_after_what_it_refers_to(batch):
    place = {leaf: number for number, leaf in enumerate(canonical_order(batch))}
    for leaf, wanted in batch.items():
        assert all(place[item] < place[leaf] for item in wanted if item in place)


@given(batches(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_leaves_no_trace(batch, rng):
    shuffled = list(batch)
    rng.shuffle(shuffled)
    again = {leaf: rng.sample(batch[leaf], len(batch[leaf])) for leaf in shuffled}
    assert canonical_order(again) == canonical_order(batch)


@given(batches())
def test_among_those_that_may_come_next_the_smallest_hash_comes(batch):
    placed: set[str] = set()
    for leaf in canonical_order(batch):
        ready = [item for item in batch if item not in placed and {w for w in batch[item] if w in batch} <= placed]
        assert leaf == min(ready)
        placed.add(leaf)


@given(st.lists(st.from_regex(r"\A[0-9a-f]{4}\Z", fullmatch=True), unique=True))
def test_leaves_without_references_are_sorted_by_hash(leaves):
    assert canonical_order({leaf: [] for leaf in leaves}) == sorted(leaves)


@pytest.mark.parametrize(
    "circle", [{"a": ["a"]}, {"a": ["b"], "b": ["a"]}, {"a": [], "b": ["c"], "c": ["d"], "d": ["b"]}]
)
def test_a_circle_is_no_order(circle):
    with pytest.raises(LogInconsistent, match="circle"):
        canonical_order(circle)


def test_a_leaf_named_twice_by_another_holds_it_up_once():
    assert canonical_order({"b": [], "a": ["b", "b"]}) == ["b", "a"]


def _kept(leaves: list[str], batch: dict[str, list[str]]) -> bool:
    check = OrderCheck()
    for leaf in leaves:
        check.take(leaf, batch[leaf])
    return check.kept


@given(batches())
def test_the_canonical_order_passes_the_check(batch):
    assert _kept(canonical_order(batch), batch)


@given(batches(), st.data())
def test_no_other_order_passes_the_check(batch, data):
    leaves = data.draw(st.permutations(list(batch)))
    assert _kept(leaves, batch) == (leaves == canonical_order(batch))


def test_a_leaf_that_refers_to_itself_or_to_a_later_one_fails_the_check():
    assert not _kept(["a"], {"a": ["a"]})
    assert not _kept(["a", "b"], {"a": ["b"], "b": []})
