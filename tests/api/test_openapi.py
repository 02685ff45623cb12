"""The OpenAPI document is complete, and says of each body exactly what reads it."""

from __future__ import annotations

import json

import pytest
from fastapi.openapi.models import OpenAPI
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter

from curation_api import views
from curation_api.bodies import BODIES
from curation_api.errors import MEDIA_TYPE
from curation_api.samples import SAMPLES
from tests.api.support import ACCEPT, REJECT, assert_problem, sft

PRIVATE = (
    "POST /v1/integrations/label-studio/webhook",
    "POST /v1/seats",
    "POST /v1/policies/drafts",
    "POST /v1/policies/drafts/{draft}/removal",
    "POST /v1/next-release/plan",
    "POST /v1/next-release/overrulings",
    "POST /v1/next-release/cut",
    "POST /v1/webhooks",
    "POST /v1/webhooks/{receiver}/secret",
    "POST /v1/webhooks/{receiver}/removal",
)
"""What is no act of the log, or becomes one later."""
REFERENCE = "#/components/schemas/"


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_document_is_served_and_is_openapi_3_1(api):
    served = api.client.get("/openapi.json").json()
    assert served == json.loads(json.dumps(api.document))
    assert served["openapi"].startswith("3.1")
    OpenAPI.model_validate(served)


def test_every_reference_leads_somewhere_and_every_schema_is_used(api):
    schemas = api.document["components"]["schemas"]
    named = {reference.removeprefix(REFERENCE) for reference in references(api.document)}
    named |= {
        target.removeprefix(REFERENCE)
        for schema in schemas.values()
        for target in schema.get("discriminator", {}).get("mapping", {}).values()
    }
    assert named == set(schemas)
    for name, schema in schemas.items():
        Draft202012Validator.check_schema(schema)
        assert schema.get("description") or schema.get("oneOf") or "enum" in schema, f"{name} is not described"


def test_every_operation_says_what_it_does_and_who_may(api):
    seen = set()
    for name, operation in operations(api.document):
        assert operation["summary"], name
        assert len(operation["description"]) > 20, name
        assert operation["tags"], name
        assert operation["operationId"] not in seen, name
        seen.add(operation["operationId"])
        assert operation["security"] in ([{"bearer": []}], [{}, {"bearer": []}], [{}]), name
        assert all(
            parameter.get("description") or parameter["in"] == "query" for parameter in operation.get("parameters", [])
        )
    assert api.document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_every_problem_is_documented_with_the_problems_schema(api):
    for name, operation in operations(api.document):
        answers = operation["responses"]
        assert {"413", "500", "503"} <= set(answers), name
        assert ("401" in answers) == (operation["security"] != [{}]), name
        if "requestBody" in operation:
            assert {"400", "415", "422"} <= set(answers), name
        for status, answer in answers.items():
            if status >= "400":
                assert answer["content"] == {MEDIA_TYPE: {"schema": {"$ref": f"{REFERENCE}Problem"}}}, (name, status)
            else:
                assert ("content" in answer) == (status != "304"), (name, status)


def test_acts_answer_201_with_a_receipt(api):
    for name, operation in operations(api.document):
        if not name.startswith("GET") and name not in PRIVATE:
            assert [status for status in operation["responses"] if status < "300"] == ["201"], name
            reference = operation["responses"]["201"]["content"]["application/json"]["schema"]["$ref"]
            schema = api.document["components"]["schemas"][reference.removeprefix(REFERENCE)]
            assert {"leaf", "receipt"} <= set(schema["required"]), name


@pytest.mark.parametrize("name", sorted(BODIES))
def test_bodys_schema_is_that_of_the_model_that_reads_it(api, name):
    made = BODIES[name].json_schema(ref_template=REFERENCE + "{model}")
    schemas = api.document["components"]["schemas"]
    for nested, schema in made.pop("$defs", {}).items():
        assert schemas[nested] == schema, f"{nested} of {name}: an answer gives the same name to another schema"
    assert schemas[name] == made
    used = {
        operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        for _, operation in operations(api.document)
        if "requestBody" in operation
    }
    assert f"{REFERENCE}{name}" in used


def test_example_of_a_body_or_an_answer_is_one_and_stands_in_the_document(api):
    shown = {
        name: [
            content["example"]
            for _, operation in operations(api.document)
            for holder in (operation.get("requestBody", {}), *operation["responses"].values())
            for content in holder.get("content", {}).values()
            if content.get("schema") == {"$ref": f"{REFERENCE}{name}"}
        ]
        for name in SAMPLES
    }
    for name, sample in SAMPLES.items():
        adapter = BODIES[name] if name in BODIES else TypeAdapter(getattr(views, name))
        adapter.validate_python(sample)
        assert shown[name], name
        assert all(item == sample for item in shown[name]), name


def test_every_body_has_an_example():
    assert set(BODIES) <= set(SAMPLES)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("Example", sft()),
        ("Judgement", REJECT),
        ("SeatReview", ACCEPT | {"example": "ex_aaaaaaaaaaaaaaaa", "revision": "0" * 64}),
    ],
)
def test_schema_admits_what_the_parser_admits(api, name, body):
    root = {"$ref": f"{REFERENCE}{name}", "components": api.document["components"]}
    assert not list(Draft202012Validator(root).iter_errors(body))
    assert list(Draft202012Validator(root).iter_errors(body | {"unknown": 1}))
    adapter: TypeAdapter = BODIES[name]
    adapter.validate_python(body)


def test_no_page_loads_from_elsewhere(api):
    for path in ("/docs", "/redoc", "/docs/oauth2-redirect"):
        assert_problem(api.call("GET", path), 404, "not-found")
