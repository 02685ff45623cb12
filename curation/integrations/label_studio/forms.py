"""The forms: one description from which both the label configuration and the reading of an answer are made.

Rules that always hold (pure):
- codes come from the rubric's own types (`curation_schemas.review`, `.example`), so that form and rule cannot drift
  apart;
- a form never shows a prediction or another vote, and nothing contributed is ever markup: texts are plain;
- an answer is read strictly: what no field of the form has, a second answer to one field, a choice that is not offered
  and a value of another shape are all refused. A rating of 0 is Label Studio's «not rated» and is no score.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args
from xml.etree import ElementTree

from curation.errors import InvalidInput
from curation.integrations.label_studio.words import say
from curation_schemas.example import ClaimType, OriginKind
from curation_schemas.review import Criterion, ReasonCode, Verdict

FormKind = Literal["review", "preference", "source", "answer"]
"""`source`: do the sources of a revision hold, asked of who reviewed it. `answer`: an answer to an open question."""
KINDS: tuple[FormKind, ...] = get_args(FormKind)
SOURCE_PARTS = ("url", "publisher", "owner", "country", "language", "date", "quote")
PASS = "pass"  # noqa: S105  # «cannot judge», no password
HOLDS = "holds"
MOST_SOURCES = 3
"""How many sources an answer can name in its form; with more, it is proposed on the pages."""
_OBJECT = "content"
_MOST_TEXT = 20_000
_TAGS = {"choices": "Choices", "rating": "Rating", "textarea": "TextArea"}


@dataclass(frozen=True, slots=True)
class Field:
    """One control of a form.

    `codes`: what can be chosen; none for texts and ratings. `from_task`: the choices are the topic's positions, which
    come with the task.
    """

    name: str
    type: Literal["choices", "rating", "textarea"]
    codes: tuple[str, ...] = ()
    several: bool = False
    required: bool = False
    from_task: bool = False
    rows: int = 1


def _source_fields(prefix: str) -> tuple[Field, ...]:
    return tuple(Field(f"{prefix}-{part}", "textarea", rows=3 if part == "quote" else 1) for part in SOURCE_PARTS)


_REVIEW: tuple[Field, ...] = (
    Field("verdict", "choices", (*get_args(Verdict), PASS), required=True),
    *(Field(f"score-{criterion}", "rating") for criterion in get_args(Criterion)),
    Field("reasons", "choices", get_args(ReasonCode), several=True),
    Field("rationale", "textarea", rows=5),
    *_source_fields("counter"),
)
_COMPARISON: tuple[Field, ...] = (
    Field("comparison", "choices", ("a", "b", "tie", "both_bad", PASS), required=True),
    Field("seen-a", "choices", several=True, from_task=True),
    Field("seen-b", "choices", several=True, from_task=True),
)
_SOURCE: tuple[Field, ...] = (
    # Of the grounds of a flag, this form asks for one: the others are no matter of sources.
    Field("finding", "choices", (HOLDS, "source"), required=True),
    Field("evidence", "textarea", rows=5),
)
_ANSWER: tuple[Field, ...] = (
    Field("answer", "textarea", required=True, rows=10),
    Field("claims", "choices", get_args(ClaimType), several=True, required=True),
    Field("origin", "choices", get_args(OriginKind), required=True),
    Field("model", "textarea"),
    Field("version", "textarea"),
    *(field for number in range(1, MOST_SOURCES + 1) for field in _source_fields(f"source{number}")),
    Field("grant", "choices", ("yes",), required=True),
)
FORMS: dict[FormKind, tuple[Field, ...]] = {
    "review": _REVIEW,
    "preference": (*_COMPARISON, *_REVIEW),
    "source": _SOURCE,
    "answer": _ANSWER,
}
JUDGED: tuple[FormKind, ...] = ("review", "preference")
"""The forms that everybody who reviews here has; the others are asked for."""
ASKED_FOR: tuple[FormKind, ...] = ("source", "answer")


def form_for(kind: str) -> FormKind:
    """The form by which an example of a kind is judged."""
    return "preference" if kind == "preference" else "review"


# --- the label configuration ------------------------------------------------------------------------------------------


def label_config(form: FormKind, language: str) -> str:
    """The label configuration of a form, in one language."""
    root = ElementTree.Element("View")
    _add(root, "Header", value="$heading", size="4")
    _add(root, "Text", name="notice", value="$notice", valueType="text")
    _add(root, "Text", name="stand", value="$stand", valueType="text")
    for name, title in _TEXTS[form]:
        _add(root, "Header", value=say(title, language), size="5")
        _add(root, "Text", name=name, value=f"${name}", valueType="text")
    folded = _add(root, "Collapse")
    for name in _FOLDED[form]:
        panel = _add(folded, "Panel", value=say(name, language))
        _add(panel, "Text", name=name, value=f"${name}", valueType="text")
    for field in FORMS[form]:
        _add_field(root, field, language)
    return ElementTree.tostring(root, encoding="unicode")


_TEXTS: dict[FormKind, tuple[tuple[str, str], ...]] = {
    "review": ((_OBJECT, "text"),),
    "preference": ((_OBJECT, "prompt"), ("answer_a", "comparison/a"), ("answer_b", "comparison/b")),
    "source": ((_OBJECT, "text"), ("sources", "sources")),
    "answer": ((_OBJECT, "prompt"),),
}
_FOLDED: dict[FormKind, tuple[str, ...]] = {
    "review": ("topic", "sources", "checks"),
    "preference": ("topic", "sources", "checks"),
    "source": ("topic", "checks"),
    "answer": ("topic",),
}
_HEADED = {
    "score-positions": "scores",
    "reasons": "not-accepting",
    "counter-url": "counter",
    "source1-url": "source1",
    "source2-url": "source2",
    "source3-url": "source3",
}
_HINTED = {
    "score-positions": "scores/hint",
    "rationale": "rationale/hint",
    "comparison": "comparison/hint",
    "evidence": "evidence/hint",
    "answer": "answer/hint",
    "origin": "origin/hint",
    "grant": "grant/hint",
}


def _add(parent: ElementTree.Element, tag: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, tag, attributes)


def _add_field(root: ElementTree.Element, field: Field, language: str) -> None:
    if (heading := _HEADED.get(field.name)) is not None:
        _add(root, "Header", value=say(heading, language), size="5")
    _add(root, "Header", value=say(_title(field.name), language), size="6")
    if (hint := _HINTED.get(field.name)) is not None:
        _add(root, "Header", value=say(hint, language), size="6", underline="false")
    attributes = {"name": field.name, "toName": _OBJECT}
    if field.required:
        attributes |= {"required": "true", "requiredMessage": say("required", language)}
    if field.type == "rating":
        attributes |= {"maxRating": "5"}
    elif field.type == "textarea":
        attributes |= {"maxSubmissions": "1", "editable": "true", "rows": str(field.rows)}
    else:
        attributes |= {"choice": "multiple" if field.several else "single-radio", "showInline": "false"}
        if field.from_task:
            attributes |= {"value": "$positions"}
    control = _add(root, _TAGS[field.type], **attributes)
    for code in field.codes:
        _add(control, "Choice", value=say(f"{field.name}/{code}", language), alias=code)


def title_of(path: str, language: str) -> str:
    """What a form calls the field that a path names: of an answer, or of what it becomes; empty where none does."""
    first, _, rest = path.partition(".")
    number, _, part = rest.partition(".")
    name = {
        "scores": f"score-{rest}",
        "counter_source": f"counter-{rest or 'url'}",
        "sources": f"source{int(number) + 1}-{part or 'url'}" if number.isdecimal() else "",
        "messages": "answer",
    }.get(first, first)
    known = any(field.name == name for fields in FORMS.values() for field in fields)
    return say(_title(name), language) if known else ""


def _title(name: str) -> str:
    if name.startswith("score-"):
        return f"score/{name.removeprefix('score-')}"
    first, _, part = name.partition("-")
    if part in SOURCE_PARTS and first in ("counter", "source1", "source2", "source3"):
        return f"source/{part}"
    return name


def config_digest(config: str) -> str:
    """SHA-256 of a label configuration, to tell whether a project has the one of this version."""
    return hashlib.sha256(config.encode()).hexdigest()


# --- reading an answer ------------------------------------------------------------------------------------------------

Answers = dict[str, Any]
"""Field → its answer: a code, a list of codes, a whole number, or a text. What was not answered is left out."""


def read_result(form: FormKind, result: object, positions: Sequence[str]) -> Answers:
    """The answers in an annotation's `result`. Raises InvalidInput naming the field.

    Args:
        form: the form that was shown.
        result: what Label Studio has; it may be anything.
        positions: the topic's positions, which fields with `from_task` offer.
    """
    if not isinstance(result, list) or len(result) > 2 * len(FORMS[form]):
        raise InvalidInput("the annotation is no list of answers", where="result")
    fields = {field.name: field for field in FORMS[form]}
    found: Answers = {}
    for item in result:
        name = item.get("from_name") if isinstance(item, Mapping) else None
        field = fields.get(name) if isinstance(name, str) else None
        if field is None:
            raise InvalidInput("the annotation answers a field that the form does not have", where="result")
        if field.name in found:
            raise InvalidInput("it is answered twice", where=field.name)
        found[field.name] = _read(field, item, positions)
    answers = {name: value for name, value in found.items() if value not in (None, "", [])}
    for field in FORMS[form]:
        if field.required and field.name not in answers and PASS not in answers.values():
            raise InvalidInput("it is not answered, and it has to be", where=field.name)
    return answers


def _read(field: Field, item: Mapping[str, Any], positions: Sequence[str]) -> Any:
    value = item.get("value")
    if item.get("type") != field.type or not isinstance(value, Mapping):
        raise InvalidInput(f"it is no answer of the type {field.type}", where=field.name)
    if field.type == "rating":
        return _rating(field, value.get("rating"))
    if field.type == "textarea":
        return _text(field, value.get("text"))
    return _choices(field, value.get("choices"), positions if field.from_task else field.codes)


def _rating(field: Field, rating: object) -> int | None:
    if isinstance(rating, bool) or not isinstance(rating, (int, float)) or rating not in range(6):
        raise InvalidInput("a score is a whole number from 1 to 5", where=field.name)
    return int(rating) or None


def _text(field: Field, text: object) -> str:
    parts = [text] if isinstance(text, str) else text
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise InvalidInput("it is no text", where=field.name)
    whole = "\n\n".join(part.strip() for part in parts if part.strip())
    if len(whole) > _MOST_TEXT:
        raise InvalidInput(f"a text has {_MOST_TEXT} characters at most", where=field.name)
    return whole


def _choices(field: Field, chosen: object, offered: Sequence[str]) -> str | list[str] | None:
    if not isinstance(chosen, list) or not all(isinstance(choice, str) for choice in chosen):
        raise InvalidInput("it is no list of choices", where=field.name)
    if any(choice not in offered for choice in chosen):
        raise InvalidInput("a choice is not one of those that the form offers", where=field.name)
    if len(set(chosen)) != len(chosen) or (len(chosen) > 1 and not field.several):
        raise InvalidInput("it has more than one choice, or one twice", where=field.name)
    if field.several:
        return list(chosen)
    return chosen[0] if chosen else None
