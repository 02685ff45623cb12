"""What a proposal about a topic would change, part by part and word by word."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from curation_api.pages.topic_words import Line, Part, compare_words, parts_of
from curation_schemas.definition import Topic
from tests.support.generated import definition

TOPIC = Topic(**definition()["topics"][0])


@settings(max_examples=40)
@given(st.text(max_size=30), st.text(max_size=30))
def test_what_stays_and_goes_is_the_old_text_what_stays_and_comes_the_new_one(before, after):
    pieces = compare_words(before, after)
    assert "".join(text for change, text in pieces if change != "new") == before
    assert "".join(text for change, text in pieces if change != "gone") == after


def test_chinese_is_compared_by_character_and_latin_by_word():
    assert compare_words("台湾现状", "台湾的现状") == [("same", "台湾"), ("new", "的"), ("same", "现状")]
    assert compare_words("a fair law", "a fairer law") == [
        ("same", "a "),
        ("gone", "fair"),
        ("new", "fairer"),
        ("same", " law"),
    ]


def test_amendment_has_the_parts_that_change_and_a_new_topic_all():
    plain = TOPIC.model_dump()
    gone, kept = plain["perspectives"][0], plain["perspectives"][1]
    changed = Topic(**plain | {"sensitivity": "high", "perspectives": [gone | {"required": True}, kept]})
    assert Part("sensitivity", "", [Line("", TOPIC.sensitivity, "high")]) in parts_of(TOPIC, changed)
    assert parts_of(TOPIC, TOPIC) == []
    assert {part.what for part in parts_of(None, TOPIC)} >= {"label", "scope", "required", "statement", "held_by"}
    assert all(line.before is None for part in parts_of(None, TOPIC) for line in part.lines)
