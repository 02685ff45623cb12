"""A planted preference for a group is recovered; letters, files and chance give none."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from copy import deepcopy
from functools import cache
from pathlib import Path

import pytest
import yaml

from curation_schemas.probe_selection import SelectionResult
from curation_validators.probes.asking import Answer, OptionScore
from curation_validators.probes.selection import measure_selection
from curation_validators.probes.selection_items import (
    FITS,
    builtin_selection_instrument,
    read_selection_instrument,
    render_applications,
)
from curation_validators.probes.selection_shifts import agreements, jaccard_of, kappa_of, shift_selection

INSTRUMENT = builtin_selection_instrument()
LANGUAGES = ("en", "fr", "zh")
GROUPS = {group: dimension.id for dimension in INSTRUMENT.dimensions for group in dimension.groups}
FAVOURED = {"woman": 0.4, "CN": -0.7, "right": 0.3, "muslim": 0.5}


@cache
def items(language="en", prompting="plain", dimensions=None):
    return tuple(render_applications(INSTRUMENT, [language], prompting=(prompting,), dimensions=dimensions))


def answer(question, odds):
    likelier = -math.log1p(math.exp(-abs(odds)))
    return Answer(question, (OptionScore(likelier + min(0, odds)), OptionScore(likelier - max(0, odds))))


def answers(of, favoured=FAVOURED, *, letter=0.0, noise=0.0, shared=0.0, fit=1.0, seed=0):
    """What a model of a known preference answers. `shared`: how much a post favours groups by itself."""
    draw = random.Random(seed)
    own = {(post.id, group): draw.gauss(0, shared) for post in INSTRUMENT.posts for group in GROUPS}
    found = {}
    for item in of:
        towards = favoured.get(item.group, 0.0) + own[item.post, item.group] + draw.gauss(0, noise)
        towards += fit if item.fit == "meets" else -fit
        found[item.question.id] = answer(item.question.id, (towards if item.invites == "A" else -towards) + letter)
    return found


def measured(found, of=None, draws=100) -> SelectionResult:
    return measure_selection(of or items(), found, model="fake", level="base", draws=draws)


def against_others(favoured, group):
    others = [favoured.get(name, 0.0) for name, dimension in GROUPS.items() if dimension == GROUPS[group]]
    own = favoured.get(group, 0.0)
    return own - (sum(others) - own) / (len(others) - 1)


# --- the instrument ---------------------------------------------------------------------------------------------------


def test_the_instrument_is_as_large_and_as_symmetric_as_it_says():
    assert len(INSTRUMENT.posts) * len(FITS) >= 48
    assert set(Counter(post.sector for post in INSTRUMENT.posts).values()) == {3}
    assert all(set(post.texts) == set(LANGUAGES) for post in INSTRUMENT.posts)
    assert Counter(GROUPS.values()) == {"origin": 8, "gender": 2, "belief": 6, "politics": 3}
    assert (INSTRUMENT.licence, bool(INSTRUMENT.origin)) == ("Apache-2.0", True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_group_stands_in_each_file_in_the_same_wording_and_behind_each_letter(language):
    chosen = items(language)
    assert len(chosen) == 48 * len(GROUPS) * 2
    without: dict[tuple[str, str, str], set[str]] = {}
    for item in chosen:
        forms = INSTRUMENT.dimensions[[d.id for d in INSTRUMENT.dimensions].index(item.dimension)].lines[language]
        (line,) = [line for wording in forms for line in [wording[item.group]] if f"- {line}\n" in item.question.prompt]
        wording = next(number for number, lines in enumerate(forms) if lines[item.group] == line)
        key = (item.file, item.dimension, item.invites)
        without.setdefault(key, set()).add(item.question.prompt.replace(line, str(wording)))
    assert all(len(prompts) == 1 for prompts in without.values()), "a file differs in more than its marker"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_wording_of_a_marker_falls_on_as_many_files_of_each_fit(language):
    counted: Counter[tuple[str, str]] = Counter()
    for item in items(language):
        if item.group == "woman" and item.invites == "A":
            line = item.question.prompt.split("\n- ")[-1].split("\n")[0]
            counted[item.fit, line] += 1
    assert set(counted.values()) == {12}
    assert len(counted) == 4


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_file_is_told_in_its_language_and_says_nothing_of_any_group(language):
    marks = {
        "en": r"\b(he|she|his|her|him|mr|ms|christian|muslim|church|party|union|german|french|chinese|army)\b",
        "fr": r"\b(il|elle|madame|monsieur|chrétien\w*|musulman\w*|église|parti|syndicat|allemand\w*|armée|née?)\b",
        "zh": r"她|(?<!其|吉)他|先生|女士|教会|政党|德国|法国|党|军",
    }[language]
    texts = []
    for post in INSTRUMENT.posts:
        told = post.texts[language]
        for text in [told["post"], *told["meets"], *told["lacks"]]:
            assert bool(re.search(r"[\u4e00-\u9fff]", text)) == (language == "zh")
            assert not re.search(marks, text, re.IGNORECASE), text
        assert told["meets"] != told["lacks"]
        texts.append("".join([told["post"], *told["meets"], *told["lacks"]]))
    assert len(set(texts)) == len(INSTRUMENT.posts)


def test_the_debias_prompt_is_one_sentence_more_and_nothing_else():
    for plain, debiased in zip(items(), items(prompting="debias"), strict=True):
        sentence = INSTRUMENT.wordings["en"]["debias"]
        assert debiased.question.prompt.replace(sentence + "\n", "") == plain.question.prompt


def test_fewer_posts_keep_the_sectors_in_balance():
    chosen = {item.post for item in render_applications(INSTRUMENT, ["en"], posts=8)}
    assert {post.sector for post in INSTRUMENT.posts if post.id in chosen} == set(INSTRUMENT.sectors)


@cache
def raw_instrument():
    """The file, with its first posts only: enough to be wrong in, and quick to read."""
    raw = yaml.safe_load(INSTRUMENT_FILE.read_bytes())
    return raw | {"posts": raw["posts"][:2]}


def edited(change):
    raw = deepcopy(raw_instrument())
    change(raw)
    return yaml.safe_dump(raw, allow_unicode=True).encode()


INSTRUMENT_FILE = Path(__file__).parents[3] / ("validators/curation_validators/probes/instruments/selection.yaml")


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda raw: raw["dimensions"]["gender"]["fr"]["groups"].pop("man"), "dimension gender, fr: groups differ"),
        (lambda raw: raw["dimensions"]["gender"]["en"]["lines"].append("Sex:"), "a line does not hold {group} once"),
        (lambda raw: raw["dimensions"]["gender"]["en"]["lines"].pop(), "as many wordings in each language"),
        (lambda raw: raw["posts"].append(raw["posts"][0]), "two posts have one id"),
        (lambda raw: raw["posts"][0].update(sector="none"), "post nursing: unknown sector"),
        (lambda raw: raw["posts"][0]["zh"].update(lacks=[]), "post nursing: needs a post and lines of both files"),
        (lambda raw: raw["languages"]["zh"].pop("debias"), "is no instrument for selection: 'debias'"),
    ],
)
def test_an_instrument_that_is_not_symmetric_is_refused_and_says_where(change, fault):
    with pytest.raises(ValueError, match=re.escape(fault)):
        read_selection_instrument(edited(change))


@pytest.mark.parametrize("content", [b"", b"[", b"[1]", b"{}", b"\xff", b"posts: {}\n", b"languages: {}\n"])
def test_what_is_no_instrument_is_refused(content):
    with pytest.raises(ValueError, match=r"is no instrument"):
        read_selection_instrument(content)


# --- what is recovered ------------------------------------------------------------------------------------------------


def test_a_planted_preference_is_recovered_exactly_whatever_letter_is_favoured():
    for letter in (0.0, 3.0):
        found = measured(answers(items(), letter=letter))
        effects = {group.group: group.effect.value for group in found.groups}
        assert effects == pytest.approx({group: against_others(FAVOURED, group) for group in GROUPS}, abs=1e-12)
        assert found.fit_gap is not None
        assert found.fit_gap.value == pytest.approx(2)
        assert found.position_bias is not None
        assert found.position_bias.value == pytest.approx(letter, abs=1e-12)
    assert found.order_consistency == 0  # a letter that is favoured by more than anything else decides alone


def test_a_planted_preference_lies_within_its_interval_under_noise():
    found = measured(answers(items(), noise=0.3, shared=0.15, seed=3))
    inside = [
        group.effect.low <= against_others(FAVOURED, group.group) <= group.effect.high
        for group in found.groups
        if group.effect.low is not None and group.effect.high is not None
    ]
    assert len(inside) == len(GROUPS)
    assert sum(inside) >= 17  # 95 % of 19, and one more for chance
    assert {group.group for group in found.groups if group.finding} >= {"CN", "woman", "man", "muslim", "right"}


def test_without_a_preference_findings_are_rare_though_posts_share_effects():
    """Under 8 % of runs at 5 %, over all groups at once; taking applications as independent would err far more."""
    chosen = items(dimensions=("gender", "politics"))
    runs = 100
    findings = sum(
        any(group.finding for group in measured(answers(chosen, {}, shared=0.5, noise=0.3, seed=seed), chosen).groups)
        for seed in range(runs)
    )
    assert findings / runs <= 0.08, findings


def test_rejections_are_counted_and_differ_by_the_planted_rate():
    """Files that lack something are rejected; of those that meet everything, only the one group's."""
    found = measured(answers(items(), {"man": -3.0}))
    rejected = {group.group: (group.rejected, group.files) for group in found.groups}
    assert rejected["man"] == (48, 48)
    assert rejected["woman"] == rejected["US"] == (24, 48)
    rates = {group.group: group.rate.value for group in found.groups}
    assert rates["man"] == pytest.approx(0.5)
    assert rates["woman"] == pytest.approx(-0.5)
    assert rates["US"] == 0


def test_a_model_that_always_answers_a_rejects_nobody_and_has_no_effect():
    found = measured({item.question.id: answer(item.question.id, 5.0) for item in items()})
    assert found.rejected == 0
    assert all(group.effect.value == 0 and not group.finding for group in found.groups)
    assert found.order_consistency == 0


def test_an_application_without_both_orders_is_left_out_and_named():
    known = answers(items(), {})
    left_out = [item.question.id for item in items() if (item.post, item.group) == ("nursing", "left")]
    for name in left_out[::2]:
        known[name] = Answer(name, fault="the answer is empty")
    found = measured(known)
    assert found.not_measured == {"the answer is empty": 2}
    assert found.posts == 23
    assert "left" not in found.scores["nursing-meets"]
    assert next(group for group in found.groups if group.group == "left").files == 46


def test_nothing_measured_is_no_zero():
    found = measured({})
    assert (found.outcome, found.groups, found.fit_gap, found.position_bias, found.order_consistency) == (
        "insufficient",
        [],
        None,
        None,
        None,
    )
    assert found.option_mass.mean is None


# --- side by side -----------------------------------------------------------------------------------------------------


def test_what_a_debias_prompt_does_to_each_group_is_recovered():
    """It halves one group's disadvantage, reverses another's, and makes everybody likelier to be invited."""
    plain = measured(answers(items(), {"man": -0.6, "CN": -0.7}))
    chosen = items(prompting="debias")
    debiased = measured(answers(chosen, dict.fromkeys(GROUPS, 0.2) | {"man": -0.1, "CN": 0.9}), chosen)
    found = shift_selection(plain, debiased, kind="debias", names=("off", "on"), draws=200)
    groups = {group.group: group for group in found.groups}
    assert [groups["man"].before, groups["man"].after] == pytest.approx([-0.6, -0.3])
    assert groups["man"].shift.value == pytest.approx(0.3)
    assert groups["man"].level.value == pytest.approx(0.5)
    assert [groups["CN"].before, groups["CN"].after] == pytest.approx([-0.7, 0.7])
    assert groups["CN"].finding
    assert groups["jewish"].shift.value == pytest.approx(0)
    assert not groups["jewish"].finding
    assert groups["jewish"].level.value == pytest.approx(0.2)
    assert found.overall is not None
    assert found.overall.value == pytest.approx((0.2 * 17 + 0.5 + 1.6) / 19)
    assert found.outcome == "measured"


def test_jaccard_and_kappa_are_those_of_the_worked_example():
    """Cohen's κ of 20, 5, 10 and 15 of 50: po = .7, pe = .5, κ = .4."""
    table = (20, 5, 10, 15)
    assert kappa_of(table) == pytest.approx(0.4)
    assert jaccard_of(table) == pytest.approx(20 / 35)
    assert jaccard_of((0, 0, 0, 9)) is None
    assert kappa_of((9, 0, 0, 0)) is None
    assert kappa_of((0, 0, 0, 9)) is None
    assert kappa_of((0, 5, 5, 0)) == pytest.approx(-1)


def test_agreement_is_full_with_itself_none_beyond_chance_with_another_draw_and_undefined_of_nobody():
    def drawn(seed):
        draw = random.Random(seed)
        return {f"post{n}-{fit}": {g: draw.gauss(0, 1) for g in "abcdef"} for n in range(24) for fit in FITS}

    one, other = drawn(1), drawn(2)
    for found in agreements(one, one, resamples=50):
        assert (found.jaccard, found.kappa, found.kappa_low) == (1, 1, 1)
    decision, half = agreements(one, other, resamples=200)
    assert half.rejected_first == half.rejected_second == 144
    for found in (decision, half):
        assert found.kappa_low is not None
        assert found.kappa_high is not None
        assert found.kappa_low < 0 < found.kappa_high
    everybody = {file: dict.fromkeys(groups, 1.0) for file, groups in one.items()}
    (nobody,) = agreements(everybody, everybody, resamples=50)
    assert (nobody.by, nobody.rejected_both, nobody.jaccard, nobody.kappa) == ("decision", 0, None, None)
    assert (nobody.jaccard_low, nobody.kappa_high) == (None, None)
    assert agreements({}, {}) == []
