"""One example in the plain form that checks read, whatever dataset it comes from.

Rules that always hold (pure):
- any JSON value can be read: what has another type than it should is missing, and content that is none is a finding;
- a column of content that a dataset has is content in every row: a null one is a finding, unless the row is whole
  without it, as one of another kind is;
- a field that a dataset does not have is None, which is not the same as empty: what needs it is `insufficient`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from curation_validators.findings import Finding

CONVERSATIONS = ("messages", "prompt", "chosen", "rejected")
CHOICE = ("chosen", "rejected")
ROLES = ("system", "user", "assistant", "tool")
"""Who may say a turn, as chat templates know them."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text of an example: the field it stands in («messages.1»), who says it, and what."""

    field: str
    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Record:
    """One example. None in a field means that the dataset does not say."""

    where: str
    texts: tuple[Text, ...]
    id: str | None = None
    language: str | None = None
    topic: str | None = None
    positions: tuple[str, ...] | None = None
    framing: str | None = None
    group: str | None = None
    mirrors: tuple[str, ...] | None = None
    sources: tuple[Mapping[str, Any], ...] | None = None
    license: str | None = None
    origin: Mapping[str, Any] | None = None
    use: str | None = None
    says: frozenset[str] = frozenset()
    """The fields that its dataset has, null or not."""
    problems: tuple[Finding, ...] = field(default=())
    """What of its content cannot be read."""
    place: str = ""
    """Its row in the dataset, which no other example shares; empty where it stands in none."""
    mistyped: frozenset[str] = frozenset()
    """The fields that should be text and hold something else."""

    def whole(self) -> str:
        """All texts, one after the other."""
        return "\n".join(item.content for item in self.texts)


def read_record(row: Mapping[str, Any], where: str) -> Record:
    """Read one row: a bundle's, a proposal's, or any in messages or chosen/rejected form.

    Args:
        row: column → value, as JSON or Parquet gives it.
        where: how findings name it when it has no id of its own.
    """
    name = _text(row, "example_id") or _text(row, "id")
    place, where = where, f"example {name}" if name and name.startswith("ex_") else where
    problems: list[Finding] = []
    texts = tuple(_texts(row, where, problems))
    problems += [_no_content(where, what) for what in _missing(row)]
    if not texts and not problems:
        problems.append(_no_content(where, "it has neither messages nor chosen and rejected"))
    return Record(
        where=where,
        texts=texts,
        id=name,
        language=_text(row, "language"),
        topic=_text(row, "topic"),
        positions=_texts_of(row, "positions"),
        framing=_text(row, "framing"),
        group=_text(row, "group_id") or _text(row, "group"),
        mirrors=_texts_of(row, "mirrors"),
        sources=_mappings(row, "sources"),
        license=_text(row, "license"),
        origin=origin if isinstance(origin := row.get("origin"), Mapping) else None,
        use=_text(row, "use"),
        says=frozenset(row),
        problems=tuple(problems),
        place=place,
        mistyped=frozenset(item for item in ("language",) if _is_mistyped(row.get(item))),
    )


def _missing(row: Mapping[str, Any]) -> Iterator[str]:
    """What the content of a row lacks to be a conversation, a pair of answers, or a prompt by itself."""
    there = {name for name in ("messages", *CHOICE, "answers") if row.get(name) is not None}
    if there.intersection(CHOICE):
        yield from (f"{name} is missing" for name in CHOICE if name not in there)
    elif not there and not (row.get("prompt") is not None and _text(row, "use")):
        # A prompt that says what it is for is one, also in a set that has columns for other kinds.
        yield from (f"{name} is missing" for name in ("messages", *CHOICE, "answers") if name in row)


def _is_mistyped(value: object) -> bool:
    return value is not None and not (isinstance(value, str) and value)


def _no_content(where: str, what: str) -> Finding:
    hint = "Give messages, or prompt, chosen and rejected, as turns with role and content."
    return Finding("shape/content", where, what, hint)


def _texts(row: Mapping[str, Any], where: str, problems: list[Finding]) -> Iterator[Text]:
    for name in CONVERSATIONS:
        value = row.get(name)
        if isinstance(value, str):
            if name == "messages":
                problems.append(_no_content(where, f"{name} is text and no list of turns"))
            yield Text(name, "user" if name == "prompt" else "assistant", value)
        elif isinstance(value, list):
            yield from _turns(value, name, where, problems)
        elif value is not None:
            problems.append(_no_content(where, f"{name} is neither text nor a list of turns"))
    answers = row.get("answers")
    if isinstance(answers, list):
        yield from _turns(answers, "answers", where, problems)
    elif answers is not None:
        problems.append(_no_content(where, "answers is no list"))
    synthesis = row.get("synthesis")
    if isinstance(synthesis, Mapping):
        synthesis = synthesis.get("content")
    if isinstance(synthesis, str):
        yield Text("synthesis", "assistant", synthesis)


def _turns(value: list[Any], name: str, where: str, problems: list[Finding]) -> Iterator[Text]:
    if not value:
        problems.append(_no_content(where, f"{name} is an empty list"))
    for place, turn in enumerate(value):
        content = turn.get("content") if isinstance(turn, Mapping) else None
        if not isinstance(content, str):
            problems.append(_no_content(where, f"{name}.{place} has no content"))
            continue
        role = turn.get("role")
        # The answers of a pluralistic example have positions, and no role.
        if name != "answers" and role not in ROLES:
            problems.append(_no_content(where, f"{name}.{place} has a role that is none of {', '.join(ROLES)}"))
        yield Text(f"{name}.{place}", role if isinstance(role, str) else "assistant", content)


def _text(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    return value if isinstance(value, str) and value else None


def _texts_of(row: Mapping[str, Any], name: str) -> tuple[str, ...] | None:
    value = row.get(name)
    if not isinstance(value, (list, tuple)):
        return None
    return tuple(item for item in value if isinstance(item, str))


def _mappings(row: Mapping[str, Any], name: str) -> tuple[Mapping[str, Any], ...] | None:
    value = row.get(name)
    if not isinstance(value, (list, tuple)):
        return None
    found = tuple(item for item in value if isinstance(item, Mapping))
    # A bundle's rows name their sources by id: those are looked up and given apart.
    return found if len(found) == len(value) else None
