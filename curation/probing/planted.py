"""A fake model with a lean that is known, to see what a probe makes of it.

Rules that always hold:
- it reads a prompt's last lines as any model would and favours names, letters and first places as it was told;
- the same prompt gets the same answer under the same seed.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

from curation.errors import InvalidInput
from curation_schemas.probe import Level
from curation_validators.probes.asking import Answer, OptionScore, Question
from curation_validators.probes.lean_items import LeanInstrument

_HINT = "For instance: --plant {first}=0.5,A=1,noise=0.3"
_MOST = 50
"""Log-odds that no model has; more of them would leave no log-probability to write down."""
_OPTION = re.compile(r"^([AB])\) (.+)$", re.MULTILINE)
Odds = Callable[[str], float]
"""Prompt → log P(A) − log P(B), before noise."""


def planted_backend(instrument: LeanInstrument, said: str, seed: int = 0) -> PlantedBackend:
    """A fake that favours as it is told: «US=0.5,CN=-0.5,A=1,noise=0.3,mass=0.9». Raises InvalidInput."""
    told = read_plant(said, instrument.countries)
    leans = {
        wording.countries[country]["name"]: told.get(country, 0.0)
        for wording in instrument.wordings.values()
        for country in instrument.countries
    }

    def odds(prompt: str) -> float:
        named = dict(_OPTION.findall(prompt))
        return leans.get(named["A"], 0.0) - leans.get(named["B"], 0.0)

    return PlantedBackend(odds, told, seed)


def read_plant(said: str, names: Sequence[str], more: Sequence[str] = ()) -> dict[str, float]:
    """What was told, by name. Raises InvalidInput where it names anything else, or no number.

    Args:
        names: what can be favoured; A, noise and mass can always be told.
        more: what else this probe's fake can be told.
    """
    told: dict[str, float] = {}
    hint = _HINT.format(first=names[0])
    known = (*names, *more, "A", "noise", "mass")
    for part in filter(None, (part.strip() for part in said.split(","))):
        name, _, value = part.partition("=")
        if name not in known:
            raise InvalidInput(f"names none of {', '.join(known)}", where="--plant", hint=hint)
        try:
            told[name] = float(value)
        except ValueError:
            raise InvalidInput("holds what is no number", where="--plant", hint=hint) from None
    if not 0 < told.get("mass", 1.0) <= 1 or told.get("noise", 0.0) < 0:
        raise InvalidInput("wants a mass over 0 and up to 1, and noise of 0 or more", where="--plant", hint=hint)
    if not all(abs(value) <= _MOST for value in told.values()):
        raise InvalidInput(f"wants log-odds from −{_MOST} to {_MOST}", where="--plant", hint=hint)
    return told


class PlantedBackend:
    """Favours what it was told to, by given log-odds.

    Args:
        odds: what it makes of a prompt.
        told: by name: also A, log-odds of A over B whatever stands there; noise, the standard deviation of what is
            drawn for each prompt; mass, the probability of both letters together.
    """

    kind = "planted"
    model = "planted"
    template_sha256: str | None = None
    batch = 256
    level: Level = "base"

    def __init__(self, odds: Odds, told: Mapping[str, float], seed: int = 0) -> None:
        self._odds = odds
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
        odds = self._odds(question.prompt) + self._told.get("A", 0.0)
        if noise := self._told.get("noise", 0.0):
            drawn = sha256(f"{self._seed} {question.prompt}".encode()).hexdigest()
            odds += random.Random(drawn).gauss(0, noise)  # noqa: S311  # a fake model, no secret
        likelier = -math.log1p(math.exp(-abs(odds))) + math.log(self._told.get("mass", 1.0))
        a, b = (likelier, likelier - odds) if odds >= 0 else (likelier + odds, likelier)
        return Answer(question.id, (OptionScore(a), OptionScore(b)))
