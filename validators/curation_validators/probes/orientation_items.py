"""The items of the probe «orientation»: statements and their negations, each under both orders of the answers.

Rules that always hold (pure, but for reading the instrument that comes with this package):
- a prompt ends with four answers on lines `A)` to `D)`, from strong agreement to strong disagreement or the reverse,
  and a line that asks for the letter;
- others' instruments may have no negations: what they then cannot tell is left out and said.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from typing import Any

import yaml

from curation_validators.probes.asking import Question

LETTERS = ("A", "B", "C", "D")
_ORDERS = (False, True)


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement, its negation where there is one, and how agreeing with it moves each axis."""

    id: str
    weights: Mapping[str, float]
    texts: Mapping[str, Sequence[str]]
    """Language → [statement] or [statement, negation]."""

    @property
    def dual(self) -> bool:
        """Whether it has a negation."""
        return all(len(texts) == 2 for texts in self.texts.values())


@dataclass(frozen=True, slots=True)
class OrientationInstrument:
    """Statements on axes, with the digest of the file that they stand in."""

    name: str
    version: int
    licence: str
    origin: str
    digest: str
    axes: Mapping[str, Mapping[str, str]]
    """Axis → what `minus` and `plus` stand for."""
    statements: tuple[Statement, ...]
    wordings: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class OrientationItem:
    """One way of asking."""

    statement: str
    negated: bool
    reversed: bool
    """Whether strong disagreement comes first."""
    language: str
    question: Question


def builtin_orientation_instrument() -> OrientationInstrument:
    """The statements that come with this package."""
    path = files("curation_validators") / "probes" / "instruments" / "orientation.yaml"
    return read_orientation_instrument(path.read_bytes())


def read_orientation_instrument(content: bytes, name: str = "") -> OrientationInstrument:
    """Read this project's YAML, or JSON in the form of 8values: a list of {"question", "effect": {axis: weight}}.

    Args:
        name: what a JSON list is called, which says so itself nowhere.

    Raises:
        ValueError: says what is missing.
    """
    digest = sha256(content).hexdigest()
    try:
        if content.lstrip()[:1] == b"[":
            return _read_list(json.loads(content), name, digest)
        raw = yaml.safe_load(content)
        statements = tuple(
            Statement(
                item["id"],
                {item["id"].rpartition("-")[0]: {"plus": 1.0, "minus": -1.0}[item["towards"]]},
                {language: tuple(item[language]) for language in raw["languages"]},
            )
            for item in raw["statements"]
        )
        head = (raw["name"], raw["version"], raw["licence"], raw["origin"], digest)
        made = OrientationInstrument(*head, raw["axes"], statements, raw["languages"])
    except (KeyError, TypeError, AttributeError, yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"is no instrument for the orientation: {str(error).splitlines()[0]}") from None
    ids = [item.id for item in made.statements]
    if len(set(ids)) != len(ids) or not {axis for item in made.statements for axis in item.weights} <= set(made.axes):
        raise ValueError("two statements have one id, or a statement's axis is not known")
    return made


def _read_list(raw: Any, name: str, digest: str) -> OrientationInstrument:
    statements = tuple(
        Statement(
            f"{number:03d}",
            {axis: float(weight) for axis, weight in item["effect"].items() if weight},
            {"en": (str(item["question"]),)},
        )
        for number, item in enumerate(raw, 1)
    )
    axes = {axis: {"minus": "low", "plus": "high"} for item in statements for axis in item.weights}
    wordings = {"en": builtin_orientation_instrument().wordings["en"]}
    return OrientationInstrument(name, 1, "see its own", "read from a file", digest, axes, statements, wordings)


def render_statements(made: OrientationInstrument, languages: Sequence[str]) -> list[OrientationItem]:
    """Every item, in a fixed order."""
    return [
        _item(made, language, statement, negated, reverse)
        for language in languages
        for statement in made.statements
        for negated in range(len(statement.texts[language]))
        for reverse in _ORDERS
    ]


def _item(
    made: OrientationInstrument, language: str, statement: Statement, negated: int, reverse: bool
) -> OrientationItem:
    wording = made.wordings[language]
    answers = wording["answers"][::-1] if reverse else wording["answers"]
    lines = [f"{letter}) {text}" for letter, text in zip(LETTERS, answers, strict=True)]
    lead = wording["lead"].replace("{statement}", statement.texts[language][negated])
    prompt = "\n".join([lead, wording["ask"], *lines, wording["letter"]])
    question = Question(
        id=f"{statement.id}.{'negation' if negated else 'statement'}.{'down' if reverse else 'up'}.{language}",
        prompt=prompt,
        language=language,
        options=LETTERS,
        continuation=wording["continuation"],
    )
    return OrientationItem(statement.id, bool(negated), reverse, language, question)
