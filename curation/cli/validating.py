"""`evenhand validate`: checks and measures over a release, a home, or anybody's dataset.

Rules that always hold:
- nothing is written and nothing is fetched; exit 0 when no gate and no blocking rule fails, 1 when one does or a check
  broke, 2 for a wrong call.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curation.cli.opening import opened_platform
from curation.cli.printing import print_json, print_table, shown, working

if TYPE_CHECKING:
    from curation.validating.run import MakeEngine
    from curation_validators.contamination import ProtectedSet
    from curation_validators.findings import Finding, Outcome
    from curation_validators.measures import Measured
    from curation_validators.validation import Validation

_SHOWN = 50
_ENDS: tuple[Outcome, ...] = ("pass", "fail", "insufficient", "error")


class EngineName(StrEnum):
    """What counts."""

    PYTHON = "python"
    PANDAS = "pandas"
    SPARK = "spark"


def validate(
    context: typer.Context,
    dataset: Annotated[
        Path | None,
        typer.Argument(
            help="A release's folder, or any JSON lines, Parquet or Hub folder; none: this home.", show_default=False
        ),
    ] = None,
    config: Annotated[str | None, typer.Option("--config", help="The config of a Hub folder.")] = None,
    split: Annotated[str | None, typer.Option("--split", help="The split of a Hub folder.")] = None,
    protected: Annotated[
        Path | None, typer.Option("--protected", help="A folder with more protected sets (*.ngrams).")
    ] = None,
    engine: Annotated[
        EngineName | None,
        typer.Option("--engine", help="What counts: plain Python, pandas (the default) or Spark.", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result for programs.")] = False,
) -> None:
    """Check every example of a dataset, and measure its balance. Nothing is written or fetched.

    It says what was measured, what was not and why. A pass means that no check and no gate failed, not that the
    dataset is balanced or true.
    """
    from curation.validating.run import protected_sets

    if dataset is not None and not dataset.exists():
        raise typer.BadParameter(f"{dataset} does not exist", param_hint="DATASET")
    make = _engine(engine, dataset)
    with working("Checking every example"):
        made = _validated(context, dataset, config, split, protected_sets(protected), make)
        _run_suites(made, engine)
    if as_json:
        print_json(made.as_json())
    else:
        print_validation(made)
    raise typer.Exit(0 if made.verdict == "pass" else 1)


def _engine(name: EngineName | None, dataset: Path | None) -> MakeEngine:
    """What counts. Raises a wrong call where Spark cannot read the rows, ModuleNotFoundError without its extra."""
    from curation.validating.run import is_bundle, plain_python

    if name is EngineName.SPARK:
        if dataset is None or not is_bundle(dataset):
            raise typer.BadParameter("Spark reads a release's folder; name one", param_hint="--engine")
        from curation_validators.suites.engines import SparkEngine, local_session

        return lambda _source, _facts: SparkEngine(local_session(), dataset)
    if name is EngineName.PYTHON:
        return plain_python
    try:
        from curation_validators.spreading import usable_cores
        from curation_validators.suites.engines import PandasEngine
    except ModuleNotFoundError:
        if name is EngineName.PANDAS:
            raise
        return plain_python
    return lambda source, facts: PandasEngine(source.rows, usable_cores(), facts)


def _run_suites(made: Validation, engine: EngineName | None) -> None:
    """Run the suites where Great Expectations is installed; where it is not, the result says so."""
    if engine is EngineName.PYTHON:
        return
    try:
        from curation_validators.suites.running import run_suites
    except ModuleNotFoundError:
        if engine is not None:
            raise
        made.notes.append("the suites were not run: they need the extra «validate»")
        return
    made.suites = [item.as_json() for item in run_suites(made, made.measures)]


def _validated(
    context: typer.Context,
    dataset: Path | None,
    config: str | None,
    split: str | None,
    protected: list[ProtectedSet],
    make: MakeEngine,
) -> Validation:
    from curation.validating.run import is_bundle, validate_bundle, validate_derived, validate_file

    if dataset is None:
        from curation.releases.cut import plan_release

        with opened_platform(context) as platform:
            return validate_derived(plan_release(platform).derived, protected, make)
    if is_bundle(dataset):
        return validate_bundle(dataset, protected, make)
    return validate_file(dataset, protected, config, split, make)


def print_validation(made: Validation) -> None:
    """The result for people."""
    from curation_validators.findings import RULES

    typer.echo(f"{made.verdict.upper()}  {shown(made.dataset)} {made.version or ''}".rstrip())
    typer.echo(f"\nChecks on {made.examples} example{'s' if made.examples != 1 else ''}")
    rows = []
    for name, tally in made.checks.items():
        counts = [str(tally.outcomes[outcome]) for outcome in _ENDS]
        rows.append([name, *counts, shown("; ".join(sorted(tally.reasons)))[:100]])
    print_table(["check", "pass", "fail", "not measured", "error", "why not"], rows)
    if made.found:
        typer.echo("\nFindings")
        print_table(
            ["rule", "severity", "found"],
            [[rule, RULES[rule].severity, str(count)] for rule, count in sorted(made.found.items())],
        )
        for finding in _first(made.findings):
            typer.echo(f"  {finding.severity}  {shown(str(finding))}")
        if (total := sum(made.found.values())) > _SHOWN:
            typer.echo(f"  … and {total - min(_SHOWN, len(made.findings))} more: see --json")
    _print_measures(made.measures)
    if made.suites is not None:
        typer.echo("\nGreat Expectations")
        rows = [
            [
                suite,
                *(str(sum(item["outcome"] == end for item in made.suites if item["suite"] == suite)) for end in _ENDS),
            ]
            for suite in dict.fromkeys(item["suite"] for item in made.suites)
        ]
        print_table(["suite", "pass", "fail", "not measured", "error"], rows)
    if made.odd:
        typer.echo("\nReviewers to look at (a reason to look, no more)")
        for item in made.odd[:_SHOWN]:
            typer.echo(f"  {shown(str(item))}")
        if len(made.odd) > _SHOWN:
            typer.echo(f"  … and {len(made.odd) - _SHOWN} more: see --json")
    for note in made.notes:
        typer.echo(f"note: {shown(note)}")


def _first(findings: list[Finding]) -> list[Finding]:
    """What is shown: what blocks before what warns, and of each rule one at least."""
    heads: list[Finding] = []
    rest: list[Finding] = []
    for finding in findings:
        (rest if finding.rule in {head.rule for head in heads} else heads).append(finding)
    ranked = sorted(heads, key=_rank) + sorted(rest, key=_rank)
    return sorted(ranked[:_SHOWN], key=_rank)


def _rank(finding: Finding) -> bool:
    return finding.severity != "block"


def _ending(item: Measured) -> str:
    from curation_validators.measures import MEASURES

    return item.breaks or ("told" if MEASURES[item.measure].level == "report" else "pass")


def _print_measures(measures: list[Measured]) -> None:
    typer.echo("\nMeasures")
    told = [item for item in measures if item.outcome in ("pass", "fail")]
    rows = [[_ending(item), item.measure, shown(item.where), shown(item.message)] for item in told]
    if rows:
        print_table(["", "measure", "of", "what it is"], rows)
    hints = {item.measure: item.hint for item in told if item.hint}
    if hints:
        typer.echo("\nWhat to do")
        print_table(["measure", "hint"], [[measure, hint] for measure, hint in hints.items()])
    for item in measures:
        if item.outcome == "error":
            typer.echo(f"  error: {item.measure}, {shown(item.where)}: {item.message}")
    few = [item for item in measures if item.outcome == "insufficient"]
    if few:
        typer.echo(f"\nNot measured ({len(few)})")
        rows = []
        for measure in dict.fromkeys(item.measure for item in few):
            found = [item for item in few if item.measure == measure]
            reasons = list(dict.fromkeys(item.message for item in found))
            rows.append([measure, str(len(found)), shown("; ".join(reasons[:2])) + ("; …" if len(reasons) > 2 else "")])
        print_table(["measure", "times", "why"], rows)


def protect(
    file: Annotated[Path, typer.Argument(help="The set: JSON lines, Parquet or Hub folder; or text, an item a line.")],
    name: Annotated[str, typer.Option("--name", help="What findings call it.", show_default=False)],
    origin: Annotated[str, typer.Option("--origin", help="Who published it, where and when.", show_default=False)],
    licence: Annotated[str, typer.Option("--licence", help="Its SPDX identifier.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="The folder to keep it in.", show_default=False)],
) -> None:
    """Make a protected set: what is in it is a finding in any training text. Only hashes are kept."""
    from curation.validating.protecting import write_protected

    made, target = write_protected(file, name, origin, licence, out)
    typer.echo(f"Wrote {target}: {made.items} items, {len(made.hashes)} hashes.")
    typer.echo(f"Use it: evenhand validate DATASET --protected {out}")
