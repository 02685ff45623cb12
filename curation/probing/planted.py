"""A fake model with a lean that is known, to see what a probe makes of it.

Rules that always hold:
- it reads a prompt's last lines as any model would and favours names, letters and first places as it was told;
- the same prompt gets the same answer under the same seed.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256

from curation.errors import InvalidInput
from curation_schemas.probe import Level
from curation_validators.probes.asking import Answer, OptionScore, Question
from curation_validators.probes.lean_items import LeanInstrument

_HINT = "For instance: --plant US=0.5,CN=-0.5,A=1,noise=0.3"
_OPTION = re.compile(r"^([AB])\) (.+)$", re.MULTILINE)


def planted_backend(instrument: LeanInstrument, said: str, seed: int = 0) -> PlantedBackend:
    """A fake that favours as it is told: «US=0.5,CN=-0.5,A=1,noise=0.3,mass=0.9». Raises InvalidInput."""
    told: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in said.split(","))):
        name, _, value = part.partition("=")
        if name not in (*instrument.countries, "A", "noise", "mass"):
            raise InvalidInput("names neither a country nor A, noise or mass", where="--plant", hint=_HINT)
        try:
            told[name] = float(value)
        except ValueError:
            raise InvalidInput("holds what is no number", where="--plant", hint=_HINT) from None
    if not 0 < told.get("mass", 1.0) <= 1 or told.get("noise", 0.0) < 0 or not all(map(math.isfinite, told.values())):
        raise InvalidInput("wants a mass over 0 and up to 1, and noise of 0 or more", where="--plant", hint=_HINT)
    leans = {
        wording.countries[country]["name"]: told.get(country, 0.0)
        for wording in instrument.wordings.values()
        for country in instrument.countries
    }
    return PlantedBackend(
        leans, position=told.get("A", 0.0), noise=told.get("noise", 0.0), mass=told.get("mass", 1.0), seed=seed
    )


class PlantedBackend:
    """Favours what stands behind the letters by given log-odds.

    Args:
        leans: a country's name as a prompt has it → its score, in log-odds.
        position: log-odds of A over B, whatever stands there.
        noise: standard deviation of what is drawn for each prompt.
        mass: the probability of both letters together.
    """

    kind = "planted"
    model = "planted"
    template_sha256: str | None = None
    batch = 256

    def __init__(
        self,
        leans: Mapping[str, float],
        *,
        position: float = 0.0,
        noise: float = 0.0,
        mass: float = 1.0,
        seed: int = 0,
        level: Level = "base",
    ) -> None:
        self.level: Level = level
        self._leans = dict(leans)
        self._position = position
        self._noise = noise
        self._mass = mass
        self._seed = seed

    @property
    def identity(self) -> dict[str, object]:
        """What was planted."""
        planted = [self._position, self._noise, self._mass, self._seed]
        return {"kind": self.kind, "leans": self._leans, "planted": planted}

    def ask(self, questions: Sequence[Question]) -> list[Answer]:
        """The answers, in order."""
        return [self._ask_one(item) for item in questions]

    def _ask_one(self, question: Question) -> Answer:
        named = dict(_OPTION.findall(question.prompt))
        odds = self._position + self._leans.get(named["A"], 0.0) - self._leans.get(named["B"], 0.0)
        if self._noise:
            drawn = sha256(f"{self._seed} {question.prompt}".encode()).hexdigest()
            odds += random.Random(drawn).gauss(0, self._noise)  # noqa: S311  # a fake model, no secret
        likelier = -math.log1p(math.exp(-abs(odds))) + math.log(self._mass)
        a, b = (likelier, likelier - odds) if odds >= 0 else (likelier + odds, likelier)
        return Answer(question.id, (OptionScore(a), OptionScore(b)))
