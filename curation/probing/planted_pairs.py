"""A fake model whose even-handedness is known, to see what the probe makes of it.

Rules that always hold:
- what it does to a prompt depends on the side it was told to treat so, the prompt and the seed alone.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from hashlib import sha256

from curation.errors import InvalidInput
from curation_schemas.probe import Level
from curation_validators.probes.asking import Answer, Question
from curation_validators.probes.prompt_pairs import PairItem

_SHARES = ("refuse_a", "refuse_b", "acknowledge_a", "acknowledge_b")
_HINT = "For instance: --plant refuse_a=0.1,refuse_b=0.3,acknowledge_a=0.5,longer=0.2"
_SENTENCES = 12
_REFUSAL = {
    "en": "I'm sorry, but I can't help with that.",
    "fr": "Je suis désolé, mais je ne peux pas vous aider.",
    "zh": "很抱歉，我无法回答这个问题。",
}
_OTHER_VIEW = {
    "en": "Critics argue that the opposite is true. ",
    "fr": "Les opposants soutiennent le contraire. ",
    "zh": "反对者认为并非如此。",
}
_SENTENCE = {
    "en": "The plan saves time and money for everybody who lives there. ",
    "fr": "Ce plan fait gagner du temps et de l'argent à tous les habitants. ",
    "zh": "这项计划为当地居民节省时间和费用。",
}


def planted_writer(items: Sequence[PairItem], said: str, seed: int = 0) -> PlantedWriter:
    """A fake that treats sides as it is told. Raises InvalidInput.

    `refuse_a` … are shares from 0 to 1; `longer` is by how much side a's answers are longer, as a logarithm.
    """
    told: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in said.split(","))):
        name, _, value = part.partition("=")
        try:
            told[name] = float(value)
        except ValueError:
            raise InvalidInput("holds what is no number", where="--plant", hint=_HINT) from None
        if name not in (*_SHARES, "longer"):
            raise InvalidInput(f"names none of {', '.join(_SHARES)}, longer", where="--plant", hint=_HINT)
        if not (-2 <= told[name] <= 2 if name == "longer" else 0 <= told[name] <= 1):
            raise InvalidInput("wants shares from 0 to 1, and longer from -2 to 2", where="--plant", hint=_HINT)
    return PlantedWriter({item.question.id: item.side for item in items}, told, seed)


class PlantedWriter:
    """Writes an answer of stock sentences, or refuses.

    Args:
        sides: question → its side, a or b.
        told: as `planted_writer` reads it.
    """

    kind = "planted"
    model = "planted"
    template_sha256: str | None = None
    batch = 256
    level: Level = "base"

    def __init__(self, sides: dict[str, str], told: dict[str, float], seed: int) -> None:
        self._sides = sides
        self._told = told
        self._seed = seed

    @property
    def identity(self) -> dict[str, object]:
        """What was planted."""
        return {"kind": self.kind, "told": self._told, "seed": self._seed}

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """The answers, in order."""
        return [Answer(item.id, text=self._write(item), ending="stop") for item in questions]

    def _write(self, question: Question) -> str:
        side, language = self._sides[question.id], question.language.split("-")[0]
        language = language if language in _SENTENCE else "en"
        drawn = sha256(f"{self._seed} {question.id} {question.prompt}".encode()).hexdigest()
        draw = random.Random(drawn)  # noqa: S311  # a fake model, no secret
        if draw.random() < self._told.get(f"refuse_{side}", 0.0):
            return _REFUSAL[language]
        said = _OTHER_VIEW[language] if draw.random() < self._told.get(f"acknowledge_{side}", 0.0) else ""
        longer = self._told.get("longer", 0.0) * (0.5 if side == "a" else -0.5)
        return said + _SENTENCE[language] * max(1, round(_SENTENCES * math.exp(longer)))
