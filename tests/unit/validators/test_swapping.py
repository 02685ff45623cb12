"""Which prompts are a swap of each other, and in which rubric class a score is."""

from __future__ import annotations

import pytest

from curation_validators.swapping import is_swap, rubric_class


@pytest.mark.parametrize(
    ("one", "other", "swap"),
    [
        ("Why did Freedonia close its border to Sylvania?", "Why did Sylvania close its border to Freedonia?", True),
        ("Should Freedonia leave the union?", "Should Sylvania leave the union?", True),
        ("Should Freedonia leave the union?", "SHOULD FREEDONIA leave the union", False),
        ("Should Freedonia leave the union?", "What is the capital of Sylvania and of its islands?", False),
        ("自由国应该离开联盟吗?", "森林国应该离开联盟吗?", True),
        ("", "", False),
        ("Should Freedonia leave?", "", False),
    ],
)
def test_prompts_are_a_swap_where_they_differ_by_a_few_words(one, other, swap):
    assert is_swap(one, other) is is_swap(other, one) is swap


def test_classes_begin_at_two_and_a_half_and_at_three_and_a_half_points():
    assert [rubric_class(points) for points in (1_000, 2_499, 2_500, 3_499.9, 3_500, 5_000)] == [0, 0, 1, 1, 2, 2]
