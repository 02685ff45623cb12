"""The items of the probe «geopolitical»: every scenario with every pair of countries, in both roles and both orders.

Rules that always hold (pure, but for reading the instrument that comes with this package):
- a prompt ends with the two options on lines `A) name` and `B) name` and a line that asks for the letter;
- of an unordered pair, each country stands as often in each role and behind each letter.

The design is that of arXiv 2605.23825, whose prompts are not published; the scenarios are this project's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from itertools import combinations
from typing import Any

import yaml

from curation_validators.probes.asking import Question

LETTERS = ("A", "B")
QUESTIONS = ("account", "position", "choice")
_FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Scenario:
    """An invented case with two roles, told in each language."""

    id: str
    kind: str
    question: str
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Wording:
    """What a language adds to a scenario; lists hold the paraphrases, in the same order."""

    lead: Sequence[str]
    ask: Sequence[str]
    continuation: str
    questions: Mapping[str, Sequence[str]]
    countries: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class LeanInstrument:
    """Scenarios, countries and wordings, with the digest of the file that they stand in."""

    name: str
    version: int
    licence: str
    origin: str
    digest: str
    countries: tuple[str, ...]
    kinds: tuple[str, ...]
    scenarios: tuple[Scenario, ...]
    wordings: Mapping[str, Wording]

    @property
    def paraphrases(self) -> int:
        """How many paraphrases every language has."""
        return min(len(wording.lead) for wording in self.wordings.values())


@dataclass(frozen=True, slots=True)
class LeanItem:
    """One way of asking: which country has role a, which role b, and which of the two stands behind letter A."""

    scenario: str
    language: str
    a: str
    b: str
    letter_a: str
    paraphrase: int
    question: Question

    @property
    def letter_b(self) -> str:
        """The country behind letter B."""
        return self.b if self.letter_a == self.a else self.a


def builtin_lean_instrument() -> LeanInstrument:
    """The scenarios that come with this package."""
    path = files("curation_validators") / "probes" / "instruments" / "geopolitical.yaml"
    return read_lean_instrument(path.read_bytes())


def read_lean_instrument(content: bytes) -> LeanInstrument:
    """Read an instrument's YAML. Raises ValueError, which says what is missing or not in balance."""
    try:
        raw = yaml.safe_load(content)
        wordings = {language: Wording(**fields) for language, fields in raw["languages"].items()}
        scenarios = tuple(
            Scenario(item["id"], item["kind"], item["question"], {language: item[language] for language in wordings})
            for item in raw["scenarios"]
        )
        made = LeanInstrument(
            raw["name"],
            raw["version"],
            raw["licence"],
            raw["origin"],
            sha256(content).hexdigest(),
            tuple(raw["countries"]),
            tuple(raw["kinds"]),
            scenarios,
            wordings,
        )
    except (KeyError, TypeError, AttributeError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"is no instrument for the geopolitical lean: {str(error).splitlines()[0]}") from None
    for fault in _faults(made):
        raise ValueError(fault)
    return made


def _faults(made: LeanInstrument) -> Iterator[str]:
    ids = [scenario.id for scenario in made.scenarios]
    if len(set(ids)) != len(ids):
        yield "two scenarios have one id"
    for scenario in made.scenarios:
        if scenario.kind not in made.kinds or scenario.question not in QUESTIONS:
            yield f"scenario {scenario.id}: unknown kind or question"
        for language, text in scenario.texts.items():
            fields = {name.lower()[-1] for name in _FIELD.findall(text)}
            if fields != {"a", "b"}:
                yield f"scenario {scenario.id}, {language}: names {sorted(fields)}, not each of the two countries"
    for language, wording in made.wordings.items():
        counts = {len(wording.lead), len(wording.ask), *(len(wording.questions[name]) for name in QUESTIONS)}
        if len(counts) > 1 or set(wording.countries) != set(made.countries):
            yield f"language {language}: paraphrases or countries are not complete"


def render_items(
    made: LeanInstrument, languages: Sequence[str], paraphrases: int = 1, scenarios: int | None = None
) -> list[LeanItem]:
    """Every item, in a fixed order.

    Args:
        languages: of the instrument's.
        paraphrases: of each question, 1 or more; as many times more items.
        scenarios: only so many, taken in turn from the kinds; None: all of them.
    """
    chosen = _in_turn(made)[:scenarios]
    return [
        _item(made, language, scenario, roles, letter_a, paraphrase)
        for language in languages
        for scenario in chosen
        for pair in combinations(made.countries, 2)
        for roles in (pair, pair[::-1])
        for letter_a in roles
        for paraphrase in range(paraphrases)
    ]


def _in_turn(made: LeanInstrument) -> list[Scenario]:
    """One scenario of each kind, then the next of each: what is cut off leaves the kinds in balance."""
    seen: dict[str, int] = {}
    places = {}
    for scenario in made.scenarios:
        places[scenario.id] = (seen.setdefault(scenario.kind, 0), made.kinds.index(scenario.kind))
        seen[scenario.kind] += 1
    return sorted(made.scenarios, key=lambda scenario: places[scenario.id])


def _item(
    made: LeanInstrument, language: str, scenario: Scenario, roles: tuple[str, str], letter_a: str, paraphrase: int
) -> LeanItem:
    wording = made.wordings[language]
    other = roles[1] if letter_a == roles[0] else roles[0]
    prompt = "\n".join(
        [
            f"{wording.lead[paraphrase]}{'' if language == 'zh' else ' '}{_told(scenario, wording, language, roles)}",
            wording.questions[scenario.question][paraphrase],
            f"A) {wording.countries[letter_a]['name']}",
            f"B) {wording.countries[other]['name']}",
            wording.ask[paraphrase],
        ]
    )
    name = f"{scenario.id}.{roles[0]}-{roles[1]}.{letter_a}.{language}.{paraphrase}"
    question = Question(id=name, prompt=prompt, language=language, options=LETTERS, continuation=wording.continuation)
    return LeanItem(scenario.id, language, *roles, letter_a, paraphrase, question)


def _told(scenario: Scenario, wording: Wording, language: str, roles: tuple[str, str]) -> str:
    """The scenario with its countries: {a} and {b}, {A} and {B} with a capital, {de_a} where a form differs."""

    def form(match: re.Match[str]) -> str:
        field = match[1]
        country = wording.countries[roles["ab".index(field[-1].lower())]]
        text = country[f"{field[:-1]}a".lower()]
        return text[0].upper() + text[1:] if field[-1].isupper() else text

    return _FIELD.sub(form, scenario.texts[language])


def items_digest(questions: Sequence[Question]) -> str:
    """SHA-256 over every prompt, its options and what joins them, or its text's length: what a report is bound to."""
    parts: list[Any] = [
        [item.id, item.prompt, item.continuation, *item.options, *([item.max_tokens] if item.free else [])]
        for item in questions
    ]
    return sha256("\n".join(map(repr, parts)).encode()).hexdigest()
