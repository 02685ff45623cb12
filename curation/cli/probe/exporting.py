"""`evenhand probe export`: a probe's prompts as tasks for another harness."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from curation.cli.probe.options import LanguagesOption, ParaphrasesOption, ScenariosOption
from curation.cli.probe.prompts import ProbeName, probe_questions


class HarnessName(StrEnum):
    """Who runs the tasks."""

    LM_EVAL = "lm-eval"
    INSPECT = "inspect"


def export(
    out: Annotated[Path, typer.Option("--out", help="The folder to write the tasks to.", show_default=False)],
    harness: Annotated[
        HarnessName, typer.Option("--format", help="lm-eval: the EleutherAI harness; or Inspect.", show_default=False)
    ],
    probe: Annotated[ProbeName, typer.Argument(help="Whose prompts.")] = ProbeName.GEOPOLITICAL,
    languages: LanguagesOption = "en,fr,zh",
    paraphrases: ParaphrasesOption = 1,
    scenarios: ScenariosOption = None,
    instrument: Annotated[Path | None, typer.Option("--instrument", help="As the probe itself takes it.")] = None,
) -> None:
    """Write a probe's prompts as tasks that lm-eval or Inspect runs as they are.

    What they find is read back with --backend recorded --recorded FOLDER, and reported as any other answers.
    """
    from curation.probing.exporting import export_inspect, export_lm_eval

    asked = probe_questions(probe, languages, paraphrases, scenarios, instrument)
    write = export_lm_eval if harness is HarnessName.LM_EVAL else export_inspect
    written = write(out, probe.value, asked)
    typer.echo(f"Wrote {out}: {', '.join(path.name for path in written)}.")
    typer.echo(f"How to run them stands at the head of {written[-1].name}.")
