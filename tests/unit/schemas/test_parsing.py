"""Reading foreign JSON and YAML: everything goes in whole, or comes back with a message that a person can act on."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from curation_schemas.commons import PROPOSAL, TopicProposal
from curation_schemas.contribution import LINE
from curation_schemas.definition import DatasetDefinition
from curation_schemas.events import EVENT
from curation_schemas.example import EXAMPLE
from curation_schemas.parsing import SchemaInvalid, load_json, load_yaml, validate
from curation_schemas.review import FlagForm, Judgement, ReviewForm
from tests.support import words
from tests.support.golden import is_utf8

FINITE = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | FINITE | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)
MARKER = "Zaphod-Beeblebrox-1942"


def refusal(read, *given):
    """The error with which something is refused, or None when it is taken in."""
    try:
        read(*given)
    except SchemaInvalid as error:
        return error
    return None


@given(JSON)
def test_what_is_json_is_read_as_the_standard_library_reads_it(value):
    written = json.dumps(value)
    if is_utf8(json.dumps(value, ensure_ascii=False)):
        assert load_json(written) == value
        assert load_json(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=60) | st.text(max_size=60))
@example(b"[1e999]")
@example('{"a":' * 400)
@example("9" * 5_000)
def test_no_bytes_raise_anything_but_our_error(data):
    for read in (load_json, lambda item: load_yaml(item if isinstance(item, str) else item.decode("latin-1"))):
        error = refusal(read, data)
        if error is not None:
            assert error.problems
            assert is_utf8(str(error))


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ('{"a": 1,\n "b": }', 2, 7),
        ("[1,\n2,\n3", 3, 2),
        ('{"a": "x\n"}', 1, 9),
        ("{} {}", 1, 4),
        ("nul", 1, 1),
        ("{'a': 1}", 1, 2),
        ("[1] // no comments", 1, 5),
    ],
)
def test_malformed_json_is_found_by_line_and_column(text, line, column):
    for given_as in (text, text.encode()):
        with pytest.raises(SchemaInvalid, match=rf"^is not JSON: .* at line {line} column {column}$"):
            load_json(given_as)


@pytest.mark.parametrize(
    ("text", "line"),
    [("a: 1\nb: [1, 2\nc: 3", 3), ("a:\n\t- 1", 2), ("a: 1\na: 2", 2), ("a: *nobody", 1), ("a: 1\n--- \nb: 2", 2)],
)
def test_malformed_yaml_is_found_by_its_line(text, line):
    with pytest.raises(SchemaInvalid, match=rf"^line {line}\b"):
        load_yaml(text)


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_json_has_finite_numbers_only(name):
    for text in (name, f"[{name}]", f'{{"a": {{"b": {name}}}}}'):
        with pytest.raises(SchemaInvalid):
            load_json(text)


@pytest.mark.parametrize("name", [".nan", ".inf", "-.inf", "1.0e+999"])
def test_yaml_has_finite_numbers_only(name):
    with pytest.raises(SchemaInvalid):
        load_yaml(f"a: {name}")


@given(JSON, st.text(st.characters(exclude_categories=["Cs"]), max_size=10))
def test_a_key_that_stands_twice_is_refused_at_any_depth(value, key):
    quoted = json.dumps(key)
    twice = f"{{{quoted}: 1, {quoted}: {json.dumps(value)}}}"
    for text in (twice, f"[{twice}]", f'{{"outer": {twice}}}'):
        with pytest.raises(SchemaInvalid, match="occurs twice"):
            load_json(text)


@pytest.mark.parametrize("text", ["a: 1\na: 1", "a: {b: 1, b: 2}", "- {a: 1, 'a': 2}", "? [1]\n: 2", "? {a: 1}\n: 2"])
def test_yaml_keys_stand_once_and_are_text(text):
    with pytest.raises(SchemaInvalid, match="the key occurs twice or is no text"):
        load_yaml(text)


@pytest.mark.parametrize("text", ['"\\ud800"', '["\\udfff"]', '{"\\ud800": 1}', '{"a": "\\udc00\\ud800"}'])
def test_a_lone_surrogate_is_refused_and_a_pair_is_a_character(text):
    with pytest.raises(SchemaInvalid, match="lone surrogate"):
        load_json(text)
    assert load_json('"\\ud83d\\ude00"') == "😀"


def test_a_key_with_a_lone_surrogate_that_stands_twice_gives_a_message_that_can_be_shown():
    with pytest.raises(SchemaInvalid) as caught:
        load_json('{"\\ud800": 1, "\\ud800": 2}')
    assert is_utf8(str(caught.value))


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_deep_nesting_is_refused_and_not_survived_by_luck(opening):
    for depth in (5_000, 200_000):
        with pytest.raises(SchemaInvalid):
            load_json(opening * depth)
        with pytest.raises(SchemaInvalid):
            load_yaml(opening * min(depth, 5_000))


def test_models_refuse_deep_values_without_a_foreign_error():
    deep: dict = {}
    inner = deep
    for _ in range(50_000):
        inner["a"] = inner = {}
    models: tuple[Any, ...] = (EXAMPLE, EVENT, DatasetDefinition, Judgement)
    for model in models:
        with pytest.raises(SchemaInvalid):
            validate(model, deep | {"kind": "sft", "type": "epoch:closed"})
    with pytest.raises(SchemaInvalid):
        validate(EXAMPLE, words.example(messages=deep))


@pytest.mark.parametrize(
    "text",
    [
        "a: !!python/object/apply:os.system ['true']",
        "a: !!python/name:os.system x",
        "a: &a [*a]",
        "<<: {a: 1}",
        "a: &b {c: 1}\nd:\n  <<: *b",
        "a: !!int x",
        "a: !!float x",
        "a: !!binary x",
        "a: !unknown x",
        "a: \x07",
    ],
)
def test_yaml_makes_no_objects_no_merges_and_no_foreign_errors(text):
    with pytest.raises(SchemaInvalid):
        load_yaml(text)


@pytest.mark.parametrize("date", ["2024-01-01", "2024-01-01T10:00:00Z", "2024-01-01 10:00:00", "someday"])
def test_yaml_leaves_dates_as_text(date):
    assert load_yaml(f"a: {date}") == {"a": date}
    if refusal(load_yaml, f"a: !!timestamp {date}") is None:
        assert load_yaml(f"a: !!timestamp {date}") == {"a": date}


def test_yaml_that_multiplies_by_aliases_is_refused_quickly():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 12)]
    lines += ["schema: evenhand/dataset/v1", "topics: *a11", "languages: *a11", "policy: *a11", "title: {en: *a11}"]
    with pytest.raises(SchemaInvalid):
        validate(DatasetDefinition, load_yaml("\n".join(lines)))


# --- models -----------------------------------------------------------------------------------------------------------

EPOCH = {"type": "epoch:closed", "v": 1, "dataset": "d", "nonce": "0" * 32, "epoch": 0, "date": "2024-01-01"}
GOOD = [
    *((EXAMPLE, words.example(kind)) for kind in ("sft", "prompt", "preference", "pluralistic")),
    (DatasetDefinition, words.definition()),
    (Judgement, words.judgement("reject")),
    (ReviewForm, words.judgement() | {"example": "ex_" + "a" * 16, "revision": "0" * 64, "perspective": "keep"}),
    (FlagForm, {"example": "ex_" + "a" * 16, "revision": "0" * 64, "ground": "law", "evidence": "Why."}),
    (EVENT, EPOCH),
    (LINE, {"id": "l1", "by": "ann", "act": "propose", "as": "e1", "example": words.example()}),
]


def paths(value: object, at: tuple = ()) -> list[tuple]:
    """The path of every value within plain data."""
    found = [at]
    if isinstance(value, dict):
        for key, item in value.items():
            found += paths(item, (*at, key))
    elif isinstance(value, list):
        for position, item in enumerate(value):
            found += paths(item, (*at, position))
    return found


def replaced(value, path, new):
    """The data with one value replaced."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@pytest.mark.parametrize(("model", "value"), GOOD)
def test_good_input_is_taken_in(model, value):
    assert validate(model, value)
    assert validate(model, load_json(json.dumps(value))) == validate(model, value)


@pytest.mark.parametrize(("model", "value"), GOOD)
@pytest.mark.parametrize("wrong", [1.5, math.inf, 10**30, [[]], {"": None}, MARKER + "\x00", MARKER + "\ud800"])
def test_a_wrong_value_anywhere_is_refused_without_repeating_it(model, value, wrong):
    for path in paths(value):
        if model is LINE and "example" in path:
            continue  # read as an example later
        broken = replaced(value, path, wrong)
        with pytest.raises(SchemaInvalid) as caught:
            validate(model, broken)
        assert MARKER not in str(caught.value), path
        assert caught.value.problems


@pytest.mark.parametrize(("model", "value"), GOOD)
def test_a_word_that_is_no_choice_is_not_repeated(model, value):
    for path in paths(value):
        old = value
        for part in path:
            old = old[part]
        if isinstance(old, str):
            error = refusal(validate, model, replaced(value, path, MARKER))
            assert MARKER not in str(error), path


@pytest.mark.parametrize(("model", "value"), GOOD)
def test_an_unknown_field_is_refused_in_every_object(model, value):
    for path in paths(value):
        inner = value
        for part in path:
            inner = inner[part]
        if isinstance(inner, dict) and not (model is LINE and path):
            with pytest.raises(SchemaInvalid):
                validate(model, replaced(value, path, inner | {"surprise": 1}))


@pytest.mark.parametrize(("model", "value"), GOOD)
@pytest.mark.parametrize("name", ["\x1b[2J", "\u202egnp.exe", "line\nbreak", "\ud800", "a" * 10_000])
def test_the_name_of_an_unknown_field_cannot_forge_what_a_terminal_shows(model, value, name):
    with pytest.raises(SchemaInvalid) as caught:
        validate(model, value | {name: 1})
    assert str(caught.value).isprintable()
    assert is_utf8(str(caught.value))
    assert len(str(caught.value)) < 1_000


def test_every_problem_is_listed_not_only_the_first():
    with pytest.raises(SchemaInvalid) as caught:
        validate(EXAMPLE, words.example(license="no licence", positions=[], language="zh"))
    assert {path for path, _ in caught.value.problems} == {"license", "positions", "language"}


@pytest.mark.parametrize("wrong", [True, False, "3", 3.0, 0, 6, -1, None, [3]])
def test_scores_are_whole_numbers_from_one_to_five(wrong):
    with pytest.raises(SchemaInvalid, match=r"^scores\.tone"):
        validate(Judgement, words.judgement(scores={"tone": wrong}))


def test_path_of_a_field_that_is_called_as_its_kind_is_keeps_its_name():
    wrong = {"kind": "topic", "topic": "No Slug"}
    for model in (PROPOSAL, TopicProposal):
        with pytest.raises(SchemaInvalid) as caught:
            validate(model, wrong)
        assert "topic" in dict(caught.value.problems)
        assert "" not in dict(caught.value.problems)
