"""What is malformed is answered with exactly the message that stands beside it in tests/golden/input/."""

from __future__ import annotations

import re

import pytest

from curation_schemas.parsing import SchemaInvalid, load_json, validate
from tests.support.golden import INPUTS, MODELS, input_cases, message_for

CASES = input_cases()
NAMED = [str(case.relative_to(INPUTS)) for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=NAMED)
def test_each_malformed_input_is_answered_with_its_golden_message(case):
    assert message_for(case) == (case / "message.txt").read_text("utf-8")


@pytest.mark.parametrize("model", sorted(MODELS))
def test_every_wire_model_has_golden_messages(model):
    assert [case for case in CASES if case.parent.name == model]


@pytest.mark.parametrize("case", CASES, ids=NAMED)
def test_every_message_is_printable_and_short(case):
    message = message_for(case)
    assert message.removesuffix("\n").isprintable(), "escapes or bidirectional controls of the input reach a terminal"
    assert len(message) < 1_000


@pytest.mark.parametrize("case", CASES, ids=NAMED)
def test_every_field_at_fault_is_named(case):
    try:
        value = load_json((case / "input.json").read_bytes())
    except SchemaInvalid:
        return  # malformed JSON: there is no field yet, a line and column instead (test_parsing.py)
    with pytest.raises(SchemaInvalid) as caught:
        validate(MODELS[case.parent.name], value)
    named = {"dictionary", "kind", "type", "counter_source", *(value if isinstance(value, dict) else ())}
    for path, message in caught.value.problems:
        # A rule about several fields stands on their object and names them in its text.
        assert path or named & set(re.findall(r"[a-z_]+", message))
