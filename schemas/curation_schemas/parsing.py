"""Read foreign JSON and YAML into wire models, with errors a person can act on.

Rules that always hold:
- the only exception is `SchemaInvalid`; it lists every problem as (field path, what is wrong);
- duplicate keys, NaN, lone surrogates and trailing bytes are refused, never repaired;
- no message repeats the input (it may hold personal data).
"""

from __future__ import annotations

import json
import math
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

if TYPE_CHECKING:
    from pydantic.plugin._schema_validator import PluggableSchemaValidator
    from pydantic_core import SchemaValidator

Model = TypeVar("Model", bound=BaseModel)
MAX_DOCUMENT_CHARS = 20_000_000
MAX_YAML_CHARS = 2_000_000
MAX_MEMBERS = 1_000
"""Members of one object: a thousand unknown ones would each be an error to write out."""
MAX_PROBLEMS = 20


class SchemaInvalid(ValueError):
    """Input that is not what its schema says; `problems` holds (field path, message) pairs."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{path}: {message}" if path else message for path, message in problems))


def _refuse_duplicates(pairs: list[tuple[str, Any]], most: int = MAX_MEMBERS) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if len(pairs) > most:
        raise SchemaInvalid([("", f"holds an object with more than {most} members")])
    for key, value in pairs:
        if key in found:
            raise SchemaInvalid([(_shown_key(key), "the key occurs twice in one object")])
        found[key] = value
    return found


def _shown_key(key: object) -> str:
    """A foreign name, short and without anything that could drive a terminal or a log."""
    return ascii(str(key)[:60])[1:-1]


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise SchemaInvalid([("", "holds a number that is too large")])
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise SchemaInvalid([("", f"{name} is no JSON number")])


def _check_length(text: str, most: int = MAX_DOCUMENT_CHARS) -> None:
    if len(text) > most:
        raise SchemaInvalid([("", f"is longer than {most} characters")])


def load_json(text: str | bytes, most_members: int = MAX_MEMBERS) -> Any:
    """Parse strict JSON. Raises SchemaInvalid with line and column."""
    try:
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        _check_length(decoded)
        value = json.loads(
            decoded,
            object_pairs_hook=partial(_refuse_duplicates, most=most_members),
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
        if isinstance(text, str) or "\\u" in decoded:
            # Nothing but an escape brings half a character pair into what was UTF-8.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError as error:
        raise SchemaInvalid([("", f"is not UTF-8: byte {error.start}")]) from None
    except UnicodeEncodeError:
        raise SchemaInvalid([("", "holds a lone surrogate (half of a character pair)")]) from None
    except json.JSONDecodeError as error:
        raise SchemaInvalid(
            [("", f"is not JSON: {error.msg.removesuffix(' at')} at line {error.lineno} column {error.colno}")]
        ) from None
    except RecursionError:
        raise SchemaInvalid([("", "is nested too deeply")]) from None
    except SchemaInvalid:
        raise
    except ValueError:
        raise SchemaInvalid([("", "holds a number with too many digits")]) from None
    return value


class _StrictLoader(yaml.SafeLoader):
    """PyYAML's safe loader, refusing duplicate keys and infinite numbers, and leaving dates as text."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if isinstance(key, (list, dict)) or key in found:
            raise SchemaInvalid([("", f"line {key_node.start_mark.line + 1}: the key occurs twice or is no text")])
        found[key] = loader.construct_object(value_node, deep=True)
    return found


def _text(loader: _StrictLoader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


def _float(loader: _StrictLoader, node: yaml.ScalarNode) -> float:
    return _finite(str(loader.construct_yaml_float(node)))


_StrictLoader.add_constructor("tag:yaml.org,2002:timestamp", _text)
_StrictLoader.add_constructor("tag:yaml.org,2002:float", _float)
_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)
_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load_yaml(text: str) -> Any:
    """Parse YAML without aliases' surprises: safe tags only. Raises SchemaInvalid with the line."""
    _check_length(text, MAX_YAML_CHARS)
    try:
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506  # a SafeLoader subclass
    except SchemaInvalid:
        raise
    except (yaml.YAMLError, RecursionError, ValueError, LookupError, TypeError, AttributeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1} column {mark.column + 1}: " if mark else ""
        raise SchemaInvalid([("", f"{place}is not YAML: {getattr(error, 'problem', None) or 'malformed'}")]) from None


def problems_of(error: ValidationError) -> list[tuple[str, str]]:
    """Pydantic's errors as (field path, message), without the input."""
    problems = []
    for item in error.errors(include_url=False, include_input=False):
        path = ".".join(_shown_key(part) for part in item["loc"])
        message = item["msg"].removeprefix("Value error, ")
        if item["type"] == "union_tag_invalid":
            # Pydantic's own message repeats the input.
            context = item.get("ctx", {})
            path = ".".join([*([path] if path else []), str(context.get("discriminator", "")).strip("'")])
            message = f"must be one of {context.get('expected_tags', '')}"
        problems.append((path[:200], message))
    if len(problems) > MAX_PROBLEMS:
        left_out = len(problems) - MAX_PROBLEMS
        problems = [*problems[:MAX_PROBLEMS], ("", f"and {left_out} more")]
    return problems


def validator_of(model: type[BaseModel] | TypeAdapter[Any]) -> SchemaValidator | PluggableSchemaValidator:
    """What checks a model's data: its own methods pass a dozen options on, at a third of the cost of a small model."""
    return model.validator if isinstance(model, TypeAdapter) else model.__pydantic_validator__


def validate(model: type[Model] | TypeAdapter[Model], value: Any) -> Model:
    """Read plain data into a model. Raises SchemaInvalid."""
    try:
        return cast("Model", validator_of(model).validate_python(value))
    except ValidationError as error:
        problems = problems_of(error)
        if isinstance(model, TypeAdapter):  # only a union's path begins with its member
            problems = [(_without_tag(path, value), message) for path, message in problems]
        raise SchemaInvalid(problems) from None
    except RecursionError:
        raise SchemaInvalid([("", "is nested too deeply")]) from None


def _without_tag(path: str, value: Any) -> str:
    """A field's path without the name of the union's member, which Pydantic puts first."""
    tags = [value.get(name) for name in ("kind", "type", "act")] if isinstance(value, dict) else []
    first, _, rest = path.partition(".")
    return rest if first in tags else path
