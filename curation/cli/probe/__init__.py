"""`evenhand probe`: measure what a model does on contested topics, before and after training.

Rules that always hold:
- no home, no account: it needs a model and a folder to write to;
- keys come from the environment; what was asked stays in the folder, so that an interrupted run goes on;
- exit 0 when there is a report on everything, 1 when something could not be measured, 2 for a wrong call;
- a probe has a module of its own; what all share stands in `options`, `backends` and `running`.
"""

from __future__ import annotations

import typer

from curation.cli.probe import (
    comparing,
    evenhandedness,
    exporting,
    geopolitical,
    orientation,
    over_correction,
    prompts,
    recomputing,
    refusals,
    selection,
    signing,
)
from curation.cli.probe.options import with_options

app = typer.Typer(no_args_is_help=True, help="Measure what a model does on contested topics (docs/probes.md).")

app.command()(with_options(geopolitical.geopolitical))
app.command()(with_options(orientation.orientation))
app.command()(with_options(selection.selection))
app.command()(with_options(refusals.refusals))
app.command()(refusals.rules)
app.command()(with_options(evenhandedness.evenhandedness))
app.command("over-correction")(over_correction.over_correction)
app.command()(comparing.models)
app.command()(comparing.compare)
app.command()(recomputing.recompute)
app.command()(signing.sign)
app.command()(signing.check)
app.command()(prompts.prompts)
app.command()(exporting.export)
