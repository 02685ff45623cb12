"""The form for a proposal about a topic: from fields to a wire model's plain data, and from a topic to fields.

Rules that always hold:
- the form holds the whole topic, as the proposal does; what it changes is computed from it;
- texts in languages that the form does not show stay as they are in force;
- a perspective or a position whose name (id) is empty is left out; nothing else is judged here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from curation_api.pages.proposal_form import count
from curation_api.pages.visit import Form
from curation_schemas.definition import Topic

TEXTS = ("label", "scope", "disputed_terms")
PARTS = {"perspectives": ("label",), "positions": ("label", "statement")}
LEAST, MOST = 2, 12
_FIELDS = [
    (re.compile(r"proposal\.(label|scope|disputed_terms)(?:\.(\S+))?"), r"\1-\2"),
    (re.compile(r"proposal\.(perspectives|positions)\.(\d+)\.(label|statement)(?:\.(\S+))?"), r"\1-\2-\3-\4"),
    (re.compile(r"proposal\.(perspectives|positions)\.(\d+)\.(id|held_by)"), r"\1-\2-\3"),
    (re.compile(r"proposal\.(id|sensitivity|perspectives|positions)|topic()"), r"\1"),
]


def field_of(path: str, languages: Sequence[str], kept: dict[str, list[int]]) -> str:
    """The form's field for a path of the wire model.

    Args:
        path: as a validation names it.
        languages: those of the form; a fault of all texts stands beside the first.
        kept: for perspectives and positions, the numbers of the blocks that were filled in.
    """
    parts = path.split(".")
    if len(parts) > 2 and parts[1] in kept and parts[2].isdecimal() and int(parts[2]) < len(kept[parts[1]]):
        parts[2] = str(kept[parts[1]][int(parts[2])])
    path = ".".join(parts)
    for pattern, field in _FIELDS:
        if (match := pattern.fullmatch(path)) is not None:
            named = match.expand(field) or "id"
            return named + languages[0] if named.endswith("-") else named
    return {"reason": "reason", "license": "license", "language": "language"}.get(path, "")


def blocks(form: Form) -> dict[str, int]:
    """How many blocks of perspectives and positions the form has."""
    return {name: count(form, name, LEAST, MOST) for name in PARTS}


def filled_blocks(form: Form) -> dict[str, list[int]]:
    """The numbers of the blocks that have a name."""
    return {name: [n for n in range(most) if form.one(f"{name}-{n}-id")] for name, most in blocks(form).items()}


def read_topic_form(form: Form, topic: str, languages: Sequence[str], base: Topic | None) -> dict[str, Any]:
    """The form as plain data, to be validated.

    Args:
        form: what was typed.
        topic: the topic's id.
        languages: the dataset's.
        base: the topic in force, where one is amended.
    """
    before = dict(base.texts()) if base else {}

    def texts(field: str, path: str) -> dict[str, str]:
        others = {code: text for code, text in before.get(path, {}).items() if code not in languages}
        typed = {code: form.typed(f"{field}-{code}").strip() for code in languages}
        return {code: text for code, text in typed.items() if text} | others

    def block(name: str, number: int) -> dict[str, Any]:
        own = f"{name}-{number}"
        made: dict[str, Any] = {"id": form.one(f"{own}-id")}
        made |= {text: texts(f"{own}-{text}", f"{name}.{made['id']}.{text}") for text in PARTS[name]}
        extra = {"held_by": form.one(f"{own}-held_by")}
        return made | (extra if name == "positions" else {"required": form.has(f"{own}-required")})

    proposal = {"id": topic, "sensitivity": form.one("sensitivity") or "standard"}
    return {
        "kind": "topic",
        "topic": topic,
        "language": form.one("language"),
        "license": form.one("license"),
        "origin": {"kind": "human"},
        "sources": [],
        "reason": form.typed("reason").strip(),
        "proposal": proposal
        | {name: texts(name, name) for name in TEXTS}
        | {name: [block(name, number) for number in numbers] for name, numbers in filled_blocks(form).items()},
    }


def form_of_topic(topic: Topic) -> Form:
    """The form with a topic in it."""
    return Form(list(_pairs(topic)))


def _pairs(topic: Topic) -> Iterator[tuple[str, str]]:
    yield "id", topic.id
    yield "sensitivity", topic.sensitivity
    for name in TEXTS:
        for code, text in getattr(topic, name).items():
            yield f"{name}-{code}", text
    for name, fields in PARTS.items():
        items = getattr(topic, name)
        yield name, str(len(items))
        for number, item in enumerate(items):
            yield f"{name}-{number}-id", item.id
            for field in fields:
                for code, text in getattr(item, field).items():
                    yield f"{name}-{number}-{field}-{code}", text
            if name == "positions":
                yield f"{name}-{number}-held_by", item.held_by
            elif item.required:
                yield f"{name}-{number}-required", "yes"
