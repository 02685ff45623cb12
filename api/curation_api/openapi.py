"""The OpenAPI document: complete, and no more than true.

Rules that always hold:
- a body's schema is that of the wire model that reads it;
- every answer of an operation is named with its schema, the problems too;
- every body has an example (samples.py);
- the application serves no documentation page, for those load scripts from elsewhere.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel, TypeAdapter
from starlette.responses import Response
from starlette.routing import compile_path

from curation_api.bodies import BODIES
from curation_api.errors import MEDIA_TYPE
from curation_api.once import HEADER, REPLAYED
from curation_api.samples import SAMPLES
from curation_api.views import Problem

_REFERENCE = "#/components/schemas/{model}"
_MEANINGS = {
    400: "The body is not strict JSON, or a header is not what it must be.",
    401: "No bearer token where one is needed, or one that nobody has.",
    403: "The actor lacks the role.",
    404: "There is no such thing, or not yet for this reader.",
    409: "A rule forbids the act (`rule` names it), it exists already, or its key came with another request.",
    412: "It is not the document that If-Match names: it has changed since, and nothing was done.",
    413: "The body has more than 1,000,000 bytes.",
    415: "The body is not plain `application/json` in UTF-8.",
    416: "The file has no such part.",
    422: "A field is not what its schema says; `errors` lists every one.",
    429: "There were more requests in this minute than are allowed; `Retry-After` says when to go on.",
    500: "Something broke inside; nothing was changed.",
    503: "The database is busy or out of order; nothing was changed, unless `detail` says otherwise.",
}
_BODY_PROBLEMS = (400, 415, 422)
_MAY_ALWAYS = (413, 500, 503)
_KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Names this request, so that it can be sent again without being carried out twice: the same key and "
    "body get the same answer, for 24 hours at least. Another body under the same key is refused.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
}
_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of the example as the caller read it: if it has changed since, nothing is done.",
    "schema": {"type": "string"},
    "example": '"5d41402abc4b2a76b9719d911017c592"',
}
_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of the document that the caller has: if it is the same now, it is not sent again.",
    "schema": {"type": "string"},
}
_RANGE = {
    "name": "Range",
    "in": "header",
    "required": False,
    "description": "One range of bytes (RFC 9110 §14.2); anything else is passed over.",
    "schema": {"type": "string"},
    "example": "bytes=0-1023",
}
_TAG = {"description": "Names these bytes (RFC 9110 §8.8.3).", "schema": {"type": "string"}}
_REPLAYED = {
    "description": "`true` where the same request was carried out before, and this is the answer that it got.",
    "schema": {"type": "string", "enum": ["true"]},
}
JSONL = "application/jsonl"
"""Documents in UTF-8, one a line (https://jsonlines.org)."""
_SAME_STATE = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of the part that the caller has: if the state has changed since, nothing is sent.",
    "schema": {"type": "string"},
    "example": '"5d41402abc4b2a76b9719d911017c592"',
}
_STATE_TAG = {"description": "Names the state that is sent, from its first line to its last.", "schema": _TAG["schema"]}
Access = Literal["required", "optional", "none"]
_SECURITY: dict[Access, list[dict[str, list[str]]]] = {
    "required": [{"bearer": []}],
    "optional": [{}, {"bearer": []}],
    "none": [{}],
}


def operation(
    summary: str,
    *,
    access: Access,
    body: str | None = None,
    problems: tuple[int, ...] = (),
    counted: bool = True,
) -> dict[str, Any]:
    """What the document says of a route beyond its signature, as keyword arguments for its decorator.

    Args:
        summary: one line; the route's docstring is the description.
        access: whether a bearer token is needed.
        body: the name of the body in BODIES, if there is one.
        counted: whether requests are counted (limiting.py).
        problems: statuses that this operation answers with beyond those that follow from access and body.
    """
    statuses = {*problems, *_MAY_ALWAYS, *([429] if counted else [])}
    extra: dict[str, Any] = {"security": _SECURITY[access]}
    if access != "none":
        statuses.add(401)
    if body is not None:
        statuses.update(_BODY_PROBLEMS)
        schema = {"$ref": _REFERENCE.format(model=body)}
        extra["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {
        "summary": summary,
        "responses": {status: _problem_response(status) for status in sorted(statuses)},
        "openapi_extra": extra,
    }


def act(
    summary: str,
    answer: type[BaseModel],
    *,
    body: str | None = None,
    problems: tuple[int, ...] = (404,),
    matches: bool = False,
) -> dict[str, Any]:
    """The same for an act: it needs a token and a role, a rule may forbid it, and it answers 201. It may have a key.

    `matches`: it may be bound, by If-Match, to the document that it changes as the caller read it.
    """
    refusals = (400, 403, 409, *([412] if matches else []), *problems)
    found = operation(summary, access="required", body=body, problems=refusals)
    found["openapi_extra"]["parameters"] = [_KEY, *([_MATCH] if matches else [])]
    found["responses"][201] = {"headers": {REPLAYED: _REPLAYED}}
    return {**found, "status_code": 201, "response_model": answer}


def file(summary: str, meaning: str, media_type: str, *, counted: bool = True, tagged: bool = False) -> dict[str, Any]:
    """The same for a file. `tagged`: it has an ETag, and a part of it can be asked for."""
    found = operation(summary, access="none", problems=(404, 416) if tagged else (404,), counted=counted)
    found["responses"][200] = {"description": meaning, "content": {media_type: {}}}
    if tagged:
        found["responses"][200]["headers"] = {"ETag": _TAG}
        found["responses"][206] = {"description": "The part that `Range` asks for.", "content": {media_type: {}}}
        found["responses"][304] = {"description": "The caller has this file.", "headers": {"ETag": _TAG}}
        found["openapi_extra"]["parameters"] = [_NONE_MATCH, _RANGE]
    return {**found, "response_class": Response}


def lines(summary: str, document: str, *, problems: tuple[int, ...] = ()) -> dict[str, Any]:
    """The same for JSON Lines, which are streamed. `document`: what each line is."""
    found = operation(summary, access="none", problems=(400, 412, 422, *problems))
    found["openapi_extra"]["parameters"] = [_SAME_STATE, _NONE_MATCH]
    found["responses"][200] = {
        "description": f"JSON Lines: {document} in each line.",
        "content": {JSONL: {"schema": {"type": "string"}}},
        "headers": {"ETag": _STATE_TAG},
    }
    found["responses"][304] = {"description": "The caller has this state.", "headers": {"ETag": _STATE_TAG}}
    return {**found, "response_class": Response}


def _problem_response(status: int) -> dict[str, Any]:
    schema = {"$ref": _REFERENCE.format(model="Problem")}
    found: dict[str, Any] = {"description": _MEANINGS[status], "content": {MEDIA_TYPE: {"schema": schema}}}
    if status == 401:
        found["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "`Bearer`"}}
    if status == 429:
        text = {"schema": {"type": "string"}}
        found["headers"] = {
            "Retry-After": {**text, "description": "Seconds."},
            "RateLimit-Policy": {**text, "description": "The limit: `q` requests in `w` seconds."},
            "RateLimit": {**text, "description": "What is left: `r` requests, until `t` seconds have passed."},
        }
    return found


class EvenhandApi(FastAPI):
    """FastAPI, with a document that knows the bodies which our own parser reads."""

    def openapi(self) -> dict[str, Any]:
        """The document. It is made once."""
        if self.openapi_schema is None:
            document = super().openapi()
            for item in document["paths"].values():
                for found in item.values():
                    _drop_foreign_problem(found)
                    _show_samples(found)
                _name_tags(item.get("get", {}))
            components = document.setdefault("components", {})
            components["schemas"] = _schemas(components.get("schemas", {}))
            components["securitySchemes"] = {
                "bearer": {"type": "http", "scheme": "bearer", "description": "A token as `evenhand people` issues it."}
            }
            self.openapi_schema = document
        return self.openapi_schema

    @cached_property
    def _methods(self) -> list[tuple[Any, set[str]]]:
        paths = {path: {name.upper() for name in item} for path, item in self.openapi()["paths"].items()}
        paths["/openapi.json"] = {"GET", "HEAD"}
        return [(compile_path(path)[0], methods) for path, methods in paths.items()]

    def methods_at(self, path: str) -> list[str]:
        """The methods that a path takes."""
        return sorted(set().union(*(methods for pattern, methods in self._methods if pattern.match(path))))


def _drop_foreign_problem(found: dict[str, Any]) -> None:
    """FastAPI promises its own shape of 422 wherever there is a parameter; ours is another, and a path's are 404."""
    if "HTTPValidationError" in str(found["responses"].get("422")):
        del found["responses"]["422"]


def _show_samples(found: dict[str, Any]) -> None:
    """Give the body and the answer of an operation their example, where there is one."""
    for holder in (found.get("requestBody", {}), *found["responses"].values()):
        for content in holder.get("content", {}).values():
            name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
            if name in SAMPLES:
                content["example"] = SAMPLES[name]


def _name_tags(found: dict[str, Any]) -> None:
    """Say of an operation that reads a JSON document that it has a tag (matching.py)."""
    answers = found.get("responses", {})
    if "application/json" not in answers.get("200", {}).get("content", {}):
        return
    answers["200"].setdefault("headers", {})["ETag"] = _TAG
    answers["304"] = {"description": "The caller has this document.", "headers": {"ETag": _TAG}}
    found["parameters"] = [*found.get("parameters", []), _NONE_MATCH]


def _schemas(of_answers: dict[str, Any]) -> dict[str, Any]:
    """The schemas of answers and bodies together. A model in both has one schema: a test compares them."""
    adapters: list[tuple[str, Any, TypeAdapter[Any]]] = [
        (name, "validation", adapter) for name, adapter in BODIES.items()
    ]
    adapters.append(("Problem", "validation", TypeAdapter(Problem)))
    made, definitions = TypeAdapter.json_schemas(adapters, ref_template=_REFERENCE)
    schemas = {**of_answers, **definitions.get("$defs", {})}
    for (name, _), schema in made.items():
        schemas.setdefault(str(name), schema)
    for foreign in ("HTTPValidationError", "ValidationError"):
        schemas.pop(foreign, None)
    return dict(sorted(schemas.items()))
