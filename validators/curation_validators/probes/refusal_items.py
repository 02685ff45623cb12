"""The items of the probe «refusals»: pairs of contested questions, neutral controls, or anybody's list of prompts.

Rules that always hold (pure, but for reading the instrument that comes with this package):
- a pair asks two sides the same kind of question, in every language;
- a list of prompts has no sides: rates are told, differences between sides are not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

import yaml

from curation_schemas.probe_refusals import GroupName
from curation_validators.probes.answer_language import answer_language
from curation_validators.probes.asking import Question

LANGUAGES = ("en", "fr", "zh")
MAX_TOKENS = 512


@dataclass(frozen=True, slots=True)
class Side:
    """One half of a pair."""

    side: str
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TopicPair:
    """The same kind of question about two sides."""

    id: str
    kind: str
    sides: tuple[Side, Side]
    disputed: tuple[str, ...] = ()
    """What names the sides dispute, and how the questions deal with it."""


@dataclass(frozen=True, slots=True)
class Control:
    """A question that nobody disputes."""

    id: str
    kind: str
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RefusalInstrument:
    """Pairs and controls, with the digest of the file that they stand in."""

    name: str
    version: int
    licence: str
    origin: str
    digest: str
    max_tokens: int
    sides: Mapping[str, str]
    """Side → what it is called."""
    pairs: tuple[TopicPair, ...]
    controls: tuple[Control, ...]

    @property
    def topics(self) -> int:
        """How many questions there are in each language."""
        return 2 * len(self.pairs) + len(self.controls)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalItem:
    """One question. `pair`, `side` and `mirror` (the other side) are of contested ones."""

    topic: str
    group: GroupName
    language: str
    question: Question
    pair: str | None = None
    side: str | None = None
    mirror: str | None = None


@dataclass(frozen=True, slots=True)
class PromptList:
    """Somebody's prompts, with the digest of where they stand."""

    name: str
    digest: str
    items: tuple[RefusalItem, ...]
    left_out: int = 0
    """Prompts of several messages: a probe asks one."""
    version: int = 1


@cache
def builtin_refusal_instrument() -> RefusalInstrument:
    """The questions that come with this package."""
    path = files("curation_validators") / "probes" / "instruments" / "refusals.yaml"
    return read_refusal_instrument(path.read_bytes())


def read_refusal_instrument(content: bytes) -> RefusalInstrument:
    """Read the YAML of an instrument. Raises ValueError, which says what is missing."""
    try:
        raw = yaml.safe_load(content)
        made = RefusalInstrument(
            name=raw["name"],
            version=raw["version"],
            licence=raw["licence"],
            origin=raw["origin"],
            digest=sha256(content).hexdigest(),
            max_tokens=int(raw["max_tokens"]),
            sides=dict(raw["sides"]),
            pairs=tuple(_pair(item) for item in raw["pairs"]),
            controls=tuple(Control(item["id"], item["kind"], _texts(item)) for item in raw["controls"]),
        )
    except (KeyError, TypeError, AttributeError, yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"is no instrument for refusals: {str(error).splitlines()[0]}") from None
    _check(made)
    return made


def _pair(raw: Mapping[str, Any]) -> TopicPair:
    one, other = (Side(raw[place]["side"], _texts(raw[place])) for place in "ab")
    return TopicPair(raw["id"], raw["kind"], (one, other), tuple(raw.get("disputed", ())))


def _texts(raw: Mapping[str, Any]) -> dict[str, str]:
    return {language: str(raw[language]) for language in LANGUAGES}


def _check(made: RefusalInstrument) -> None:
    ids = [item.id for item in made.pairs] + [item.id for item in made.controls]
    if len(set(ids)) != len(ids):
        raise ValueError("two pairs or controls have one id")
    for pair in made.pairs:
        one, other = (half.side for half in pair.sides)
        if one == other or not {one, other} <= set(made.sides):
            raise ValueError(f"pair «{pair.id}» does not name two known sides")
    if made.max_tokens < 1:
        raise ValueError("max_tokens is under 1")


def render_topics(made: RefusalInstrument, languages: Sequence[str]) -> list[RefusalItem]:
    """Every item, in a fixed order: language, pairs, controls."""
    items = []
    for language in languages:
        for pair in made.pairs:
            for half, other in (pair.sides, pair.sides[::-1]):
                topic = f"{pair.id}.{half.side}"
                question = _question(topic, half.texts[language], language, made.max_tokens)
                items.append(
                    RefusalItem(
                        topic=topic,
                        group="contested",
                        language=language,
                        question=question,
                        pair=pair.id,
                        side=half.side,
                        mirror=other.side,
                    )
                )
        for control in made.controls:
            question = _question(control.id, control.texts[language], language, made.max_tokens)
            items.append(RefusalItem(topic=control.id, group="controls", language=language, question=question))
    return items


def _question(topic: str, prompt: str, language: str, max_tokens: int) -> Question:
    return Question(id=f"{topic}.{language}", prompt=prompt, language=language, options=(), max_tokens=max_tokens)


def read_prompts(content: bytes, name: str, languages: Iterable[str] = LANGUAGES) -> PromptList:
    """Prompts from a file: one a line, or JSON lines {"prompt": …} with "id" and "language" where they are known.

    The language of a line that does not say it is told by its script and words, English where they do not tell.

    Raises:
        ValueError: names the line.
    """
    try:
        lines = [line.strip() for line in content.decode("utf-8-sig").splitlines()]
    except UnicodeDecodeError:
        raise ValueError("is no text in UTF-8") from None
    known, items = list(languages), []
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        prompt, language, given = _read_prompt(line, number)
        if language in known:
            topic = given or f"{number:05d}"
            items.append(prompt_item(topic, prompt, language))
    ids = {item.question.id for item in items}
    if len(ids) != len(items):
        raise ValueError("two prompts have one id")
    return PromptList(name, sha256(content).hexdigest(), tuple(items))


def with_max_tokens(item: RefusalItem, max_tokens: int) -> RefusalItem:
    """The same question, with an answer of at most so many tokens."""
    return replace(item, question=replace(item.question, max_tokens=max_tokens))


def prompt_item(topic: str, prompt: str, language: str) -> RefusalItem:
    """A prompt that belongs to no pair."""
    return RefusalItem(
        topic=topic, group="prompts", language=language, question=_question(topic, prompt, language, MAX_TOKENS)
    )


def _read_prompt(line: str, number: int) -> tuple[str, str, str | None]:
    if not line.startswith("{"):
        return line, _language_of(line), None
    try:
        said = json.loads(line)
        prompt, language, given = said["prompt"], said.get("language"), said.get("id")
    except (ValueError, KeyError, AttributeError, RecursionError):
        raise ValueError(f"line {number} is no prompt: it wants {{'prompt': …}}") from None
    if not isinstance(prompt, str) or not prompt.strip() or not isinstance(given, str | None):
        raise ValueError(f"line {number} is no prompt: «prompt» and «id» are texts")
    if language is None:
        return prompt, _language_of(prompt), given
    if not isinstance(language, str) or language.split("-")[0] not in LANGUAGES:
        raise ValueError(f"line {number} has a language without rules: there are {', '.join(LANGUAGES)}")
    return prompt, language.split("-")[0], given


def _language_of(prompt: str) -> str:
    found = answer_language(prompt, "en")
    return found if found in LANGUAGES else "en"
