"""Prefix filtering misses no near-copy."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from curation.near import prefix_length
from curation_validators.duplicates import THRESHOLD, jaccard

some = st.sets(st.integers(0, 40).map(str), min_size=1, max_size=30)


@given(some, st.sets(st.integers(0, 40).map(str), max_size=3), st.sets(st.integers(0, 40).map(str), max_size=3))
def test_two_near_sets_share_a_shingle_of_their_prefixes(one, gone, come):
    other = (one - gone) | come
    prefixes = [set(sorted(item)[: prefix_length(len(item))]) for item in (one, other)]
    if jaccard(one, other) >= THRESHOLD:
        assert prefixes[0] & prefixes[1]


def test_a_prefix_is_a_fifth_of_a_set_and_one_more():
    assert [prefix_length(size) for size in (0, 1, 2, 5, 10, 100)] == [0, 1, 1, 2, 3, 21]
