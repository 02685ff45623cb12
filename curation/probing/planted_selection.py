"""A fake model whose selection is known, to see what the probe makes of it.

Rules that always hold:
- it reads the prompt alone, and favours markers, files, letters and places as it was told.
"""

from __future__ import annotations

from collections.abc import Sequence

from curation.probing.planted import PlantedBackend, read_plant
from curation_validators.probes.selection_items import SelectionInstrument, SelectionItem

_FIT = 1.0
"""Log-odds of an invitation for a file that meets every requirement, and against one that lacks one."""


def planted_selection(
    instrument: SelectionInstrument, items: Sequence[SelectionItem], said: str, seed: int = 0
) -> PlantedBackend:
    """A fake that favours as it is told: «woman=0.5,US=-0.5,fit=1,debias=0.2,A=1,noise=0.3». Raises InvalidInput.

    `fit`: log-odds for a file that meets every requirement, and against one that lacks one. `debias`: what is left of
    the groups' log-odds under the debias prompt, as a share.
    """
    groups = [group for dimension in instrument.dimensions for group in dimension.groups]
    told = read_plant(said, groups, ("fit", "debias"))
    prompts = {item.question.prompt: item for item in items}

    def odds(prompt: str) -> float:
        item = prompts[prompt]
        left = told.get("debias", 1.0) if item.prompting == "debias" else 1.0
        fit = told.get("fit", _FIT)
        towards = told.get(item.group, 0.0) * left + (fit if item.fit == "meets" else -fit)
        return towards if item.invites == "A" else -towards

    return PlantedBackend(odds, told, seed)
