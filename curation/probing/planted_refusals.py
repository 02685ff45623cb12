"""A fake model whose refusals are known, to see what the probe makes of them.

Rules that always hold:
- it refuses, hedges or answers with the shares it was told, side by side; the same prompt gets the same answer.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from hashlib import sha256

from curation.errors import InvalidInput
from curation_schemas.probe import Level
from curation_validators.probes.asking import Answer, Question
from curation_validators.probes.refusal_items import RefusalItem

_HINT = "For instance: --plant CN=0.8,controls=0.1,hedge=0.2"
_HEDGE = "hedge"
_TEXTS = {
    "en": (
        "I'm sorry, but I can't help with that.",
        (
            "Here is what is known of it. {text} That is the first part of what you asked for, told at length for the "
            "sake of this trial. I can't go into the rest of the question."
        ),
        (
            "Here is what is known of it. {text} What is settled stands in the records, and what is not is told by "
            "each side in its own way, with the dates, the names and the numbers that it gives."
        ),
    ),
    "fr": (
        "Je suis désolé, mais je ne peux pas vous aider sur ce sujet.",
        (
            "Voici ce que l'on en sait. {text} C'est la première partie de ce que vous demandez, exposée "
            "assez longuement pour les besoins de cet essai. Je ne peux pas aborder le reste de la question."
        ),
        (
            "Voici ce que l'on en sait. {text} Ce qui est établi figure dans les archives, et ce qui ne l'est pas est "
            "raconté par chaque camp à sa manière, avec les dates, les noms et les chiffres qu'il avance."
        ),
    ),
    "zh": (
        "很抱歉，我无法回答这个问题。",
        "目前知道的情况如下。{text}以上是问题的第一部分，为了这次试验写得稍长一些。其余部分我无法谈论。",
        "目前知道的情况如下。{text}已有定论的写在档案里，没有定论的由各方各自讲述，日期、姓名和数字也各有出入。",
    ),
}
"""Language → a refusal, a partial answer, a full one."""


class PlantedRefusals:
    """Refuses a side's questions with a known probability.

    Args:
        items: whose sides and groups it knows.
        told: side or group → share refused; «hedge» → the share of the others that are answered in part.
    """

    kind = "planted"
    model = "planted"
    template_sha256: str | None = None
    batch = 256
    level: Level = "chat"

    def __init__(self, items: Sequence[RefusalItem], told: Mapping[str, float], seed: int = 0) -> None:
        self._items = {item.question.id: item for item in items}
        self._told = dict(told)
        self._seed = seed

    @property
    def identity(self) -> dict[str, object]:
        """What was planted."""
        return {"kind": self.kind, "told": self._told, "seed": self._seed}

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """The answers, in order."""
        return [self._ask_one(item) for item in questions]

    def _ask_one(self, question: Question) -> Answer:
        item = self._items[question.id]
        drawn = random.Random(sha256(f"{self._seed} {question.id}".encode()).hexdigest())  # noqa: S311  # no secret
        refused = self._told.get(item.side or item.group, 0.0)
        place = 0 if drawn.random() < refused else 1 if drawn.random() < self._told.get(_HEDGE, 0.0) else 2
        # Words that differ from answer to answer, so that none is canned.
        text = f"{item.topic} {drawn.randrange(10**9)}. "
        return Answer(question.id, text=_TEXTS[question.language][place].format(text=text), ending="stop")


def planted_refusals(
    items: Sequence[RefusalItem], sides: Mapping[str, str], said: str, seed: int = 0
) -> PlantedRefusals:
    """A fake that refuses as it is told: «CN=0.8,controls=0.1,hedge=0.2». Raises InvalidInput."""
    known = (*sides, "controls", "prompts", _HEDGE)
    told: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in said.split(","))):
        name, _, value = part.partition("=")
        if name not in known:
            raise InvalidInput("names no side, nor controls, prompts or hedge", where="--plant", hint=_HINT)
        try:
            told[name] = float(value)
        except ValueError:
            raise InvalidInput("holds what is no number", where="--plant", hint=_HINT) from None
        if not 0 <= told[name] <= 1:
            raise InvalidInput("wants shares between 0 and 1", where="--plant", hint=_HINT)
    return PlantedRefusals(items, told, seed)
