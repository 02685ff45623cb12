"""What a proposal about a topic says, part by part: each text in every language, beside what is in force.

Rules that always hold:
- who judges a proposal sees every word of it, in every language, and what it would replace;
- the order is that of the topic: its own texts, then each perspective, then each position.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from curation.writing import LoadedExamples
from curation_api.public import Shown
from curation_schemas.commons import changes_between
from curation_schemas.definition import Topic

What = Literal[
    "label", "scope", "disputed_terms", "sensitivity", "perspective", "required", "position", "held_by", "statement"
]
Said = dict[str, str]
"""Texts by language; what is in no language stands under the empty one."""
Change = Literal["same", "gone", "new"]
# A Chinese or Japanese character is a word of its own here: their words have no blanks between them.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+|\s+|[^\w\s]")
_MOST_WORDS = 4_000
"""Blanks and signs counted too. Comparing takes some ten milliseconds then."""


@dataclass(frozen=True, slots=True)
class Line:
    """One text in one language: as it is in force (None: it is not there), and as it would be (None: it goes)."""

    language: str
    before: str | None
    after: str | None

    @property
    def pieces(self) -> list[tuple[Change, str]]:
        """The words of both, in order: those that stay, those that go and those that come."""
        return compare_words(self.before or "", self.after or "")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a topic: what it is, the name of the perspective or position, and its lines."""

    what: What
    name: str
    lines: list[Line]


def parts_of(base: Topic | None, topic: Topic) -> list[Part]:
    """Every part that differs from the topic in force; of a new topic, every part."""
    before = dict(_said(base)) if base else {}
    after = dict(_said(topic))
    found = []
    for what, name in {**before, **after}:
        old, new = before.get((what, name), {}), after.get((what, name), {})
        lines = [Line(tag, old.get(tag), new.get(tag)) for tag in {**old, **new} if old.get(tag) != new.get(tag)]
        if lines:
            found.append(Part(what, name, lines))
    return found


def _said(topic: Topic) -> Iterator[tuple[tuple[What, str], Said]]:
    yield ("label", ""), topic.label
    yield ("scope", ""), topic.scope
    yield ("disputed_terms", ""), topic.disputed_terms
    yield ("sensitivity", ""), {"": topic.sensitivity}
    for perspective in topic.perspectives:
        yield ("perspective", perspective.id), perspective.label
        yield ("required", perspective.id), {"": "yes" if perspective.required else "no"}
    for position in topic.positions:
        yield ("position", position.id), position.label
        yield ("statement", position.id), position.statement
        yield ("held_by", position.id), {"": position.held_by}


def compare_words(before: str, after: str) -> list[tuple[Change, str]]:
    """What of a text stays, goes and comes, word by word; of very long texts, as a whole."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    if len(old) + len(new) > _MOST_WORDS:
        return [("gone", before), ("new", after)]
    found: list[tuple[Change, str]] = []
    for act, a, b, c, d in difflib.SequenceMatcher(None, old, new).get_opcodes():
        if act == "equal":
            found.append(("same", "".join(old[a:b])))
        else:
            pieces: list[tuple[Change, str]] = [("gone", "".join(old[a:b])), ("new", "".join(new[c:d]))]
            found += [piece for piece in pieces if piece[1]]
    return found


def bases_of(loaded: LoadedExamples, shown: Shown) -> dict[str, Topic]:
    """Revision of a proposal about a topic → the definition that it amends. A new topic amends none."""
    known = loaded.definitions.topic_by_leaf
    found = {item.leaf: known.get(item.event.definition) for item in shown.history.revisions}
    return {leaf: base.content for leaf, base in found.items() if base is not None}


def changes_nothing(base: Topic | None, topic: Topic) -> bool:
    """Whether a proposal is the topic in force."""
    return base is not None and not changes_between(base, topic)
