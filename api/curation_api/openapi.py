"""The OpenAPI document: complete, and no more than true.

Rules that always hold:
- a body's schema is that of the wire model that reads it;
- every answer of an operation is named with its schema, the problems too;
- the application serves no documentation page, for those load scripts from elsewhere.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Literal

from fastapi import FastAPI
from pydantic import TypeAdapter
from starlette.routing import compile_path

from curation_api.bodies import BODIES
from curation_api.errors import MEDIA_TYPE
from curation_api.views import Problem

_REFERENCE = "#/components/schemas/{model}"
_MEANINGS = {
    400: "The body is not strict JSON.",
    401: "No bearer token where one is needed, or one that nobody has.",
    403: "The actor lacks the role.",
    404: "There is no such thing, or not yet for this reader.",
    409: "A rule forbids the act (`rule` names it), or it exists already.",
    413: "The body has more than 1,000,000 bytes.",
    415: "The body is not plain `application/json` in UTF-8.",
    422: "A field is not what its schema says; `errors` lists every one.",
    500: "Something broke inside; nothing was changed.",
    503: "The database is busy or out of order; nothing was changed, unless `detail` says otherwise.",
}
_BODY_PROBLEMS = (400, 415, 422)
_MAY_ALWAYS = (413, 500, 503)
Access = Literal["required", "optional", "none"]
_SECURITY: dict[Access, list[dict[str, list[str]]]] = {
    "required": [{"bearer": []}],
    "optional": [{}, {"bearer": []}],
    "none": [{}],
}


def operation(
    summary: str, *, access: Access, body: str | None = None, problems: tuple[int, ...] = ()
) -> dict[str, Any]:
    """What the document says of a route beyond its signature, as keyword arguments for its decorator.

    Args:
        summary: one line; the route's docstring is the description.
        access: whether a bearer token is needed.
        body: the name of the body in BODIES, if there is one.
        problems: statuses that this operation answers with beyond those that follow from access and body.
    """
    statuses = {*problems, *_MAY_ALWAYS}
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


def act(summary: str, *, body: str | None = None, problems: tuple[int, ...] = (404,)) -> dict[str, Any]:
    """The same for an act: it needs a token and a role, a rule may forbid it, and it answers 201."""
    return {**operation(summary, access="required", body=body, problems=(403, 409, *problems)), "status_code": 201}


def _problem_response(status: int) -> dict[str, Any]:
    schema = {"$ref": _REFERENCE.format(model="Problem")}
    found: dict[str, Any] = {"description": _MEANINGS[status], "content": {MEDIA_TYPE: {"schema": schema}}}
    if status == 401:
        found["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "`Bearer`"}}
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
