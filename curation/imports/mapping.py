"""A mapping: what a foreign set's rows lack to be examples, as constants or from columns of other names.

Rules that always hold:
- a field is a constant, or `{column: NAME}`, with `values: {theirs: ours}` where their words differ; a field that the
  mapping leaves out comes from the column of its own name;
- a constant that the dataset does not admit is refused before the first row;
- a message lists what is allowed and never repeats a row's text.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from curation.errors import InvalidInput
from curation.writing import LoadedExamples
from curation_schemas.example import ClaimType, Origin
from curation_schemas.parsing import SchemaInvalid, load_yaml, validate

NEEDED = ("topic", "language", "positions", "framing", "claims", "license", "origin")
OPTIONAL = ("sources", "group", "id")
_LISTS = ("positions", "claims", "sources")
_MAX_MAPPING_BYTES = 1_000_000
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the dataset admits now: positions by topic, languages, licences."""

    topics: dict[str, list[str]]
    languages: list[str]
    licenses: list[str]


def allowed_now(loaded: LoadedExamples) -> Allowed:
    """What the definitions in force admit."""
    topics = [item.content for item in loaded.definitions.topics_at(loaded.epoch)]
    terms = loaded.definitions.terms
    return Allowed(
        {topic.id: [position.id for position in topic.positions] for topic in topics},
        list(terms.languages) if terms else [],
        list(terms.licenses) if terms else [],
    )


@dataclass(frozen=True)
class RowMapping:
    """A mapping that was read, for the content columns of one form."""

    content: tuple[str, ...]
    fields: dict[str, Any] = field(default_factory=dict)
    where: str = "mapping"

    def value(self, name: str, row: Mapping[str, Any]) -> Any:
        """A field's value for a row, or None. Raises InvalidInput."""
        rule = self.fields.get(name, _ABSENT)
        found = row.get(name) if rule is _ABSENT else _resolve(rule, row, name)
        if name in _LISTS and isinstance(found, (str, dict)):
            return [found]
        return found

    def columns(self) -> set[str]:
        """Every column that a row is looked at for."""
        names = {name for name in (*self.content, *NEEDED, *OPTIONAL) if name not in self.fields}
        return names | {column for rule in self.fields.values() for column in _columns_in(rule)}

    def check_columns(self, present: Collection[str], where: str, needs: Collection[str]) -> None:
        """Raise InvalidInput when a needed field has neither a column nor a mapping, or the mapping names no column."""
        shown = ", ".join(sorted(ascii(name)[1:-1][:60] for name in list(present)[:40])) or "none"
        missing = [name for name in (*needs, *NEEDED) if name not in present and name not in self.fields]
        if missing:
            raise InvalidInput(
                f"has no column for {', '.join(missing)}; its columns: {shown}",
                where=where,
                hint="Say with --mapping where they come from (docs/import.md).",
            )
        unknown = sorted({name for rule in self.fields.values() for name in _columns_in(rule)} - set(present))
        if unknown:
            raise InvalidInput(
                f"has no column {', '.join(unknown)}, which the mapping names; its columns: {shown}", where=where
            )

    def check_constants(self, allowed: Allowed) -> None:
        """Raise InvalidInput when a constant of the mapping is not what the dataset admits."""
        constants = {name: rule for name, rule in self.fields.items() if not any(_columns_in(rule))}
        given = {name: self.value(name, constants) for name in constants if name not in self.content}
        try:
            check_fields(given, allowed)
        except InvalidInput as error:
            raise InvalidInput(error.message, where=f"{self.where}: {error.where}", hint=error.hint) from None

    def example_fields(self, row: Mapping[str, Any], allowed: Allowed) -> dict[str, Any]:
        """The fields of an example, without its content, `group` and `id`. Raises InvalidInput naming the field."""
        found = {name: self.value(name, row) for name in (*NEEDED, "sources")}
        for name in NEEDED:
            if found[name] is None:
                raise InvalidInput("is empty", where=name)
        check_fields(found, allowed)
        return {name: value for name, value in found.items() if value is not None}


def _resolve(rule: object, row: Mapping[str, Any], where: str) -> Any:
    if isinstance(rule, dict) and "column" in rule:
        found = row.get(rule["column"])
        values = rule.get("values")
        if values is None or found is None:
            return found
        if not isinstance(found, (str, int)) or found not in values:
            raise InvalidInput("its column holds a value that the mapping's `values` do not have", where=where)
        return values[found]
    if isinstance(rule, dict):
        return {name: _resolve(item, row, f"{where}.{name}") for name, item in rule.items()}
    if isinstance(rule, list):
        return [_resolve(item, row, where) for item in rule]
    return rule


def _columns_in(rule: object) -> Iterator[str]:
    if isinstance(rule, dict) and "column" in rule:
        yield rule["column"]
        return
    inner = rule.values() if isinstance(rule, dict) else rule if isinstance(rule, list) else ()
    for item in inner:
        yield from _columns_in(item)


def _check_rule(rule: object, where: str) -> None:
    if isinstance(rule, dict) and "column" in rule:
        if not isinstance(rule["column"], str) or not rule.keys() <= {"column", "values"}:
            raise InvalidInput("is `{column: NAME}`, with `values` at most", where=where)
        if not isinstance(rule.get("values", {}), dict):
            raise InvalidInput("maps each of their values to one of ours", where=f"{where}.values")
    elif isinstance(rule, dict):
        for name, item in rule.items():
            _check_rule(item, f"{where}.{name}")
    elif isinstance(rule, list):
        for item in rule:
            _check_rule(item, where)


def read_mapping(path: Path | None, content: tuple[str, ...]) -> RowMapping:
    """Read a mapping file; without one every field comes from the column of its own name. Raises InvalidInput."""
    if path is None:
        return RowMapping(content)
    try:
        if path.stat().st_size > _MAX_MAPPING_BYTES:
            raise InvalidInput(f"is larger than {_MAX_MAPPING_BYTES} bytes", where=str(path))
        plain = load_yaml(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise InvalidInput("cannot be read as UTF-8 text", where=str(path)) from None
    except SchemaInvalid as error:
        raise InvalidInput(str(error), where=str(path)) from None
    known = (*content, *NEEDED, *OPTIONAL)
    if not isinstance(plain, dict) or not set(plain) <= set(known):
        raise InvalidInput(f"maps fields of an example: {', '.join(known)}; and no others", where=str(path))
    for name, rule in plain.items():
        _check_rule(rule, f"{path}: {name}")
        if name in (*content, "id", "group") and not (isinstance(rule, dict) and "column" in rule):
            raise InvalidInput("comes from a column: write `{column: NAME}`", where=f"{path}: {name}")
    return RowMapping(content, plain, str(path))


def check_fields(found: Mapping[str, Any], allowed: Allowed) -> None:
    """Raise InvalidInput for a value that the dataset does not admit, listing those that it does."""
    closed = {"topic": list(allowed.topics), "language": allowed.languages, "license": allowed.licenses}
    for name, values in closed.items():
        if found.get(name) is not None and found[name] not in values:
            raise _unknown(name, values)
    topic = found.get("topic")
    positions = allowed.topics.get(topic) if isinstance(topic, str) else None
    if positions is not None:
        _check_each(found, "positions", positions)
        if found.get("framing") is not None and found["framing"] not in [*positions, "neutral"]:
            raise _unknown("framing", ["neutral", *positions])
    _check_each(found, "claims", get_args(ClaimType))
    if found.get("origin") is not None:
        try:
            validate(Origin, found["origin"])
        except SchemaInvalid as error:
            raise InvalidInput(str(error), where="origin") from None


def _check_each(found: Mapping[str, Any], name: str, values: Collection[str]) -> None:
    given = found.get(name)
    if given is not None and not (isinstance(given, list) and all(item in values for item in given)):
        raise _unknown(name, values)


def _unknown(name: str, values: Collection[str]) -> InvalidInput:
    return InvalidInput(
        f"must be {'one' if name not in _LISTS else 'some'} of: {', '.join(values)}",
        where=name,
        hint="Set it in the mapping, or translate its values there.",
    )
