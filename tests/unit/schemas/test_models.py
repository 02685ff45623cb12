"""What each model promises beyond its types."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ValidationError

from curation_schemas.commons import PROPOSAL
from curation_schemas.definition import AcceptanceRule, DatasetDefinition, Policy, Topic
from curation_schemas.events import EVENT, AnyEvent, leaf_fields, references_of
from curation_schemas.example import CONTENT_FIELDS, EXAMPLE
from curation_schemas.parsing import SchemaInvalid, validate
from curation_schemas.published import frozen_schemas, json_schemas
from curation_schemas.review import Judgement, ReasonCode, Verdict
from tests.support import words

EVENTS: tuple[type[BaseModel], ...] = get_args(AnyEvent)


def everything_in(schema: object) -> list[dict]:
    """Every schema within a JSON Schema."""
    found = [schema] if isinstance(schema, dict) else []
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else []
    for item in inner:
        found += everything_in(item)
    return found


def test_what_is_frozen_is_what_the_code_does():
    assert frozen_schemas() == json_schemas()


@pytest.mark.parametrize("name", sorted(json_schemas()))
def test_the_published_schemas_are_json_schema(name):
    document = json.loads(json_schemas()[name])
    Draft202012Validator.check_schema(document)
    assert document["$id"] == f"evenhand/{name.removesuffix('.schema.json')}/v1"


KINDS = sorted(CONTENT_FIELDS.keys() - {"topic"})


def test_a_proposal_about_a_topic_is_read_and_written_alike_and_its_schema_admits_it():
    schema = Draft202012Validator(json.loads(json_schemas()["topic-proposal.schema.json"]))
    schema.validate(words.topic_proposal())
    assert not schema.is_valid(words.topic_proposal() | {"surprise": 1})
    made = PROPOSAL.validate_python(words.topic_proposal())
    assert PROPOSAL.validate_python(made.model_dump(exclude_none=True)) == made
    assert set(CONTENT_FIELDS["topic"]) <= set(type(made).model_fields)


@pytest.mark.parametrize("kind", KINDS)
def test_the_published_schema_admits_what_the_model_admits(kind):
    schema = Draft202012Validator(json.loads(json_schemas()["example.schema.json"]))
    schema.validate(words.example(kind))
    assert not schema.is_valid(words.example(kind) | {"surprise": 1})
    assert not schema.is_valid({key: value for key, value in words.example(kind).items() if key != "topic"})


def test_no_leaf_can_hold_a_float():
    schema = json.loads(json_schemas()["event.schema.json"])
    assert not [item for item in everything_in(schema) if item.get("type") == "number"]


def test_no_leaf_has_a_field_for_a_time_of_day_an_account_or_an_address():
    names = {name for event in EVENTS for name in event.model_fields}
    assert names.isdisjoint({"time", "at", "timestamp", "created", "account", "handle", "email", "ip", "user_agent"})
    schema = json.loads(json_schemas()["event.schema.json"])
    assert not [item for item in everything_in(schema) if item.get("format") in ("date-time", "time", "email", "ipv4")]


def test_free_text_in_leaves_stands_in_definitions_and_their_reasons_only():
    unbounded = [
        (event.model_fields["type"].default, name)
        for event in EVENTS
        for name, schema in event.model_json_schema(by_alias=True)["properties"].items()
        for item in everything_in(schema)
        if item.get("type") == "string" and not {"pattern", "enum", "const"} & set(item)
    ]
    by_maintainers = (
        "dataset:defined",
        "policy:changed",
        "topic:defined",
        "gate:overruled",
        "example:retracted",
        "release:yanked",
    )
    assert set(unbounded) == {(name, "reason") for name in by_maintainers}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_an_event_is_called_subject_and_action_and_its_references_exist(event):
    subject, action = event.model_fields["type"].default.split(":")
    assert subject.isalpha()
    assert action.isalpha()
    assert set(event.references) <= set(event.model_fields)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_every_field_that_holds_a_leaf_hash_is_a_reference(event):
    commitments = {
        "annotation",
        "origin",
        "content",
        "sources",
        "rationale",
        "counter_source",
        "evidence",
        "commitments",
    }
    other = (
        commitments
        | {"root", "manifest", "terms", "salt"}
        | ({"commitment"} if event.__name__ == "ControlPlanted" else set())
        | ({"source", "page"} if event.__name__ == "SourceChecked" else set())
    )
    holds_hash = {
        name
        for name, schema in event.model_json_schema()["properties"].items()
        if any(item.get("pattern") == "^[0-9a-f]{64}$" for item in everything_in(schema))
    }
    assert holds_hash - other == set(event.references)


def test_absent_and_empty_fields_are_left_out_of_a_leaf():
    value = {
        "type": "round:closed",
        "v": 1,
        "dataset": "d",
        "nonce": "0" * 32,
        "topic": "t",
        "example": "ex_" + "a" * 16,
        "revision": "0" * 64,
        "round": 1,
        "stage": 1,
        "how": "full",
        "outcome": "accepted",
    }
    event = EVENT.validate_python(value | {"missing": [], "counted": [], "appeal": None})
    assert leaf_fields(event) == value
    assert references_of(event) == ["0" * 64]


@pytest.mark.parametrize("model", [Policy, Judgement, Topic])
def test_models_cannot_be_changed_once_read(model):
    value = {Policy: words.FULL_POLICY, Judgement: words.judgement(), Topic: words.topic()}[model]
    made = validate(model, value)
    with pytest.raises(ValidationError, match="frozen"):
        setattr(made, next(iter(model.model_fields)), None)


@given(st.integers(-2, 18), st.integers(-2, 18), st.integers(-2, 103))
def test_an_acceptance_rule_can_be_reached_or_is_refused(seats, accepts, share):
    possible = 1 <= seats <= 15 and 1 <= accepts <= seats and 1 <= share <= 100
    try:
        AcceptanceRule(seats=seats, min_accepts=accepts, min_share_percent=share)
    except ValidationError:
        assert not possible
    else:
        assert possible


@given(
    st.sampled_from(get_args(Verdict)),
    st.lists(st.sampled_from(get_args(ReasonCode)), max_size=3, unique=True),
    st.booleans(),
    st.booleans(),
)
def test_a_judgement_that_does_not_accept_has_reasons_rationale_and_where_needed_a_source(
    verdict, reasons, rationale, source
):
    value = {"verdict": verdict, "reasons": reasons}
    value |= {"rationale": "Because."} if rationale else {}
    value |= {"counter_source": words.SOURCE} if source else {}
    allowed = not reasons if verdict == "accept" else bool(reasons and rationale)
    allowed = allowed and (source or "inaccurate" not in reasons)
    try:
        validate(Judgement, value)
    except SchemaInvalid:
        assert not allowed
    else:
        assert allowed


def test_a_topics_required_perspectives_keep_the_definitions_order():
    topic = validate(Topic, words.topic("river"))
    assert topic.required == ("dam", "free")
    assert "observer" not in topic.required


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_text_of_a_definition_exists_in_every_language(language):
    whole = words.definition()
    texts = [path for path, labels in translated(whole) if language in labels]
    assert len(texts) == 2 + 2 * (3 + 3 + 4)
    for path in texts:
        with pytest.raises(SchemaInvalid, match=f"lacks {language}|at least 1 item"):
            validate(DatasetDefinition, without(whole, path, language))


def translated(value, at=()):
    found = []
    if isinstance(value, dict) and set(value) == set(words.LANGUAGES):
        return [(at, value)]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found += translated(item, (*at, key))
    return found


def without(value, path, language):
    copy = json.loads(json.dumps(value))
    inner = copy
    for part in path:
        inner = inner[part]
    del inner[language]
    return copy


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_example_is_read_and_written_alike(kind):
    made = validate(EXAMPLE, words.example(kind))
    assert made.kind == kind
    assert validate(EXAMPLE, made.model_dump(exclude_none=True)) == made
    assert set(CONTENT_FIELDS[kind]) <= set(type(made).model_fields)
