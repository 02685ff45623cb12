"""Agreement, against published examples and against itself in another order."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa

from curation_validators.agreement import (
    LEVELS,
    alpha_interval,
    alpha_of_units,
    cohen_kappa,
    group_informed_consensus,
    krippendorff_alpha,
    unit_of,
)

# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section C: four observers, twelve units.
PUBLISHED = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]
RATINGS = st.integers(1, 8).flatmap(
    lambda units: st.lists(
        st.lists(st.none() | st.integers(0, 4), min_size=units, max_size=units), min_size=1, max_size=5
    )
)


@pytest.mark.parametrize(
    ("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_alpha_is_that_of_krippendorffs_own_example(level, alpha):
    assert krippendorff_alpha(PUBLISHED, level) == pytest.approx(alpha, abs=0.0005)


def test_alpha_of_two_observers_and_binary_data_is_that_of_krippendorffs_own_example():
    # Krippendorff (2011), section A: alpha = 0.095.
    one = [0, 1, 0, 0, 0, 0, 0, 0, 1, 0]
    other = [1, 1, 1, 0, 0, 1, 0, 0, 0, 0]
    assert krippendorff_alpha([one, other], "nominal") == pytest.approx(0.095, abs=0.0005)


def test_alpha_of_words_is_that_of_krippendorffs_own_example():
    # Krippendorff (2011), section B: alpha = 0.692.
    one, other = list("aabbdcccedda"), list("babbbcccedddd")[:12]
    assert krippendorff_alpha([one, other]) == pytest.approx(0.692, abs=0.0005)


@given(RATINGS, st.sampled_from(LEVELS), st.randoms(use_true_random=False))
def test_order_of_raters_and_units_never_matters(ratings, level, rng):
    before = krippendorff_alpha(ratings, level)
    shuffled = [list(row) for row in ratings]
    rng.shuffle(shuffled)
    order = list(range(len(ratings[0])))
    rng.shuffle(order)
    after = krippendorff_alpha([[row[place] for place in order] for row in shuffled], level)
    assert after == (None if before is None else pytest.approx(before, abs=1e-12))


@given(RATINGS, st.sampled_from(LEVELS))
def test_alpha_is_at_most_one_and_none_exactly_when_undefined(ratings, level):
    alpha = krippendorff_alpha(ratings, level)
    paired = [column for column in zip(*ratings, strict=True) if sum(value is not None for value in column) >= 2]
    values = {value for column in paired for value in column if value is not None}
    assert (alpha is None) == (len(values) < 2)
    assert alpha is None or alpha <= 1 + 1e-12


@pytest.mark.parametrize("ratings", [[], [[]], [[1, 2, 3]], [[1, 1], [1, 1]], [[None, 1], [1, None]], [[None], [None]]])
def test_undefined_alpha_is_none_and_never_one(ratings):
    assert krippendorff_alpha(ratings, "nominal") is None


@pytest.mark.parametrize(
    ("ratings", "level"),
    [
        ([[1, 2], [1]], "nominal"),
        ([[1, 2], [1, 3]], "cardinal"),
        ([["a", "b"], ["a", "c"]], "ordinal"),
        ([[-1, 2], [1, 2]], "ratio"),
        ([[float("nan"), 2], [1, 2]], "interval"),
        ([[float("nan"), 2], [1, 2]], "nominal"),
        ([[float("inf"), 2], [1, 2]], "nominal"),
        ([[np.float64("nan"), 2], [1, 2]], "ordinal"),
        ([[True, 2], [1, 2]], "interval"),
    ],
)
def test_ratings_that_fit_no_level_are_refused(ratings, level):
    with pytest.raises(ValueError, match=r"rater|level"):
        krippendorff_alpha(ratings, level)


@pytest.mark.parametrize("level", LEVELS)
def test_numbers_of_an_array_are_numbers_and_rows_may_be_generators(level):
    whole = [[1, 2, 3, 3], [1, 2, 4, 3]]
    assert krippendorff_alpha(np.array(whole), level) == krippendorff_alpha(whole, level)
    assert krippendorff_alpha((iter(row) for row in whole), level) == krippendorff_alpha(whole, level)


def test_alpha_of_many_complete_units_comes_close_to_fleiss_kappa():
    # Without missing ratings alpha differs from Fleiss' kappa by a term of 1/(number of ratings) only.
    table = [[3, 0], [2, 1], [0, 3], [1, 2], [3, 0], [3, 0]] * 200
    units = Counter(unit_of([0] * zeros + [1] * ones) for zeros, ones in table)
    assert alpha_of_units(units) == pytest.approx(fleiss_kappa(table), abs=0.001)


def test_interval_holds_alpha_narrows_with_units_and_is_the_same_each_time():
    units = Counter({unit_of("aab"): 20, unit_of("aaa"): 30, unit_of("bbb"): 15, unit_of("abb"): 10})
    alpha = alpha_of_units(units)
    found = alpha_interval(units)
    assert alpha is not None
    assert found is not None
    assert found[0] < alpha < found[1]
    assert alpha_interval(units) == found
    more = Counter({unit: 100 * number for unit, number in units.items()})
    narrow = alpha_interval(more)
    assert narrow is not None
    assert narrow[1] - narrow[0] < (found[1] - found[0]) / 5
    assert alpha_interval(Counter({unit_of("aa"): 50})) is None


def test_interval_is_that_of_a_bootstrap_written_anew():
    # Ours: no published figures are known to us. Of units «aa», «ab» and «bb», Rubin's weights are Dirichlet, and
    # Krippendorff (2011), section A, gives alpha of binary data in closed form: 1 − (n − 1) o_ab / (n_a n_b).
    counts = np.array([30, 20, 25])
    w = np.random.default_rng(3).dirichlet(counts, size=20_000) * counts.sum()
    a, both, b = 2 * w[:, 0] + w[:, 1], w[:, 1], 2 * w[:, 2] + w[:, 1]
    expected = np.percentile(1 - (2 * counts.sum() - 1) * both / (a * b), [2.5, 97.5])
    found = alpha_interval(dict(zip(map(unit_of, ("aa", "ab", "bb")), counts.tolist(), strict=True)), draws=4_000)
    assert found == pytest.approx(tuple(expected), abs=0.02)


def test_consensus_is_that_of_a_published_example():
    # Jigsaw, Sensemaking Tools (2024, github.com/Jigsaw-Code/sensemaking-tools), stats_util.test: ten of fifteen agree
    # in one group and five of twenty in the other, so 11/17 · 6/22; and 0 of 0, 0 of 5, 5 of 5 give 1/2, 1/7, 6/7.
    assert group_informed_consensus([(10, 15), (5, 20)]) == pytest.approx((11 / 17) * 6 / 22)
    for group, rate in [((0, 0), 1 / 2), ((0, 5), 1 / 7), ((5, 5), 6 / 7)]:
        assert group_informed_consensus([group]) == pytest.approx(rate)


def test_consensus_multiplies_over_groups_and_shrinks_towards_a_half():
    assert group_informed_consensus([]) == 1, "the product of nothing"
    assert group_informed_consensus([(0, 0)]) == pytest.approx(1 / 2), "a group that saw nothing still counts"
    assert group_informed_consensus([(9, 10), (4, 8)]) == pytest.approx((10 / 12) * (5 / 10))
    for group in [(3, 2), (-1, 2), (math.nan, 2), (1, math.inf)]:
        with pytest.raises(ValueError, match="cannot agree"):
            group_informed_consensus([group])  # type: ignore[list-item]  # what is no count


@given(st.lists(st.integers(0, 30).flatmap(lambda seen: st.tuples(st.integers(0, seen), st.just(seen))), max_size=5))
def test_one_more_agreement_never_lowers_the_consensus(groups):
    more = [(min(agree + 1, seen), seen) for agree, seen in groups]
    assert group_informed_consensus(more) >= group_informed_consensus(groups)


def test_kappa_is_that_of_a_published_example():
    # Fleiss, Statistical Methods for Rates and Proportions (3rd edition), table 18.1: kappa = 0.676.
    table = [[75, 1, 4], [5, 4, 1], [0, 0, 10]]
    assert cohen_kappa(table) == pytest.approx(0.676, abs=0.0005)


@given(
    st.integers(2, 4).flatmap(
        lambda k: st.lists(st.lists(st.integers(1, 30), min_size=k, max_size=k), min_size=k, max_size=k)
    )
)
def test_kappa_is_that_of_statsmodels(table):
    assert cohen_kappa(table) == pytest.approx(cohens_kappa(table, return_results=False), abs=1e-9)


@pytest.mark.parametrize("table", [[], [[0, 0], [0, 0]], [[7]], [[5, 0], [0, 0]]])
def test_kappa_of_nothing_or_of_one_category_is_none(table):
    assert cohen_kappa(table) is None


@pytest.mark.parametrize("count", [math.nan, math.inf, -1])
def test_kappa_of_what_is_no_count_is_refused(count):
    with pytest.raises(ValueError, match="finite counts"):
        cohen_kappa([[count, 1], [1, 1]])
