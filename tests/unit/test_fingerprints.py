"""Near texts share a band of their fingerprints, and nothing can be told from one without the key."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from curation.copies.fingerprints import BANDS, VALUES, bands_of, fingerprint, likeness
from curation.copies.known import text_of
from curation_schemas.example import EXAMPLE
from curation_schemas.parsing import validate
from curation_validators.duplicates import jaccard
from curation_validators.records import read_record
from tests.support.words import example

KEY, OTHER_KEY = bytes(range(32)), bytes(32)


def pair(chance: random.Random, both: int, only: int) -> tuple[frozenset[str], frozenset[str]]:
    """Two sets that have so many shingles in common, and so many each for itself."""
    drawn = [f"{chance.getrandbits(64):x}" for _ in range(both + 2 * only)]
    return frozenset(drawn[: both + only]), frozenset(drawn[:both] + drawn[both + only :])


def candidates(both: int, only: int, times: int = 400) -> int:
    """How many of so many pairs share a band."""
    chance = random.Random(f"{both} {only}")
    found = 0
    for _ in range(times):
        one, other = (bands_of(fingerprint(item, KEY)) for item in pair(chance, both, only))
        found += not set(one).isdisjoint(other)
    return found


def test_pairs_at_the_threshold_are_candidates_and_far_ones_are_not():
    # 1 - (1 - s⁴)¹⁶ at s = .8, .5 and .1: .9998, .64, .0016; 400 draws of each.
    assert candidates(40, 5) >= 398
    assert 200 <= candidates(40, 20) <= 310
    assert candidates(10, 45) <= 5


def test_likeness_estimates_the_jaccard_index():
    chance = random.Random(0)
    for both, only in ((40, 5), (40, 20), (10, 45)):
        guessed = []
        for _ in range(60):
            one, other = pair(chance, both, only)
            guessed.append(likeness(fingerprint(one, KEY), fingerprint(other, KEY)) - jaccard(one, other))
        # The mean of 60 estimates of 64 values each has a standard deviation under .01.
        assert abs(sum(guessed) / len(guessed)) < 0.04


@given(st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=30))
def test_a_fingerprint_depends_on_the_set_and_the_key_alone(found):
    made = fingerprint(found, KEY)
    assert made == fingerprint(sorted(found, reverse=True), KEY)
    assert likeness(made, made) == 1
    assert len(bands_of(made)) == BANDS
    assert all(-(2**63) <= band < 2**63 for band in bands_of(made))


def test_without_the_key_no_guess_is_confirmed():
    found = frozenset(f"one two {number}" for number in range(50))
    made, guessed = fingerprint(found, KEY), fingerprint(found, OTHER_KEY)
    assert likeness(made, guessed) < 4 / VALUES
    assert set(bands_of(made)).isdisjoint(bands_of(guessed))


def test_the_text_that_is_compared_is_that_of_the_checks_at_a_release():
    for kind in ("sft", "prompt", "preference", "pluralistic"):
        plain = example(kind)
        assert text_of(validate(EXAMPLE, plain)) == read_record(plain, "it").whole()
