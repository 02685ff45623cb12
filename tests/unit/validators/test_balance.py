"""Shares, divergences and concentration, against scipy and worked examples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy

from curation_validators.balance import effective_number, evenness, hhi, js_bits, kl_bits, length_parity

COUNTS = st.lists(st.integers(0, 1_000), min_size=2, max_size=12).filter(any)
TWO = st.integers(2, 10).flatmap(
    lambda k: st.tuples(*[st.lists(st.integers(0, 1_000), min_size=k, max_size=k).filter(any)] * 2)
)


@given(COUNTS)
def test_evenness_is_entropy_against_its_greatest_value(counts):
    assert evenness(counts) == pytest.approx(entropy(counts) / math.log(len(counts)), abs=1e-9)


def test_evenness_is_that_of_published_examples():
    # Statistics::Shannon (CPAN), t/02anon.t: −(1/7 ln 1/7 + 2/7 ln 2/7 + 4/7 ln 4/7) / ln 3.
    assert evenness([1, 2, 4]) == pytest.approx(0.869915529773626, abs=1e-12)
    # scikit-bio, skbio/diversity/alpha/tests/test_base.py, test_pielou_e, after the University of Maryland's lesson
    # on biofilms (ww2.mdsg.umd.edu/interactive_lessons/biofilm/diverse.htm). It leaves empty classes out; we do not.
    assert evenness([1, 1, 196, 1, 1]) == pytest.approx(0.078, abs=5e-4)
    assert evenness([1, 1, 4, 2, 5, 2, 4, 1, 2]) == pytest.approx(0.92485490560, abs=1e-10)


def test_evenness_of_worked_examples():
    assert evenness([5, 5]) == pytest.approx(1)
    assert evenness([9, 1]) == pytest.approx(0.4690, abs=5e-5)  # the entropy of .1, in bits
    assert evenness([7, 0]) == 0
    assert evenness([7]) is None
    assert evenness([0, 0]) is None
    assert evenness([]) is None


@given(TWO)
def test_divergences_are_those_of_scipy(pair):
    p, q = pair
    assert kl_bits(p, q) == pytest.approx(entropy(p, q, base=2), abs=1e-9)
    assert js_bits(p, q) == pytest.approx(jensenshannon(p, q, base=2) ** 2, abs=1e-9)
    assert js_bits(p, q) == pytest.approx(js_bits(q, p), abs=1e-12)


def test_divergences_of_worked_examples():
    # Cover and Thomas, Elements of Information Theory (2nd edition), example 2.3.1, with r = 1/2 and s = 1/4.
    assert kl_bits([0.5, 0.5], [0.75, 0.25]) == pytest.approx(0.2075, abs=5e-5)
    assert kl_bits([0.75, 0.25], [0.5, 0.5]) == pytest.approx(0.1887, abs=5e-5)
    assert kl_bits([1, 1], [1, 0]) == math.inf
    # SciPy 1.13, reference of scipy.spatial.distance.jensenshannon, Examples: the distance is the root of the
    # divergence, in nats where no base is given.
    assert js_bits([1, 0, 0], [0, 1, 0]) == 1
    assert js_bits([1, 0], [0.5, 0.5]) == pytest.approx(0.46450140402245893**2 / math.log(2), abs=1e-12)
    assert js_bits([1, 0, 0], [1, 0, 0]) == 0
    assert kl_bits([0, 0], [1, 1]) is None
    assert js_bits([1, 1], [0, 0]) is None


def test_shares_over_other_classes_are_refused():
    for divergence in (kl_bits, js_bits):
        with pytest.raises(ValueError, match="same classes"):
            divergence([1, 2], [1, 2, 3])


def test_index_of_a_published_example():
    # US Department of Justice: four firms with 30, 30, 20 and 20 per cent have an HHI of 2,600.
    assert hhi([30, 30, 20, 20]) == pytest.approx(2_600)
    assert hhi([10]) == 10_000
    assert hhi([]) is None
    assert hhi([0, 0]) is None


def test_unbiased_index_is_that_of_published_examples():
    # Barcelona Field Studies Centre, Simpson's Diversity Index (geographyfieldwork.com/Simpson'sDiversityIndex.htm):
    # plants of a dune, Σ n(n − 1) = 64 and N = 15, so Simpson's sum is 64 / (15 · 14).
    assert hhi([2, 8, 1, 1, 3], unbiased=True) == pytest.approx(10_000 * 64 / (15 * 14))
    # The Prime Calculator, Biodiversity Simpson Index: 2750 / 9900 = 0.2778 for the trees of a plot.
    assert hhi([40, 25, 20, 15], unbiased=True) == pytest.approx(2_778, abs=0.5)


def test_effective_number_is_that_of_published_examples():
    # scikit-bio, skbio/diversity/alpha/tests/test_base.py: test_enspie; the sums of squares .34 of test_dominance and
    # .0625 + .04 + .09 + .0625 of test_simpson_e.
    assert effective_number([13, 13, 13, 13]) == pytest.approx(4)
    assert effective_number([1, 0, 2, 5, 2]) == pytest.approx(1 / 0.34)
    assert effective_number([500, 400, 600, 500]) == pytest.approx(1 / 0.255)


def test_unbiased_index_of_worked_examples():
    # Ours: pairs of two items, drawn without replacement, that are of one class.
    assert hhi([1, 1, 1, 1], unbiased=True) == 0
    assert hhi([2, 2], unbiased=True) == pytest.approx(10_000 * 4 / 12)
    assert hhi([5], unbiased=True) == 10_000
    assert hhi([1], unbiased=True) is None
    with pytest.raises(ValueError, match="whole counts"):
        hhi([0.5, 0.5], unbiased=True)  # type: ignore[list-item]  # what is no count


@given(COUNTS)
def test_index_lies_between_an_even_split_and_a_monopoly(counts):
    points, unbiased = hhi(counts), hhi(counts, unbiased=True)
    assert points is not None
    assert 10_000 / len(counts) - 1e-6 <= points <= 10_000 + 1e-6
    assert effective_number(counts) == pytest.approx(10_000 / points)
    assert unbiased is None or unbiased <= points + 1e-6


@given(COUNTS, st.randoms(use_true_random=False))
def test_order_of_classes_never_matters(counts, rng):
    shuffled = list(counts)
    rng.shuffle(shuffled)
    for measure in (evenness, hhi, effective_number):
        assert measure(shuffled) == pytest.approx(measure(counts))


def test_counts_below_zero_are_refused():
    for measure in (evenness, hhi, effective_number):
        with pytest.raises(ValueError, match="0 or more"):
            measure([3, -1])


def test_counts_may_come_from_a_generator_or_an_array():
    for measure in (evenness, hhi, effective_number):
        assert measure(count for count in [9, 1]) == measure(np.array([9, 1])) == measure([9, 1])
    assert hhi((count for count in [9, 1]), unbiased=True) == hhi(np.array([9, 1]), unbiased=True) == 8_000
    assert kl_bits(iter([9, 1]), iter([1, 1])) == kl_bits([9, 1], [1, 1])
    assert js_bits(iter([9, 1]), iter([1, 1])) == js_bits([9, 1], [1, 1])


@pytest.mark.parametrize("count", [math.inf, math.nan])
def test_counts_that_are_not_finite_are_refused(count):
    for measure in (evenness, hhi, effective_number, lambda counts: hhi(counts, unbiased=True)):
        with pytest.raises(ValueError, match="0 or more"):
            measure([count, 1])
    with pytest.raises(ValueError, match="finite"):
        length_parity([(count, 1)])


def test_length_parity_of_worked_examples():
    assert length_parity([(100, 100), (50, 50)]) == 0
    assert length_parity([(125, 100)]) == pytest.approx(math.log(1.25))
    assert length_parity([(200, 100), (100, 200)]) == pytest.approx(0)
    assert length_parity([]) is None
    with pytest.raises(ValueError, match="no ratio"):
        length_parity([(0, 10)])


@given(st.lists(st.tuples(st.integers(1, 10_000), st.integers(1, 10_000)), min_size=1))
def test_length_parity_turns_its_sign_with_its_sides(pairs):
    turned = [(other, length) for length, other in pairs]
    one, other = length_parity(turned), length_parity(pairs)
    assert one is not None
    assert other == pytest.approx(-one, abs=1e-9)
