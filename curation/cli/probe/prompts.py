"""`evenhand probe prompts`: what a probe would ask, to ask it elsewhere."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curation.cli.probe.instruments import (
    lean_instrument,
    lean_items,
    orientation_instrument,
    refusal_instrument,
    selection_instrument,
)
from curation.cli.probe.options import LanguagesOption, ParaphrasesOption, ScenariosOption, chosen_languages

if TYPE_CHECKING:
    from curation_validators.probes.asking import Question


class ProbeName(StrEnum):
    """What is measured."""

    GEOPOLITICAL = "geopolitical"
    ORIENTATION = "orientation"
    SELECTION = "selection"
    REFUSALS = "refusals"


def prompts(
    probe: Annotated[ProbeName, typer.Argument(help="Whose prompts.")] = ProbeName.GEOPOLITICAL,
    languages: LanguagesOption = "en,fr,zh",
    paraphrases: ParaphrasesOption = 1,
    scenarios: ScenariosOption = None,
    instrument: Annotated[Path | None, typer.Option("--instrument", help="As the probe itself takes it.")] = None,
) -> None:
    """Print every prompt of a probe as JSON lines, to ask a model elsewhere.

    Answers come back with --backend recorded: a line for each, {"id": …, "logprobs": {"A": …, "B": …}}; of refusals,
    which are answered by texts, {"id": …, "text": …}.
    """
    import json

    for asked in probe_questions(probe, languages, paraphrases, scenarios, instrument):
        line: dict[str, object] = {"id": asked.id, "language": asked.language, "prompt": asked.prompt}
        if asked.free:
            line["max_tokens"] = asked.max_tokens
        else:
            line |= {"options": list(asked.options), "continuation": asked.continuation}
        typer.echo(json.dumps(line, ensure_ascii=False))


def probe_questions(
    probe: ProbeName, languages: str, paraphrases: int, scenarios: int | None, instrument: Path | None
) -> list[Question]:
    """Every question of a probe."""
    from curation_validators.probes.orientation_items import render_statements
    from curation_validators.probes.refusal_items import LANGUAGES, render_topics
    from curation_validators.probes.selection_items import render_applications

    if probe is ProbeName.ORIENTATION:
        statements = orientation_instrument(instrument)
        chosen = chosen_languages(languages, statements.wordings)
        return [item.question for item in render_statements(statements, chosen)]
    if probe is ProbeName.SELECTION:
        files = selection_instrument(instrument)
        return [item.question for item in render_applications(files, chosen_languages(languages, files.wordings))]
    if probe is ProbeName.REFUSALS:
        topics = refusal_instrument(instrument)
        return [item.question for item in render_topics(topics, chosen_languages(languages, LANGUAGES))]
    known = lean_instrument(instrument)
    items = lean_items(known, chosen_languages(languages, known.wordings), paraphrases, scenarios)
    return [item.question for item in items]
