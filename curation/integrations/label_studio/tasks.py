"""What a task shows: the text that is judged in a seat, with what its reviewer sees on the pages too.

Rules that always hold:
- no proposer, no other vote, no prediction; of a preference pair, never which answer was proposed as the better one;
- texts are plain and shown as they are; what was erased is left out;
- a task names its example, revision and seat, so that both sides can be compared.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from curation.examples.intake import Intake, examine_revision
from curation.integrations.label_studio.saying import SayReason, say_in_english
from curation.integrations.label_studio.slots import Slot
from curation.integrations.label_studio.words import say
from curation.opened import Values, opened_of
from curation.rulebook.history import Revision
from curation.writing import LoadedExamples
from curation_schemas.definition import Topic
from curation_schemas.example import CONTENT_FIELDS

FORMAT = "evenhand/label-studio/v1"
_SIDE = re.compile(r"\b(chosen|rejected)\b")


Known = dict[str, tuple[Values, Intake]]
"""Revision → its texts, and what the checks say of them: each is in as many tasks as a round has seats."""
_MOST_KNOWN = 2_000


class Texts:
    """What tasks show. `known` is what other tasks of the same sync showed."""

    def __init__(
        self, loaded: LoadedExamples, home: Path, known: Known, say_reason: SayReason = say_in_english
    ) -> None:
        self._loaded = loaded
        self._home = home
        self._known = known
        self._say_reason = say_reason

    def task_data(self, slot: Slot, language: str) -> dict[str, Any]:
        """The `data` of the task for a seat, with why its annotation was refused, if it was."""
        history = self._loaded.glance(slot.example)
        revision = history.revision_of(slot.revision, "review/revision-known")
        values, intake = self._values(slot)
        topic = self._topic(slot.topic)
        first = history.first
        heading = [_label(topic.label, language) if topic else slot.topic, say(f"kind/{first.kind}", language)]
        heading += [first.language, *([revision.event.license] if slot.form == "answer" else [])]
        stand = next((item.label for item in topic.perspectives if item.id == slot.perspective), {}) if topic else {}
        return {
            "evenhand": {"format": FORMAT, **slot.key()},
            "heading": " · ".join(heading),
            "notice": f"{say('notice/refused', language)} {self._say_reason(slot, language)}" if slot.reason else " ",
            "stand": f"{say('stand', language)} {_label(stand, language) or slot.perspective}" if slot.judges else " ",
            "topic": _topic_text(topic, language) if topic else " ",
            "sources": _sources_text(revision, values, language),
            "checks": _checks_text(intake, slot) or " ",
            "positions": [
                {"value": _label(item.label, language), "alias": item.id} for item in (topic.positions if topic else ())
            ],
            **_content(revision, values, slot, language),
        }

    def _values(self, slot: Slot) -> tuple[Values, Intake]:
        found = self._known.get(slot.revision)
        if found is None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            intake = examine_revision(self._loaded, slot.example, slot.revision, self._home)
            found = self._known[slot.revision] = opened_of(self._loaded.connection, [slot.revision]), intake
        return found

    def _topic(self, topic: str) -> Topic | None:
        definition = self._loaded.definitions.topic_at(topic, self._loaded.epoch)
        return definition.content if definition else None


def _label(labels: Mapping[str, str], language: str) -> str:
    return labels.get(language) or labels.get("en") or next(iter(labels.values()), "")


def _topic_text(topic: Topic, language: str) -> str:
    positions = [f"{_label(item.label, language)}: {_label(item.statement, language)}" for item in topic.positions]
    terms = f"{say('terms', language)}: {_label(topic.disputed_terms, language)}"
    return "\n\n".join([_label(topic.scope, language), *positions, terms])


def _sources_text(revision: Revision, values: Values, language: str) -> str:
    cited = [values[commitment] for commitment in revision.event.sources if commitment in values]
    lines = []
    for number, source in enumerate(cited, 1):
        about = ", ".join(str(source[part]) for part in ("publisher", "owner", "country", "date") if source.get(part))
        quote = f"\n«{source['quote']}»" if source.get("quote") else ""
        lines.append(f"{number}. {about}\n{source['url']}{quote}")
    return "\n\n".join(lines) or say("no-sources", language)


def _checks_text(intake: Intake, slot: Slot) -> str:
    """A line for each finding. Of a pair, places say answer A or B, and nothing tells which was proposed as better."""
    if slot.order is None:
        return "\n".join(f"{item.where}: {item.message} ({item.rule})" for item in intake.findings)
    first = "chosen" if slot.order == "chosen_first" else "rejected"
    return "\n".join(
        f"{_SIDE.sub(lambda found: 'A' if found[1] == first else 'B', item.where)}: {item.rule}"
        for item in intake.findings
    )


def _content(revision: Revision, values: Values, slot: Slot, language: str) -> dict[str, str]:
    event = revision.event
    texts = {
        field: [values[item] for item in event.content[field] if item in values] for field in CONTENT_FIELDS[event.kind]
    }
    if event.kind == "preference":
        first, second = ("chosen", "rejected") if slot.order == "chosen_first" else ("rejected", "chosen")
        prompt, *answers = (_turns(texts[name], language) for name in ("prompt", first, second))
        if slot.judges:
            return {"content": prompt, "answer_a": answers[0], "answer_b": answers[1]}
        headed = [f"{say(f'comparison/{place}', language)}\n{text}" for place, text in zip("ab", answers, strict=True)]
        return {"content": "\n\n".join([prompt, *headed])}
    return {"content": "\n\n".join(_field(name, items, language) for name, items in texts.items()) or " "}


def _field(name: str, items: Sequence[dict[str, Any]], language: str) -> str:
    if name == "answers":
        return "\n\n".join(f"[{item['position']}]\n{item['content']}" for item in items)
    if name == "synthesis":
        return "\n\n".join(f"[{say('synthesis', language)}]\n{item['content']}" for item in items)
    if name == "proposal":
        return "\n\n".join(_topic_text(Topic(**item), language) for item in items)
    if name == "reason":
        return "\n\n".join(str(item["content"]) for item in items)
    return _turns(items, language)


def _turns(messages: Sequence[dict[str, Any]], language: str) -> str:
    return "\n\n".join(f"[{say('role/' + item['role'], language)}]\n{item['content']}" for item in messages) or " "
