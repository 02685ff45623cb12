"""The forms and what is read out of them; no server."""

from __future__ import annotations

from typing import get_args
from xml.etree import ElementTree

import pytest

from curation.errors import InvalidInput
from curation.integrations.label_studio.annotations import MAX_BYTES, annotation_of
from curation.integrations.label_studio.forms import (
    ASKED_FOR,
    FORMS,
    JUDGED,
    KINDS,
    SOURCE_PARTS,
    config_digest,
    label_config,
    read_result,
)
from curation.integrations.label_studio.guidelines import guidelines_html
from curation.integrations.label_studio.judging import judgement_of, passes
from curation.integrations.label_studio.telling import told
from curation.integrations.label_studio.words import LANGUAGES, names, say
from curation_api.pages.catalogue import translations
from curation_api.pages.words import WORDS
from curation_schemas.example import ClaimType, OriginKind, Source
from curation_schemas.review import Criterion, FlagGround, ReasonCode, Verdict
from tests.support.label_studio import ACCEPT, REJECT, choice, rating, text

POSITIONS = ["keep-it", "move-it"]


_SAID_ON_PAGES = (
    ("reason", "reasons"),
    ("criterion", "score"),
    ("kind", "kind"),
    ("role", "role"),
    ("claim", "claims"),
    ("origin", "origin"),
)


def codes_in(config, name):
    (control,) = [item for item in ElementTree.fromstring(config).iter() if item.get("name") == name]
    return [item.get("alias") for item in control.iter("Choice")]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", JUDGED)
def test_a_form_offers_what_the_rubric_has_and_nothing_else(form, language):
    config = label_config(form, language)
    assert codes_in(config, "verdict") == [*get_args(Verdict), "pass"]
    assert codes_in(config, "reasons") == list(get_args(ReasonCode))
    ratings = [item.get("name") for item in ElementTree.fromstring(config).iter("Rating")]
    assert ratings == [f"score-{criterion}" for criterion in get_args(Criterion)]
    controls = {item.get("name") for item in ElementTree.fromstring(config).iter() if item.get("toName")}
    assert controls == {field.name for field in FORMS[form]}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_other_forms_offer_what_their_types_have(language):
    source, answer = (label_config(form, language) for form in ASKED_FOR)
    holds, ground = codes_in(source, "finding")
    assert holds not in get_args(FlagGround)
    assert ground in get_args(FlagGround)
    assert codes_in(answer, "claims") == list(get_args(ClaimType))
    assert codes_in(answer, "origin") == list(get_args(OriginKind))
    assert set(SOURCE_PARTS) < set(Source.model_fields)
    for form, config in zip(ASKED_FOR, (source, answer), strict=True):
        controls = {item.get("name") for item in ElementTree.fromstring(config).iter() if item.get("toName")}
        assert controls == {field.name for field in FORMS[form]}


def test_a_form_reads_nothing_as_markup_and_shows_no_prediction():
    for form in KINDS:
        root = ElementTree.fromstring(label_config(form, "en"))
        assert not list(root.iter("HyperText"))
        assert {item.get("valueType") for item in root.iter("Text")} == {"text"}


def test_forms_in_other_languages_are_other_configurations_of_the_same_answers():
    assert len({config_digest(label_config("review", language)) for language in LANGUAGES}) == len(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_forms_say_what_the_pages_say(language):
    page = translations(language)
    for table, prefix in _SAID_ON_PAGES:
        for code, word in WORDS[table].items():
            assert say(f"{prefix}/{code}", language) == page.gettext(word).replace("\xa0", " "), code


def test_everything_is_said_in_every_language():
    for name in names():
        assert len({say(name, language) for language in LANGUAGES}) >= 1
        assert all(say(name, language).strip() for language in LANGUAGES)
    assert len({len(told(language)) for language in LANGUAGES}) == 1


def test_a_whole_answer_is_a_judgement():
    source = {"url": "https://example.org/a", "publisher": "P", "owner": "O", "country": "FR", "language": "fr"}
    parts = [text(f"counter-{name}", value) for name, value in {**source, "date": "2025"}.items()]
    result = [*REJECT[:1], choice("reasons", "inaccurate", "tone"), text("rationale", " So. "), rating("score-tone", 2)]
    found = judgement_of(read_result("review", [*result, *parts], POSITIONS), None)
    assert (found.verdict, found.reasons, found.rationale) == ("reject", ["inaccurate", "tone"], "So.")
    assert found.scores == {"tone": 2}
    assert found.counter_source is not None
    assert found.counter_source.url == "https://example.org/a"


def test_a_rating_of_nothing_is_no_score():
    assert read_result("review", [*ACCEPT[:1], rating("score-tone", 0)], POSITIONS) == {"verdict": "accept"}


def test_who_cannot_judge_need_not_compare():
    assert passes(read_result("preference", [choice("verdict", "pass")], POSITIONS))


@pytest.mark.parametrize(
    ("result", "where"),
    [
        ({}, "result"),
        ("[]", "result"),
        ([None], "result"),
        ([{"from_name": ["verdict"]}], "result"),
        ([choice("mood", "good")], "result"),
        ([], "verdict"),
        ([choice("verdict")], "verdict"),
        ([choice("verdict", "Accept")], "verdict"),
        ([choice("verdict", "accept", "reject")], "verdict"),
        ([*ACCEPT, choice("verdict", "accept")], "verdict"),
        ([{**choice("verdict", "accept"), "type": "labels"}], "verdict"),
        ([{**choice("verdict", "accept"), "value": ["accept"]}], "verdict"),
        ([*ACCEPT[:1], rating("score-tone", 6)], "score-tone"),
        ([*ACCEPT[:1], rating("score-tone", True)], "score-tone"),
        ([*ACCEPT[:1], rating("score-tone", 2.5)], "score-tone"),
        ([*ACCEPT[:1], rating("score-tone", "4")], "score-tone"),
        ([*ACCEPT[:1], text("rationale", "x" * 20_001)], "rationale"),
        ([*ACCEPT[:1], {**text("rationale", ""), "value": {"text": [1]}}], "rationale"),
        ([*ACCEPT[:1], choice("reasons", "tone", "tone")], "reasons"),
        ([ACCEPT[0]] * 99, "result"),
    ],
)
def test_what_is_no_answer_to_the_form_is_refused(result, where):
    with pytest.raises(InvalidInput) as refused:
        read_result("review", result, POSITIONS)
    assert refused.value.where == where


@pytest.mark.parametrize(
    "result",
    [
        [choice("verdict", "reject")],
        [choice("verdict", "reject"), choice("reasons", "inaccurate"), text("rationale", "So.")],
        [*ACCEPT, choice("reasons", "tone")],
        [*ACCEPT, text("counter-url", "javascript:alert(1)")],
    ],
)
def test_what_keeps_no_rule_of_reviews_is_refused(result):
    with pytest.raises(InvalidInput):
        judgement_of(read_result("review", result, POSITIONS), None)


@pytest.mark.parametrize(("order", "chosen"), [("chosen_first", "chosen"), ("rejected_first", "rejected")])
def test_what_is_recorded_of_a_pair_is_which_answer_not_where_it_stood(order, chosen):
    answers = read_result("preference", [choice("comparison", "a"), choice("seen-a", "keep-it"), *ACCEPT], POSITIONS)
    found = judgement_of(answers, order)
    assert found.comparison == chosen
    assert found.positions_seen is not None
    assert getattr(found.positions_seen, chosen) == ["keep-it"]
    with pytest.raises(InvalidInput):
        read_result("preference", [choice("comparison", "a"), choice("seen-a", "other"), *ACCEPT], POSITIONS)


def made(number=1, by=5, changed=5, **more):
    return {"id": number, "completed_by": by, "updated_by": changed, "result": ACCEPT, **more}


@pytest.mark.parametrize(
    ("annotations", "taken", "problem", "beside"),
    [
        ([made()], None, None, 0),
        ([made(by=6)], None, "another account than this", 0),
        ([made(changed=6)], None, "last changed by another", 0),
        ([made(changed=None)], None, "last changed by another", 0),
        ([made(), made(2)], None, "more than one", 0),
        ([made(), made(2)], 2, None, 1),
        ([made(3, by=6), made()], None, None, 1),
        ([made(result=["x" * MAX_BYTES])], None, "longer than", 0),
    ],
)
def test_whose_annotation_counts(annotations, taken, problem, beside):
    found, said = annotation_of({"annotations": annotations}, 5, taken)
    assert found is not None
    assert len(said) == beside
    assert (found.problem is None) == (problem is None)
    assert problem is None or problem in str(found.problem)


@pytest.mark.parametrize("task", [{}, {"annotations": None}, {"annotations": [made(was_cancelled=True), "x", {}]}])
def test_what_was_skipped_or_is_none_is_no_annotation(task):
    assert annotation_of(task, 5) == (None, [])


def test_guidelines_are_told_in_plain_tags_and_nothing_in_them_is_one():
    told_as = guidelines_html("# Judge <b>\n\nSay **why**,\nalways.\n- one\n  and on\n- two\n\n<script>x</script>\n")
    assert told_as == (
        "<h3>Judge &lt;b&gt;</h3><br><p>Say <strong>why</strong>, always.</p><p>• one and on</p><p>• two</p>"
        "<br><p>&lt;script&gt;x&lt;/script&gt;</p>"
    )
    assert guidelines_html(" \n") == ""
