"""A look at what was typed and not sent yet: how it will stand on its page, what the checks say, what is near it.

Rules that always hold:
- nothing of it is stored or logged, and nobody else sees it;
- near texts are looked for among those that everybody may read, and no others: otherwise one could try out, leaving no
  trace, what others have proposed and is not public yet;
- it says nothing of what is still empty: whoever is writing knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from curation.copies.find import Likeness, find_public_likenesses
from curation.examples.intake import Intake, examine, examine_words
from curation.people.vault import Vault
from curation_api.pages.render import home_of
from curation_api.pages.topic_form import PARTS, TEXTS
from curation_api.pages.visit import Visit
from curation_schemas.definition import Topic
from curation_schemas.example import CONTENT_FIELDS
from curation_schemas.parsing import SchemaInvalid, validate

_SHOWN = 3
_EMPTY = "text/empty"


@dataclass(frozen=True, slots=True)
class Look:
    """The text as its page shows it, with what the checks say, and the public texts that are near."""

    text: dict[str, Any]
    whole: str
    intake: Intake | None
    near: list[Likeness]


def look_at(visit: Visit, data: dict[str, Any]) -> Look:
    """Look at a form's plain data, as `proposal_form.read_form` gives it, valid or not yet."""
    kind = str(data["kind"])
    content = {name: _filled(data.get(name)) for name in CONTENT_FIELDS[kind]}
    texts = [text for value in content.values() for text in _texts(value)]
    text = {"content": dict.fromkeys(("messages", "prompt", "chosen", "rejected", "answers", "synthesis")) | content}
    whole = "\n".join(texts)
    if not texts:
        return Look(text, whole, None, [])
    row = {name: value for name, value in data.items() if value or name == "sources"}
    intake = examine(row, tuple(home_of(visit)["languages"]), visit.platform.home.path)
    intake = replace(intake, findings=tuple(item for item in intake.findings if item.rule != _EMPTY))
    scope = (str(data["topic"]), str(data["language"]), "evaluation" if data.get("use") == "evaluation" else "training")
    with visit.platform.read() as loaded:
        vault = Vault(loaded.connection, visit.platform.home.vault_key, visit.platform.token_bytes)
        near = find_public_likenesses(loaded, vault, scope, whole)[:_SHOWN]
    return Look(text, whole, intake, near)


@dataclass(frozen=True, slots=True)
class TopicLook:
    """What the checks say of a proposal about a topic, and the topic as it would be, where all of it is filled in."""

    intake: Intake | None
    proposed: Topic | None


def look_at_topic(visit: Visit, base: Topic | None, data: dict[str, Any]) -> TopicLook:
    """Look at a form's plain data, as `topic_form.read_topic_form` gives it, valid or not yet.

    Texts that the form begins with, because they are in force, are not checked again.
    """
    known = {text for _, said in base.texts() for text in said.values()} if base else set()
    texts = [(place, text) for place, text in _topic_texts(data) if text and text not in known]
    languages = tuple(home_of(visit)["languages"])
    intake = examine_words(texts, languages, visit.platform.home.path) if texts else None
    try:
        return TopicLook(intake, validate(Topic, data["proposal"]))
    except SchemaInvalid:
        return TopicLook(intake, None)


def _topic_texts(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every text that was typed, by the path that a finding names."""
    told = data["proposal"]
    for name in TEXTS:
        yield from ((f"proposal.{name}.{tag}", text) for tag, text in told[name].items())
    for name, fields in PARTS.items():
        for item in told[name]:
            for field in fields:
                yield from ((f"proposal.{name}.{item['id']}.{field}.{tag}", text) for tag, text in item[field].items())
    yield "reason", data["reason"]


def _filled(value: Any) -> Any:
    """A field's text, or its turns that have one."""
    if isinstance(value, list):
        return [item for item in value if item["content"]]
    return value or ""


def _texts(value: Any) -> list[str]:
    return [item["content"] for item in value] if isinstance(value, list) else [value] if value else []
