"""Views on statements are recovered; agreeing with everything, letters and chance give none."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from curation_schemas.probe import OrientationResult
from curation_validators.probes.asking import Answer, OptionScore
from curation_validators.probes.orientation import VALUES, measure_orientation
from curation_validators.probes.orientation_items import (
    builtin_orientation_instrument,
    read_orientation_instrument,
    render_statements,
)

INSTRUMENT = builtin_orientation_instrument()
EIGHT_VALUES = Path(__file__).parents[4] / "shared" / "data" / "8values" / "questions.json"
LANGUAGES = ("en", "fr", "zh")


@cache
def items(language="en"):
    return tuple(render_statements(INSTRUMENT, [language]))


def leaning(view, letter=0.0):
    """An answer whose agreement is `view`: probabilities (1 + 9/5·view·value)/4 have this mean. `letter` favours A."""

    def answer(item):
        values = VALUES[::-1] if item.reversed else VALUES
        weights = [(1 + 1.8 * view(item) * value) / 4 for value in values]
        weights[0] += letter
        logs = tuple(OptionScore(math.log(weight / (1 + letter))) for weight in weights)
        return Answer(item.question.id, logs)

    return answer


def measured(answer, of=None, made=INSTRUMENT) -> OrientationResult:
    chosen = of or items()
    answers = {item.question.id: found for item in chosen if (found := answer(item)) is not None}
    return measure_orientation(made, chosen, answers, model="fake", level="base", draws=2_000)


def side_of(item):
    """+1 where agreeing with the item leans to plus."""
    (weight,) = next(one.weights.values() for one in INSTRUMENT.statements if one.id == item.statement)
    return -weight if item.negated else weight


# --- the instrument ---------------------------------------------------------------------------------------------------


def test_the_instrument_has_twelve_dual_framed_statements_on_each_of_four_axes_half_to_each_side():
    sides = Counter(next(iter(item.weights.items())) for item in INSTRUMENT.statements)
    assert len(INSTRUMENT.statements) >= 48
    assert set(sides.values()) == {6}
    assert {axis for axis, _ in sides} == set(INSTRUMENT.axes)
    assert len(INSTRUMENT.axes) == 4
    assert all(item.dual and set(item.texts) == set(LANGUAGES) for item in INSTRUMENT.statements)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_occurs_twice_and_each_is_in_its_language(language):
    texts = [text for item in INSTRUMENT.statements for text in item.texts[language]]
    assert len(set(texts)) == len(texts)
    for text in texts:
        assert bool(re.search(r"[\u4e00-\u9fff]", text)) == (language == "zh")
        assert text.endswith(("。", "."))


def test_statement_and_negation_are_of_like_length():
    """The longer side of a pair is not always the same one, and none is three times the other."""
    longer: Counter[bool] = Counter()
    for item in INSTRUMENT.statements:
        (weight,) = item.weights.values()
        one, other = (len(text) for text in item.texts["en"])
        assert max(one, other) < 3 * min(one, other)
        longer[(one > other) == (weight > 0)] += 1
    assert 0.3 < longer[True] / len(INSTRUMENT.statements) < 0.7


# --- what is recovered ------------------------------------------------------------------------------------------------


def test_a_planted_view_is_recovered_exactly_whatever_letter_is_favoured():
    for letter in (0.0, 0.5):
        found = measured(leaning(lambda item: 0.4 * side_of(item), letter))
        for axis in found.axes:
            assert axis.score.value == pytest.approx(0.4 / (1 + letter))
            assert axis.finding
            assert axis.agree_all == 0
        assert found.outcome == "measured"
        assert found.acquiescence is not None
        assert found.acquiescence.value == pytest.approx(0, abs=1e-12)
        assert found.conviction == pytest.approx(0.4 / (1 + letter))


def test_agreeing_with_everything_moves_no_axis_and_is_all_acquiescence():
    found = measured(leaning(lambda item: 0.5))
    assert all(axis.score.value == pytest.approx(0, abs=1e-12) and not axis.finding for axis in found.axes)
    assert found.acquiescence is not None
    assert found.acquiescence.value == pytest.approx(0.5)
    assert found.conviction == pytest.approx(0)


def test_models_that_draw_their_answers_stay_within_the_reach_beside_the_score():
    outside = findings = total = 0
    for seed in range(40):
        draw = random.Random(seed)

        def drawn(item, draw=draw):
            choice = draw.randrange(4)
            logs = tuple(OptionScore(0.0 if place == choice else -40.0) for place in range(4))
            return Answer(item.question.id, logs)

        for axis in measured(drawn).axes:
            outside += abs(axis.score.value) > axis.random_reach
            findings += axis.finding
            total += 1
    assert 0.01 <= outside / total <= 0.10
    assert findings / 40 <= 0.08 + 0.05  # for all four axes together, over 40 models


def test_what_is_no_answer_is_invalid_and_what_is_missing_is_named():
    def answer(item):
        if item.statement == "world-1" and item.negated:
            return None
        return Answer(item.question.id, tuple(OptionScore(math.log(0.05)) for _ in range(4)))

    found = measured(answer)
    assert found.invalid_rate == pytest.approx(0.8)
    assert found.not_measured == {"not asked": 2}
    assert "world-1" not in found.agreements
    assert {axis.axis: axis.items for axis in found.axes}["world"] == 22


def test_nothing_measured_is_no_zero():
    found = measured(lambda item: None)
    assert (found.outcome, found.axes, found.acquiescence, found.conviction, found.invalid_rate) == (
        "insufficient",
        [],
        None,
        None,
        None,
    )


# --- others' instruments ----------------------------------------------------------------------------------------------


@pytest.mark.skipif(not EIGHT_VALUES.is_file(), reason="8values' questions are not beside this checkout")
def test_agreeing_with_all_of_8values_scores_as_its_own_formula_says():
    made = read_orientation_instrument(EIGHT_VALUES.read_bytes(), "8values")
    chosen = render_statements(made, ["en"])

    def agrees(item):
        first = 3 if item.reversed else 0
        logs = tuple(OptionScore(0.0 if place == first else -60.0) for place in range(4))
        return Answer(item.question.id, logs)

    found = measured(agrees, chosen, made)
    percent = {axis.axis: 50 * (1 + axis.score.value) for axis in found.axes}
    assert percent == pytest.approx({"econ": 59.0, "dipl": 51.1, "govt": 37.5, "scty": 53.8}, abs=0.05)
    assert all(axis.agree_all == pytest.approx(axis.score.value) for axis in found.axes)
    assert found.acquiescence is None


@pytest.mark.parametrize("content", [b"", b"[", b"[1]", b"{}", b'[{"question": "?"}]', b"\xff", b"axes: {}\n"])
def test_what_is_no_instrument_is_refused(content):
    with pytest.raises(ValueError, match=r"."):
        read_orientation_instrument(content, "x")
