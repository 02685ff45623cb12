"""A planted lean is recovered; letters, roles and chance give none."""

from __future__ import annotations

import math
import random
import re
from collections import Counter, defaultdict
from functools import cache
from statistics import fmean

import pytest
from scipy import stats

from curation_schemas.probe import LeanResult
from curation_validators.probes.asking import Answer, OptionScore
from curation_validators.probes.lean import least_squares, measure_lean, shift_lean
from curation_validators.probes.lean_items import builtin_lean_instrument, read_lean_instrument, render_items
from curation_validators.probes.resampling import clustered_means

INSTRUMENT = builtin_lean_instrument()
COUNTRIES = INSTRUMENT.countries
LEAN = dict(zip(COUNTRIES, [0.8, -0.4, 0.1, -0.5, 0.0, 0.2, 0.1, -0.3], strict=True))
NONE = dict.fromkeys(COUNTRIES, 0.0)
LANGUAGES = tuple(INSTRUMENT.wordings)


@cache
def items(language="en", scenarios=None):
    return tuple(render_items(INSTRUMENT, [language], scenarios=scenarios))


def answer(question, odds, mass=1.0):
    likelier = -math.log1p(math.exp(-abs(odds))) + math.log(mass)
    return Answer(question, (OptionScore(likelier + min(0, odds)), OptionScore(likelier - max(0, odds))))


def answers(lean=LEAN, *, position=0.0, role=0.0, noise=0.0, shared=0.0, mass=1.0, seed=0, of=None):
    """What a model of a known lean answers. `shared`: how much a scenario favours countries by itself."""
    draw = random.Random(seed)
    favours: dict[str, dict[str, float]] = defaultdict(
        lambda: {country: draw.gauss(0, shared) for country in COUNTRIES}
    )
    found = {}
    for item in of or items():
        own = favours[item.scenario]
        towards_a = lean[item.a] + own[item.a] - lean[item.b] - own[item.b] + role
        odds = (towards_a if item.letter_a == item.a else -towards_a) + position + draw.gauss(0, noise)
        found[item.question.id] = answer(item.question.id, odds, mass)
    return found


def measured(found, of=None, draws=500) -> LeanResult:
    return measure_lean(of or items(), found, COUNTRIES, model="fake", level="base", draws=draws)


def centred(lean):
    return {country: value - fmean(lean.values()) for country, value in lean.items()}


# --- the instrument ---------------------------------------------------------------------------------------------------


def test_the_instrument_is_as_large_and_as_balanced_as_it_says():
    assert len(INSTRUMENT.scenarios) >= 40
    assert len(set(Counter(item.kind for item in INSTRUMENT.scenarios).values())) == 1
    by_kind: dict[str, Counter[str]] = defaultdict(Counter)
    for item in INSTRUMENT.scenarios:
        by_kind[item.kind][item.question] += 1
    assert len({tuple(sorted(found.items())) for found in by_kind.values()}) == 1, "each kind asks the same questions"
    assert len(COUNTRIES) == 8
    assert LANGUAGES == ("en", "fr", "zh")
    assert INSTRUMENT.origin
    assert INSTRUMENT.licence == "Apache-2.0"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_prompt_ends_with_two_bare_names_and_a_line_that_asks_for_the_letter(language):
    names = {form["name"] for form in INSTRUMENT.wordings[language].countries.values()}
    for item in items(language):
        *told, a, b, ask = item.question.prompt.split("\n")
        assert a.startswith("A) ")
        assert b.startswith("B) ")
        assert {a[3:], b[3:]} < names
        assert ask.endswith(("：", ":"))
        assert "{" not in item.question.prompt
        assert len(told) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_scenario_is_told_in_its_language_only(language):
    for item in INSTRUMENT.scenarios:
        text = re.sub(r"\{\w+\}", "", item.texts[language])
        assert bool(re.search(r"[\u4e00-\u9fff]", text)) == (language == "zh")
        assert not re.search(r"[A-Za-z]", text) or language != "zh"


def test_no_country_comes_first_or_behind_a_letter_more_often():
    for count in (Counter(item.a for item in items()), Counter(item.letter_a for item in items())):
        assert set(count.values()) == {len(items()) // 8}
    pairs = Counter((item.a, item.b, item.letter_a) for item in items())
    assert len(pairs) == 28 * 4
    assert set(pairs.values()) == {40}


def test_french_has_its_contractions():
    told = " ".join(item.question.prompt for item in items("fr"))
    assert not re.search(r"\b(de le|de les|de États-Unis|la Inde|à le|à les|le Inde|que il)\b", told)
    assert "des États-Unis" in told
    assert "du Japon" in told
    assert "de l'Inde" in told


def test_fewer_scenarios_keep_the_kinds_in_balance():
    chosen = {item.scenario.split("-")[0] for item in items(scenarios=10)}
    assert chosen == set(INSTRUMENT.kinds)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("  - id: aid-2", "  - id: aid-1", "two scenarios have one id"),
        ("kind: aid\n", "kind: war\n", "unknown kind"),
        ("      JP: {name: Japan, a: Japan}\n", "", "language en: paraphrases or countries are not complete"),
        ("name: evenhand-geopolitical\n", "", "is no instrument"),
        ("scenarios:\n", "scenarios: [\n", "is no instrument"),
    ],
)
def test_an_edited_instrument_that_does_not_fit_is_refused(old, new, fault):
    from importlib.resources import files

    content = (files("curation_validators") / "probes/instruments/geopolitical.yaml").read_text("utf-8")
    assert old in content
    with pytest.raises(ValueError, match=fault):
        read_lean_instrument(content.replace(old, new, 1).encode())


# --- what is recovered ------------------------------------------------------------------------------------------------


def test_a_planted_lean_is_recovered_exactly_without_noise():
    found = measured(answers(position=0.7, role=0.3), draws=10_000)
    for item in found.countries:
        expected = centred(LEAN)[item.country]
        assert item.least_squares.value == pytest.approx(expected, abs=1e-12)
        assert item.pair_mean.value == pytest.approx(expected * 8 / 7, abs=1e-12)
        assert item.odds_ratio == pytest.approx(math.exp(item.pair_mean.value))
        assert item.pair_mean.p == pytest.approx(1 / 10_001)
    assert found.position_bias is not None
    assert found.role_effect is not None
    assert found.position_bias.value == pytest.approx(0.7)
    assert found.role_effect.value == pytest.approx(0.3)
    assert sum(item.least_squares.value for item in found.countries) == pytest.approx(0, abs=1e-12)


def test_a_planted_lean_lies_within_its_interval_with_noise():
    inside = total = 0
    for seed in range(5):
        for item in measured(answers(noise=1.0, shared=0.5, position=1, seed=seed), draws=100).countries:
            expected = centred(LEAN)[item.country] * 8 / 7
            assert item.pair_mean.low is not None
            assert item.pair_mean.high is not None
            inside += item.pair_mean.low <= expected <= item.pair_mean.high
            total += 1
            if item.country == "US":
                assert item.finding
    assert inside >= 0.88 * total


def test_a_model_that_always_answers_a_has_no_bias_and_no_consistency():
    found = measured(answers(NONE, position=20.0))
    assert all(item.pair_mean.value == 0 for item in found.countries)
    assert all(item.pair_mean.p == 1 for item in found.countries)
    assert not any(item.finding for item in found.countries)
    assert found.swap_consistency == 0
    assert found.position_bias is not None
    assert found.position_bias.value == pytest.approx(20)


def test_a_preference_for_a_role_cancels_exactly():
    found = measured(answers(NONE, role=3.0))
    assert all(item.pair_mean.value == 0 for item in found.countries)
    assert found.swap_consistency == 1


def test_a_model_whose_letters_hold_under_half_of_the_probability_is_flagged():
    assert measured(answers(mass=0.4)).option_mass.flagged
    assert not measured(answers(mass=0.6)).option_mass.flagged


# --- chance -----------------------------------------------------------------------------------------------------------


def test_no_lean_is_found_where_there_is_none_although_scenarios_share_effects():
    """Scenario effects of half a log-odds: 8 countries looked at in each of 250 runs, at 5 % for all together."""
    runs, false, single = 250, 0, 0
    draw = random.Random(1)
    for seed in range(runs):
        rows = [[draw.gauss(0, 0.5) for _ in COUNTRIES] for _ in range(40)]
        means = clustered_means([[value - fmean(row) for value in row] for row in rows], draws=99, seed=seed)
        false += any(item.p_family < 0.05 for item in means)
        single += sum(item.p < 0.05 for item in means)
    assert false / runs <= 0.08
    assert 0.02 <= single / (8 * runs) <= 0.08


def test_a_report_tests_one_row_for_each_scenario_as_in_the_runs_above():
    draw = random.Random(5)
    favours = {item.scenario: {country: draw.gauss(0, 0.5) for country in COUNTRIES} for item in items()}
    found = {
        item.question.id: answer(
            item.question.id, favours[item.scenario][item.letter_a] - favours[item.scenario][other]
        )
        for item in items()
        for other in ({item.a, item.b} - {item.letter_a})
    }
    rows = [[centred(favours[name])[c] * 8 / 7 for c in sorted(COUNTRIES)] for name in sorted(favours)]
    result = measured(found, draws=99)
    scores = {item.country: item.pair_mean for item in result.countries}
    for country, mean in zip(sorted(COUNTRIES), clustered_means(rows, draws=99), strict=True):
        assert scores[country].value == pytest.approx(mean.mean, abs=1e-9)
        assert (scores[country].p, scores[country].p_family) == (mean.p, mean.p_family)
        assert scores[country].clusters == 40


def test_treating_items_as_independent_would_find_what_is_not_there():
    """Why scenarios are the clusters: with shared effects a t test over items errs far more often than 5 %."""
    wrong = 0
    for seed in range(60):
        draw = random.Random(seed)
        values = [effect + draw.gauss(0, 0.3) for effect in (draw.gauss(0, 0.5) for _ in range(40)) for _ in range(7)]
        wrong += stats.ttest_1samp(values, 0).pvalue < 0.05
    assert wrong / 60 > 0.2


def test_the_sign_flip_test_is_scipys_permutation_test():
    values = [0.3, -0.1, 0.8, 0.4, 0.2, 0.9, -0.3, 0.5]
    (found,) = clustered_means([[value] for value in values])
    reference = stats.permutation_test(
        (values,), fmean, permutation_type="samples", n_resamples=2**8, alternative="two-sided"
    )
    interval = stats.ttest_1samp(values, 0).confidence_interval()
    assert found.p == pytest.approx(reference.pvalue)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))


def test_darwins_maize_gives_fishers_p_value():
    """Fisher, The Design of Experiments (1935), §21: 863 + 863 of 32,768 ways are as extreme; 15 pairs of Darwin's."""
    eighths = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    (found,) = clustered_means([[float(value)] for value in eighths], draws=2**15)
    assert found.p == pytest.approx(1726 / 32768)
    assert found.p_family == found.p


def test_under_two_clusters_nothing_is_told():
    assert clustered_means([[1.0, 2.0]]) == []


def test_fewer_than_twenty_scenarios_are_insufficient_and_never_a_finding():
    few = items(scenarios=19)
    found = measured(answers(of=few), of=few)
    assert (found.outcome, found.scenarios) == ("insufficient", 19)
    assert not any(item.finding for item in found.countries)


# --- what is missing --------------------------------------------------------------------------------------------------


def test_a_pair_with_a_missing_value_is_left_out_and_counted():
    found = answers(position=5.0)
    first = items()[0].question.id
    found[first] = Answer(first, fault="the server answers 400")
    del found[items()[200].question.id]
    result = measured(found)
    assert result.measured == len(items()) - 2
    assert result.not_measured == {"not asked": 1, "the server answers 400": 1}
    for item in result.countries:
        assert item.least_squares.value == pytest.approx(centred(LEAN)[item.country], abs=1e-9)


def test_a_bound_is_counted_and_two_bounds_are_not_measured():
    found = answers()
    one, two = (item.question.id for item in items()[:2])
    found[one] = Answer(one, (OptionScore(-0.1), OptionScore(-9.0, is_bound=True)))
    found[two] = Answer(two, (OptionScore(-9.0, is_bound=True), OptionScore(-9.0, is_bound=True)))
    result = measured(found)
    assert result.bounded == 1
    assert list(result.not_measured) == ["neither option is among the tokens that the server lists"]


def test_nothing_measured_is_no_zero():
    result = measured({})
    assert (result.outcome, result.countries, result.position_bias, result.swap_consistency) == (
        "insufficient",
        [],
        None,
        None,
    )
    assert result.option_mass.mean is None


def test_least_squares_of_incomplete_pairs_are_those_of_a_chain():
    theta = least_squares({("a", "b"): 1.0, ("b", "c"): 2.0}, ["a", "b", "c"])
    assert theta == pytest.approx({"a": 4 / 3, "b": 1 / 3, "c": -5 / 3})
    assert least_squares({("a", "b"): 1.0}, ["a", "b", "c"]) is None


# --- shifts -----------------------------------------------------------------------------------------------------------


def test_a_shift_is_paired_by_scenario_and_has_its_odds_ratio():
    """Both models share each scenario's effect, so that the shift is known far better than either lean."""
    after = {country: value / 2 for country, value in LEAN.items()}
    first, second = (measured(answers(lean, shared=1.0, noise=0.2, seed=4)) for lean in (LEAN, after))
    shift = shift_lean(first, second, kind="training", names=("before", "after"), draws=500)
    for item in shift.countries:
        expected = -centred(LEAN)[item.country] / 2 * 8 / 7
        assert item.shift.value == pytest.approx(expected, abs=1e-9)
        assert item.odds_ratio == pytest.approx(math.exp(expected))
    assert {item.country for item in shift.countries if item.finding} >= {"US", "CN", "RU"}


def test_no_change_is_no_shift():
    first = measured(answers(shared=1.0))
    shift = shift_lean(first, first, kind="training", names=("before", "after"), draws=200)
    assert all(item.shift.value == 0 and item.shift.p == 1 and not item.finding for item in shift.countries)
