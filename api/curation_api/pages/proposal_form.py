"""The form for an example of any kind: from fields to a wire model's plain data, and from an example to fields.

Rules that always hold:
- nothing is judged here: what the form says goes to the wire model as it is, blanks apart;
- a source of which nothing was filled in is left out; so is an empty turn at the end.
"""

from __future__ import annotations

import re
from typing import Any

from curation_api.pages.visit import Form
from curation_api.views import ExampleView

KINDS = ("sft", "preference", "pluralistic", "prompt")
SOURCE_FIELDS = ("url", "publisher", "owner", "country", "language", "date", "quote", "archive_url")
_OPTIONAL = frozenset({"quote", "archive_url"})
MAX_SOURCES, MAX_TURNS = 20, 20
_FIELDS = [
    (re.compile(r"messages\.(\d+)(?:\.content)?"), r"turn-\1"),
    (re.compile(r"sources\.(\d+)\.(\w+)"), r"source-\1-\2"),
    (re.compile(r"(prompt|chosen|rejected)(?:\.\d+.*)?"), r"\1"),
    (re.compile(r"origin\.(\w+)"), r"origin-\1"),
    (re.compile(r"mirrors\.\d+"), "mirrors"),
    (re.compile(r"counter_source\.(\w+)"), r"source-0-\1"),
]


def field_of(path: str, data: dict[str, Any]) -> str:
    """The form's field for a path of the wire model."""
    found = re.fullmatch(r"answers\.(\d+)\.content", path)
    if found is not None and int(found[1]) < len(data.get("answers", ())):
        return f"answer-{data['answers'][int(found[1])]['position']}"
    for pattern, field in _FIELDS:
        if (match := pattern.fullmatch(path)) is not None:
            return match.expand(field)
    return path


def count(form: Form, name: str, least: int, most: int) -> int:
    """How many blocks of fields the form has."""
    text = form.one(name)
    return min(max(int(text) if text.isdecimal() and len(text) < 4 else least, least), most)


def read_source(form: Form, number: int) -> dict[str, str] | None:
    """One source of the form; None where nothing of it was filled in (its language is chosen beforehand)."""
    fields = {name: form.one(f"source-{number}-{name}") for name in SOURCE_FIELDS}
    if not any(value for name, value in fields.items() if name != "language"):
        return None
    fields["country"] = fields["country"].upper()
    return {name: value for name, value in fields.items() if value or name not in _OPTIONAL}


_NOT_TYPED = frozenset({"form_token", "once", "do", "draft", "grant"})


def typed_fields(form: Form) -> list[tuple[str, str]]:
    """What a draft keeps of a form: what was typed and chosen, never the grant of a licence."""
    return [(name, text) for name, text in form.pairs() if name not in _NOT_TYPED]


def read_form(form: Form, topic: str, kind: str) -> dict[str, Any]:
    """The form as plain data, to be validated."""
    data: dict[str, Any] = {
        "kind": kind,
        "topic": topic,
        "language": form.one("language"),
        "positions": form.all("positions"),
        "framing": form.one("framing") or "neutral",
        "claims": form.all("claims"),
        "license": form.one("license"),
        "origin": _origin(form),
        "sources": [
            source
            for number in range(count(form, "sources", 1, MAX_SOURCES))
            if (source := read_source(form, number)) is not None
        ],
    }
    if form.one("group"):
        data["group"] = form.one("group")
    mirrors = form.one("mirrors").replace(",", " ").split()
    if mirrors:
        data["mirrors"] = mirrors
    if form.one("translation_of"):
        data["translation_of"] = form.one("translation_of")
    return data | _content(form, kind, data["positions"])


def _origin(form: Form) -> dict[str, str]:
    kind = form.one("origin")
    named = {name: form.one(f"origin-{name}") for name in ("model", "version")}
    return {"kind": kind} | {name: value for name, value in named.items() if value}


def _said(role: str, text: str) -> list[dict[str, str]]:
    return [{"role": role, "content": text.strip()}]


def _content(form: Form, kind: str, positions: list[str]) -> dict[str, Any]:
    if kind == "sft":
        texts = [form.typed(f"turn-{number}").strip() for number in range(count(form, "turns", 2, MAX_TURNS))]
        while len(texts) > 2 and not texts[-1] and not texts[-2]:
            del texts[-2:]
        return {"messages": [_said("assistant" if place % 2 else "user", text)[0] for place, text in enumerate(texts)]}
    prompt = {"prompt": _said("user", form.typed("prompt"))}
    if kind == "prompt":
        return prompt | {"use": form.one("use")}
    if kind == "preference":
        return prompt | {name: _said("assistant", form.typed(name)) for name in ("chosen", "rejected")}
    answers = [{"position": name, "content": form.typed(f"answer-{name}").strip()} for name in positions]
    return prompt | {"answers": answers, "synthesis": form.typed("synthesis").strip()}


def answering(view: ExampleView, kind: str) -> Form | None:
    """The form that begins with an open question's words, in its group; None where it has none that this kind can ask.

    The answer stands in the question's group, so that both fall into one split.
    """
    latest = view.revisions[-1]
    asked = (latest.text.content.prompt or []) if latest.text else []
    texts = [item.content for item in asked if item is not None]
    if not texts or len(texts) != len(asked) or kind == "prompt" or (len(texts) > 1 and kind != "sft"):
        return None
    if [item.role if item else "" for item in asked] != ["assistant" if n % 2 else "user" for n in range(len(asked))]:
        return None
    pairs = [("group", view.group), ("language", view.language), ("framing", latest.framing)]
    pairs += [("positions", item) for item in latest.positions] + [("claims", item) for item in latest.claims]
    pairs += [("origin", "human"), ("license", latest.license)]
    if kind != "sft":
        return Form([*pairs, ("prompt", texts[0])])
    return Form([*pairs, ("turns", str(len(texts) + 1)), *((f"turn-{n}", text) for n, text in enumerate(texts))])


def form_of_example(view: ExampleView) -> Form | None:
    """The form that an example's latest revision would have come from; None where its text is not there in full."""
    latest = view.revisions[-1]
    if latest.text is None or any(item is None for item in latest.text.sources):
        return None
    pairs = [("language", view.language), ("framing", latest.framing), ("license", latest.license)]
    pairs += [("positions", item) for item in latest.positions] + [("claims", item) for item in latest.claims]
    pairs += [("mirrors", " ".join(latest.mirrors)), ("translation_of", latest.translation_of or "")]
    if latest.use:
        pairs.append(("use", latest.use))
    if (origin := latest.text.origin) is not None:
        pairs += [
            ("origin", origin.kind),
            ("origin-model", origin.model or ""),
            ("origin-version", origin.version or ""),
        ]
    pairs.append(("sources", str(max(1, len(latest.text.sources)))))
    for number, source in enumerate(latest.text.sources):
        plain = source.model_dump() if source else {}
        pairs += [(f"source-{number}-{name}", str(plain.get(name) or "")) for name in SOURCE_FIELDS]
    content = _content_pairs(view)
    return Form(pairs + content) if content is not None else None


def _content_pairs(view: ExampleView) -> list[tuple[str, str]] | None:
    """The text's fields; None for what this form cannot hold (erased text, a system message, more than one turn)."""
    text = view.revisions[-1].text
    assert text is not None
    content = text.content
    pairs: list[tuple[str, str]] = []
    if view.kind == "sft":
        messages = content.messages or []
        roles = ["assistant" if place % 2 else "user" for place in range(len(messages))]
        if [item.role if item else None for item in messages] != roles:
            return None
        pairs = [(f"turn-{place}", item.content) for place, item in enumerate(messages) if item]
        return [*pairs, ("turns", str(len(messages)))]
    for name in ("prompt", "chosen", "rejected"):
        messages = getattr(content, name) or []
        if len(messages) > 1 or None in messages:
            return None
        pairs += [(name, item.content) for item in messages if item is not None]
    for answer in content.answers or []:
        if answer is None:
            return None
        pairs.append((f"answer-{answer.position}", answer.content))
    return [*pairs, ("synthesis", content.synthesis or "")]
