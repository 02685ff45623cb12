"""One example in the plain form that checks read, whatever dataset it comes from.

Rules that always hold (pure):
- any JSON value can be read: what has another type than it should is missing, and content that is none is a finding;
- a field that a dataset does not have is None, which is not the same as empty: what needs it is `insufficient`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from curation_validators.findings import Finding

CONVERSATIONS = ("messages", "prompt", "chosen", "rejected")


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
    where = f"example {name}" if name and name.startswith("ex_") else where
    problems: list[Finding] = []
    texts = tuple(_texts(row, where, problems))
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
    )


def _no_content(where: str, what: str) -> Finding:
    hint = "Give messages, or prompt, chosen and rejected, as turns with role and content."
    return Finding("shape/content", where, what, hint)


def _texts(row: Mapping[str, Any], where: str, problems: list[Finding]) -> Iterator[Text]:
    for name in CONVERSATIONS:
        value = row.get(name)
        if isinstance(value, str):
            yield Text(name, "user" if name == "prompt" else "assistant", value)
        elif isinstance(value, list):
            yield from _turns(value, name, where, problems)
        elif value is not None:
            problems.append(_no_content(where, f"{name} is neither text nor a list of turns"))
    answers = row.get("answers")
    if isinstance(answers, list):
        yield from _turns(answers, "answers", where, problems)
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
