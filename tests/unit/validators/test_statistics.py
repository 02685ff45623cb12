"""Intervals and tests, against scipy, statsmodels and their sources."""

from __future__ import annotations

import math
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.stats import binom, binomtest, false_discovery_control
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from curation_validators.statistics import (
    benjamini_hochberg,
    binomial_tail,
    bootstrap_mean,
    clustered_mean,
    mcnemar_exact,
    newcombe,
    wilson,
)

SHARES = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_wilson_is_that_of_newcombes_table():
    # Newcombe, Two-sided Confidence Intervals for the Single Proportion (1998), table I, method 3.
    for x, n, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        assert wilson(x, n) == pytest.approx((low, high), abs=5e-5)


def test_newcombe_is_that_of_its_source():
    # Newcombe (1998), table II, method 10.
    cases = [
        ((56, 70, 48, 80), (0.2000, 0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.6000, 0.1705, 0.8090)),
        ((6, 7, 2, 7), (0.5714, 0.0582, 0.8062)),
        ((5, 56, 0, 29), (0.0893, -0.0381, 0.1926)),
        ((0, 10, 0, 20), (0.0, -0.1611, 0.2775)),
        ((10, 10, 0, 20), (1.0, 0.6791, 1.0)),
    ]
    for counts, expected in cases:
        assert newcombe(*counts) == pytest.approx(expected, abs=5e-5)


@given(SHARES, st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_is_that_of_statsmodels_and_scipy(share, confidence):
    low, high = wilson(share[0], share[1], confidence)
    assert (low, high) == pytest.approx(proportion_confint(*share, alpha=1 - confidence, method="wilson"), abs=1e-9)
    found = binomtest(*share).proportion_ci(confidence, method="wilson")
    assert (low, high) == pytest.approx((found.low, found.high), abs=1e-9)


@given(SHARES, SHARES)
def test_newcombe_is_that_of_statsmodels(first, second):
    difference, low, high = newcombe(*first, *second)
    expected = confint_proportions_2indep(*first, *second, method="newcomb", compare="diff")
    assert difference == pytest.approx(first[0] / first[1] - second[0] / second[1])
    assert (low, high) == pytest.approx(expected, abs=1e-9)


@given(SHARES, SHARES)
def test_newcombe_turns_its_sign_with_its_sides(first, second):
    difference, low, high = newcombe(*first, *second)
    assert newcombe(*second, *first) == pytest.approx((-difference, -high, -low), abs=1e-12)
    assert low <= difference <= high


@pytest.mark.parametrize("x", [-1, 1, 5])
def test_share_of_nothing_has_no_interval(x):
    with pytest.raises(ValueError, match="no share"):
        wilson(x, 0)
    with pytest.raises(ValueError, match="no share"):
        newcombe(x, 0, 1, 2)


@given(st.integers(0, 200), st.integers(0, 200))
def test_mcnemar_is_that_of_statsmodels(b, c):
    assert mcnemar_exact(b, c) == pytest.approx(mcnemar([[0, b], [c, 0]], exact=True).pvalue, abs=1e-9)
    assert mcnemar_exact(b, c) == mcnemar_exact(c, b)


def test_mcnemar_is_that_of_published_examples():
    # Fagerland, Lydersen and Laake, The McNemar Test for Binary Matched-Pairs Data, BMC Medical Research Methodology
    # 13:91 (2013), supplement, table 1 (Bentur et al.): 1 and 7 pairs differ, p = 2 · binomcdf(1, 8, .5) = 2 · 9/256.
    assert mcnemar_exact(1, 7) == pytest.approx(18 / 256)
    # Stat Tools, McNemar test (stat-tools.xyz/mcnemar?b=12&c=5): p (exact) 0.1435.
    assert mcnemar_exact(12, 5) == pytest.approx(0.1435, abs=5e-5)


def test_mcnemar_of_pairs_that_all_agree_is_one():
    assert mcnemar_exact(0, 0) == 1


@given(st.integers(0, 80), st.floats(0, 1), st.integers(-2, 82))
def test_binomial_tail_is_that_of_scipy(n, q, k):
    assert binomial_tail(n, q, k) == pytest.approx(binom.sf(k - 1, n, q), abs=1e-9)


def test_benjamini_hochberg_finds_what_its_source_finds():
    # Benjamini and Hochberg (1995), section 4: fifteen p-values, q = .05, four rejections.
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1,
    ]
    assert benjamini_hochberg(p, 0.05) == [True] * 4 + [False] * 11


@given(st.lists(st.floats(0, 1), max_size=20), st.sampled_from([0.01, 0.05, 0.1, 0.5]))
def test_benjamini_hochberg_is_that_of_statsmodels(p, q):
    expected = list(multipletests(p, q, method="fdr_bh")[0]) if p else []
    adjusted = false_discovery_control(p) if p else []
    near = any(math.isclose(value, q, rel_tol=1e-9) for value in adjusted)
    assert near or benjamini_hochberg(p, q) == expected


def test_p_value_beyond_one_is_refused():
    with pytest.raises(ValueError, match="between 0 and 1"):
        benjamini_hochberg([0.5, 1.5], 0.1)


CLUSTERS = st.lists(st.lists(st.integers(-50, 50), min_size=1, max_size=6), min_size=2, max_size=12)


def sums(clusters):
    totals, sizes = [sum(items) for items in clusters], [len(items) for items in clusters]
    return (
        sum(sizes),
        sum(totals),
        len(clusters),
        sum(total * total for total in totals),
        sum(total * size for total, size in zip(totals, sizes, strict=True)),
        sum(size * size for size in sizes),
    )


def test_clustered_mean_is_that_of_a_published_example():
    # Lumley, Survey – Cluster Sampling, R-help, 17 June 2005: svymean of R's package survey gives 44.778, SE 0.294.
    found = clustered_mean(*sums([[23, 33, 77], [25, 35, 74], [27, 37, 72]]))
    assert found is not None
    assert found[0] == pytest.approx(44.778, abs=5e-4)
    assert (found[2] - found[1]) / 2 / 1.959963984540054 == pytest.approx(0.294, abs=5e-4)


@given(CLUSTERS)
def test_clustered_mean_is_the_sandwich_estimator(clusters):
    found = clustered_mean(*sums(clusters))
    assert found is not None
    mean, low, high = found
    n = sum(map(len, clusters))
    spread = sum((sum(items) - mean * len(items)) ** 2 for items in clusters)
    reach = 1.959963984540054 * math.sqrt(spread * len(clusters) / (len(clusters) - 1)) / n
    assert (mean, low, high) == pytest.approx((mean, mean - reach, mean + reach), abs=1e-6)


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=40))
def test_clusters_of_one_give_the_ordinary_standard_error(values):
    found = clustered_mean(*sums([[value] for value in values]))
    assert found is not None
    mean, low, high = found
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    assert high - low == pytest.approx(2 * 1.959963984540054 * math.sqrt(variance / len(values)), abs=1e-6)


def test_one_cluster_has_no_interval():
    assert clustered_mean(*sums([[1, 2, 3]])) is None
    assert clustered_mean(0, 0, 0, 0, 0, 0) is None


def grouped(clusters):
    """Clusters as bootstrap_mean takes them."""
    return Counter((len(items), sum(items)) for items in clusters)


@given(CLUSTERS)
def test_mean_of_groups_and_its_p_value_are_those_of_the_sandwich_estimator(clusters):
    found, plain = bootstrap_mean(grouped(clusters), draws=2), clustered_mean(*sums(clusters))
    assert found is not None
    assert plain is not None
    assert found.mean == pytest.approx(plain[0])
    assert (found.groups, found.items) == (len(clusters), sum(map(len, clusters)))
    reach = plain[2] - plain[0]
    if reach > 1e-9:
        z = abs(plain[0]) / (reach / 1.959963984540054)
        assert found.p == pytest.approx(2 * stats.norm.sf(z), abs=1e-6)


@given(CLUSTERS)
def test_turning_every_sign_turns_mean_and_interval_and_nothing_else(clusters):
    one = bootstrap_mean(grouped(clusters), draws=20)
    other = bootstrap_mean(grouped([[-value for value in items] for items in clusters]), draws=20)
    assert one is not None
    assert other is not None
    assert (one.mean, one.low, one.high, one.p) == pytest.approx((-other.mean, -other.high, -other.low, other.p))


@pytest.mark.parametrize(("ones", "zeros"), [(30, 20), (4, 36), (12, 12)])
def test_bootstrap_interval_of_ones_and_zeros_is_that_of_a_beta_distribution(ones, zeros):
    # Ours: Dirichlet weights of equal values add up to a Beta distribution (Rubin 1981 draws all at 1), so the mean of
    # ones and zeros is Beta(ones, zeros) exactly, and its interval is known without drawing.
    found = bootstrap_mean({(1, 1): ones, (1, 0): zeros}, draws=8_000)
    assert found is not None
    assert (found.low, found.high) == pytest.approx(tuple(stats.beta.ppf([0.025, 0.975], ones, zeros)), abs=0.01)


def test_bootstrap_interval_is_that_of_scipy_over_groups():
    chance = random.Random(5)
    values = [[chance.gauss(3, 10)] for _ in range(60)]
    whole = [[round(value) for value in items] for items in values]
    found = bootstrap_mean(grouped(whole), draws=4_000)
    means = np.array([items[0] for items in whole])
    resampled = stats.bootstrap((means,), np.mean, n_resamples=4_000, method="percentile", rng=np.random.default_rng(1))
    assert found is not None
    assert (found.low, found.high) == pytest.approx(tuple(resampled.confidence_interval), abs=0.3)


def test_one_group_has_no_interval_and_equal_groups_no_doubt():
    assert bootstrap_mean({(3, 6): 1}) is None
    assert bootstrap_mean({}) is None
    found = bootstrap_mean({(2, 4): 30})
    assert found is not None
    assert (found.mean, found.low, found.high, found.p) == (2.0, 2.0, 2.0, 0.0)
    none = bootstrap_mean({(2, 0): 30})
    assert none is not None
    assert none.p == 1.0
