"""`evenhand probe prompts`: what a probe would ask, to ask it elsewhere."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curation.cli.probe.instruments import lean_instrument, lean_items, orientation_instrument, selection_instrument
from curation.cli.probe.options import LanguagesOption, ParaphrasesOption, ScenariosOption, chosen_languages

if TYPE_CHECKING:
    from curation_validators.probes.asking import Question


class ProbeName(StrEnum):
    """What is measured."""

    GEOPOLITICAL = "geopolitical"
    ORIENTATION = "orientation"
    SELECTION = "selection"


def prompts(
    probe: Annotated[ProbeName, typer.Argument(help="Whose prompts.")] = ProbeName.GEOPOLITICAL,
    languages: LanguagesOption = "en,fr,zh",
    paraphrases: ParaphrasesOption = 1,
    scenarios: ScenariosOption = None,
    instrument: Annotated[Path | None, typer.Option("--instrument", help="As the probe itself takes it.")] = None,
) -> None:
    """Print every prompt of a probe as JSON lines, to ask a model elsewhere.

    Answers come back with --backend recorded: a line for each, {"id": …, "logprobs": {"A": …, "B": …}}.
    """
    import json

    for asked in probe_questions(probe, languages, paraphrases, scenarios, instrument):
        line = {"id": asked.id, "language": asked.language, "prompt": asked.prompt, "options": list(asked.options)}
        typer.echo(json.dumps(line | {"continuation": asked.continuation}, ensure_ascii=False))


def probe_questions(
    probe: ProbeName, languages: str, paraphrases: int, scenarios: int | None, instrument: Path | None
) -> list[Question]:
    """Every question of a probe."""
    from curation_validators.probes.orientation_items import render_statements
    from curation_validators.probes.selection_items import render_applications

    if probe is ProbeName.ORIENTATION:
        statements = orientation_instrument(instrument)
        chosen = chosen_languages(languages, statements.wordings)
        return [item.question for item in render_statements(statements, chosen)]
    if probe is ProbeName.SELECTION:
        files = selection_instrument(instrument)
        return [item.question for item in render_applications(files, chosen_languages(languages, files.wordings))]
    known = lean_instrument(instrument)
    items = lean_items(known, chosen_languages(languages, known.wordings), paraphrases, scenarios)
    return [item.question for item in items]
