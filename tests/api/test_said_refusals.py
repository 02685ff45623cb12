"""Why an annotation was refused, in the language of its author: by the sentences that the pages have."""

from __future__ import annotations

import re

import pytest

from curation.errors import InvalidInput
from curation.integrations.label_studio.annotations import annotation_of
from curation.integrations.label_studio.forms import FORMS, read_result
from curation.integrations.label_studio.judging import judgement_of
from curation.integrations.label_studio.slots import Slot
from curation_api.pages.refused import say_reason

CHINESE = re.compile(r"[\u4e00-\u9fff]")
ME = 7


def slot(message, field="", rule=""):
    reason = f"{field}: {message}" if field else message
    return Slot(
        example="ex_a",
        revision="0" * 64,
        topic="a",
        perspective="b",
        stage=1,
        seat=1,
        kind="sft",
        state="refused",
        reason=reason,
        rule=rule,
        field=field,
    )


def item(name, value, kind="choices"):
    return {"from_name": name, "type": kind, "value": value}


def verdict(*codes):
    return item("verdict", {"choices": list(codes)})


WRONG = [
    "nothing",
    [],
    [item("mood", {})],
    [verdict("accept"), verdict("accept")],
    [verdict("excellent")],
    [verdict("accept", "revise")],
    [item("verdict", {"choices": "accept"})],
    [item("verdict", {}, "rating")],
    [verdict("accept"), item("score-tone", {"rating": 9}, "rating")],
    [verdict("accept"), item("rationale", {"text": 5}, "textarea")],
    [verdict("accept"), item("rationale", {"text": "x" * 30_000}, "textarea")],
    [verdict("reject")],
    [verdict("reject"), item("reasons", {"choices": ["inaccurate"]}), item("rationale", {"text": "No."}, "textarea")],
    [verdict("accept"), item("rationale", {"text": "a\u202eb"}, "textarea")],
    [verdict("accept"), item("counter-url", {"text": "nowhere"}, "textarea")],
]


@pytest.mark.parametrize("result", WRONG, ids=range(len(WRONG)))
def test_whatever_a_form_is_refused_for_is_said_in_the_language_of_its_author(result):
    with pytest.raises(InvalidInput) as caught:
        judgement_of(read_result("review", result, []), None)
    refused = slot(caught.value.message, caught.value.where)
    assert say_reason(refused, "en") == refused.reason
    said = {language: say_reason(refused, language) for language in ("fr", "zh-Hans")}
    assert CHINESE.search(said["zh-Hans"])
    assert len({refused.reason, *said.values()}) == 3
    assert not any("<" in text for text in said.values())


@pytest.mark.parametrize(
    "who", [({"completed_by": 8},), ({"updated_by": 8},), ({}, {"id": 2})], ids=["made", "changed", "two"]
)
def test_whose_an_annotation_is_is_said_too(who):
    made = [{"id": 1, "completed_by": ME, "updated_by": ME, "result": []} | changes for changes in who]
    found, _ = annotation_of({"annotations": made}, ME)
    assert found is not None
    assert CHINESE.search(say_reason(slot(found.problem), "zh-Hans"))


def test_what_a_rule_forbids_is_said_by_its_sentence_and_what_the_checks_found_beside_it():
    ended = slot("the round has ended", rule="review/round-open")
    assert say_reason(ended, "fr") != ended.reason
    found = "example, messages.1: holds what looks like an e-mail address at offset 9 (personal/contact)"
    said = say_reason(slot(found, rule="propose/intake"), "fr")
    assert "adresse électronique" in said
    assert "messages.1" not in said


def test_what_has_no_sentence_is_said_in_english_whole():
    for language in ("fr", "zh-Hans", "de"):
        assert say_reason(slot("something unheard of", "verdict"), language) == "verdict: something unheard of"
        assert say_reason(slot("something unheard of", rule="no/such-rule"), language) == "something unheard of"


def test_every_field_of_a_form_is_named():
    for form, fields in FORMS.items():
        for field in fields:
            said = say_reason(slot("it is not answered, and it has to be", field.name), "fr")
            assert " : " in said.replace("\u00a0", " ").replace("\u202f", " "), (form, field.name)
