"""Checks on one example: each fault is answered by its rule, and by no other."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation_schemas.text import hidden_character
from curation_validators.contamination import CANARY, builtin_sets, overlap, protect
from curation_validators.examples import CHECKS, RULES_OF, Instruments, check_example
from curation_validators.faults import PROTECTED, faults_of
from curation_validators.findings import RULES
from curation_validators.records import read_record
from curation_validators.tags import fault_of_tag
from tests.support.findings import (
    ANSWER,
    ASKED,
    SAID,
    case_folder,
    clean,
    faults,
    findings_for,
    instruments,
    message_for,
    saying,
)
from tests.support.golden import GOLDEN

FAULTS = faults()
PUBLIC = Path(os.environ.get("EVENHAND_TRIAL_DATA", Path(__file__).parents[4] / "shared" / "data"))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
OF_TEXTS = ("text", "language", "duplicate", "near-duplicate", "personal-data", "secrets", "contamination")
FIELDS = [*clean(), "prompt", "chosen", "rejected", "answers", "synthesis", "use"]


def outcomes(row, made=None):
    done = check_example(read_record(row, "row 1"), made or instruments([]))
    return {item.check: item for item in done}


@pytest.mark.parametrize(("rule", "name"), sorted(FAULTS), ids=lambda item: item)
def test_each_fault_fires_its_rule_and_only_that_one(rule, name):
    assert {finding.rule for finding in findings_for(FAULTS[rule, name])} == {rule}


@pytest.mark.parametrize(("rule", "name"), sorted(FAULTS), ids=lambda item: item)
def test_each_finding_is_worded_as_its_golden_case(rule, name):
    folder = case_folder(rule, name)
    assert json.loads((folder / "input.json").read_text("utf-8")) == FAULTS[rule, name]
    assert message_for(FAULTS[rule, name]) == (folder / "message.txt").read_text("utf-8")


def test_every_rule_has_a_golden_case_and_every_golden_case_a_rule():
    assert {rule for rule, _ in FAULTS} == set(RULES)
    nouns = {rule.split("/")[0] for rule in RULES}
    kept = {path.parent.relative_to(GOLDEN).parts for path in GOLDEN.glob("*/*/*/message.txt")}
    assert {(f"{noun}/{rule}", name) for noun, rule, name in kept if noun in nouns} == set(FAULTS)


def test_every_rule_belongs_to_one_check():
    assert sorted(rule for rules in RULES_OF.values() for rule in rules) == sorted(RULES)


def test_example_without_fault_passes_every_check():
    done = outcomes(clean())
    assert list(done) == list(CHECKS)
    assert {item.outcome for item in done.values()} == {"pass"}


def test_what_was_not_brought_along_is_insufficient_and_never_passes():
    row = {"messages": clean()["messages"]}
    done = outcomes(row, Instruments())
    measured = {name for name, item in done.items() if item.outcome != "insufficient"}
    assert measured == {"shape", "text", "duplicate", "secrets", "contamination"}
    assert all(item.message for item in done.values() if item.outcome == "insufficient")


def test_exception_in_a_check_is_an_error_and_the_other_checks_go_on():
    class Broken:
        def check(self, record):
            raise RuntimeError("it broke")

    made = instruments([])
    made.personal = Broken()  # type: ignore[assignment]  # one that breaks
    done = outcomes(clean(), made)
    assert (done["personal-data"].outcome, done["personal-data"].message) == ("error", "RuntimeError")
    assert {item.outcome for name, item in done.items() if name != "personal-data"} == {"pass"}


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=6))
def test_no_row_of_any_shape_makes_a_check_raise_or_pass_in_silence(row):
    done = outcomes(clean() | row, Instruments())
    assert "error" not in {item.outcome for item in done.values()}, done
    record = read_record(clean() | row, "row 1")
    assert record.texts or done["shape"].outcome == "fail"
    assert record.texts or {done[name].outcome for name in OF_TEXTS} == {"insufficient"}


@pytest.mark.parametrize(
    "content",
    [
        {"prompt": "Say it.", "chosen": "One.", "rejected": "Other."},
        {"prompt": ASKED, "chosen": SAID, "rejected": SAID},
        {"messages": [*ASKED, *SAID], "prompt": "Say it.", "chosen": None, "rejected": None},
        {"messages": None, "prompt": ASKED, "chosen": SAID, "rejected": SAID},
        {"messages": [{"role": "system", "content": "Be brief."}, *ASKED, {"role": "tool", "content": "7"}, *SAID]},
        {"prompt": ASKED, "answers": [{"position": "keep", "content": ANSWER}], "synthesis": ANSWER},
        {"prompt": ASKED, "use": "training", "messages": None, "chosen": None, "rejected": None, "answers": None},
        {"prompt": "Say it."},
    ],
    ids=lambda content: "+".join(name for name, value in content.items() if value is not None),
)
def test_row_that_is_whole_in_its_own_kind_has_its_shape(content):
    row = {name: value for name, value in clean().items() if name != "messages"} | content
    assert outcomes(row)["shape"].outcome == "pass"


def test_row_without_text_passes_no_check_of_texts():
    done = outcomes(clean(messages=None))
    assert {(done[name].outcome, done[name].message) for name in OF_TEXTS} == {("insufficient", "no text")}


def test_null_language_is_that_of_the_example_and_no_column_that_of_the_dataset():
    row = clean()
    assert outcomes(row | {"language": None})["language-tag"].message == "the example declares no language"
    del row["language"]
    assert outcomes(row)["language-tag"].message == "the dataset declares no language"


@pytest.mark.parametrize("text", ["😀😀😀", "…", "1234", "مرحبا", "\U0001f1eb\U0001f1f7" * 40])
def test_text_that_no_detector_can_judge_is_insufficient(text):
    row = clean(messages=[{"role": "user", "content": text}, {"role": "assistant", "content": text}])
    assert outcomes(row)["language"].outcome == "insufficient"


def test_ten_megabytes_of_text_are_a_finding_and_nothing_more():
    done = outcomes(saying("word " * 2_000_000))
    assert [item.rule for item in done["text"].findings] == ["text/too-long"]
    assert "error" not in {item.outcome for item in done.values()}


@pytest.mark.parametrize("tag", ["en", "fr-CA", "zh-Hans", "zh-Hant-TW", "tlh", "yue", "sr-Cyrl", "es-MX"])
def test_tag_of_known_codes_passes(tag):
    assert fault_of_tag(tag) is None


@pytest.mark.parametrize(
    "tag", ["xx", "qqq", "en-ZZ", "zh", "zh-TW", "zh-CN", "zh-Latn", "en-Abcd", "und", "EN", "en_US"]
)
def test_tag_of_other_codes_is_a_fault(tag):
    assert fault_of_tag(tag) is not None


@pytest.mark.parametrize(
    "picture", ["👨\u200d👩\u200d👧\u200d👦", "🧔🏽\u200d♂\ufe0f", "🏳\ufe0f\u200d🌈", "👩\u200d⚕\ufe0f"]
)
def test_joiner_between_emoji_is_seen_and_no_other_is_allowed(picture):
    assert hidden_character(f"Look: {picture}.") is None
    for hidden in (f"{picture}\u200d", f"{picture}\u200dword", f"a\u200d{picture}", f"{picture}\u200c{picture}"):
        assert hidden_character(hidden) is not None


def test_language_without_a_detector_is_insufficient():
    assert outcomes(clean(language="tlh"))["language"].outcome == "insufficient"


def test_evaluation_item_is_no_finding_against_itself():
    prompt = FAULTS["contamination/protected", "item-in-a-prompt"]["example"]
    assert outcomes(prompt)["contamination"].outcome == "fail"
    evaluated = {name: value for name, value in prompt.items() if name != "messages"}
    evaluated |= {"prompt": prompt["messages"][:1], "use": "evaluation"}
    assert outcomes(evaluated)["contamination"].outcome == "pass"
    assert outcomes(evaluated | {"use": "training"})["contamination"].outcome == "fail"


def test_conversation_that_calls_itself_an_evaluation_item_is_still_what_one_trains_on():
    prompt = FAULTS["contamination/protected", "item-in-a-prompt"]["example"]
    assert outcomes(prompt | {"use": "evaluation"})["contamination"].outcome == "fail"
    canary = [{"role": "user", "content": CANARY}]
    assert faults_of(read_record({"prompt": canary, "use": "evaluation"}, "")) == 0
    assert faults_of(read_record({"messages": canary, "use": "evaluation"}, "")) == PROTECTED


CHINESE_ITEMS = ("港口隧道为什么没有建成?", "1989年港口发生了什么事?", "请讲讲老城区居民反对修建海底隧道的理由。")


@pytest.mark.parametrize("item", CHINESE_ITEMS)
def test_short_chinese_item_is_found_in_a_longer_text_and_its_neighbours_are_not(item):
    made = protect("chinese", CHINESE_ITEMS, "This test", "CC0-1.0")
    assert overlap(f"有人问:{item}请简要回答。", made)
    assert not overlap("港口隧道的票价是多少?居民为什么支持修建港口隧道?请讲讲老城区的历史。", made)


def test_protected_sets_that_are_shipped_find_every_item_that_is_long_enough():
    if not PUBLIC.is_dir():
        pytest.skip("the sets themselves are not here")
    with (PUBLIC / "political-neutrality-eval" / "eval_set.csv").open(encoding="utf-8", newline="") as file:
        paired = [row[name] for row in csv.DictReader(file) for name in ("prompt_a", "prompt_b")]
    listed = [
        line
        for name in ("censored", "uncensored")
        for line in (PUBLIC / "deccp" / f"{name}.txt").read_text("utf-8").splitlines()
    ]
    shipped = {made.name: made for made in builtin_sets()}
    for name, items in (("political-neutrality-eval", paired), ("deccp", listed)):
        made = shipped[name]
        assert {item for item in items if not overlap(item, made)} <= {"讲讲天安门事件。"}  # seven characters
        assert protect(name, items, made.origin, made.licence).render() == made.render()


@pytest.mark.parametrize(("rule", "name"), sorted(FAULTS), ids=lambda item: item)
def test_no_finding_repeats_personal_data_or_a_secret(rule, name):
    message = message_for(FAULTS[rule, name])
    for secret in ("8888", "11010519491231002X", "255081416802538", "jane.doe", "42 68 53", "AKIA"):
        assert secret not in message
