"""The steps of every probe: what a run would take, asking, and what a report says at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Protocol

import typer

from curation.cli.printing import print_json, progress, shown
from curation.cli.probe.options import BackendOptions, ReportOptions

if TYPE_CHECKING:
    from curation.probing.backend import Backend
    from curation.probing.geopolitical import Asking
    from curation_schemas.base import Wire
    from curation_schemas.probe import BoundRelease, Estimate
    from curation_validators.probes.asking import Answer, Question


def print_cost(
    questions: Sequence[Question],
    backends: Sequence[Backend],
    options: ReportOptions,
    judging: tuple[Backend, Sequence[Question]] | None = None,
) -> None:
    """What a run takes, for people or programs.

    Args:
        judging: a judge, and what it would be asked at most about one backend's answers.
    """
    from curation.probing.estimating import estimate_cost

    cost = estimate_cost(questions, backends[0].batch, len(backends), options.price)
    judge = estimate_cost(judging[1], judging[0].batch, len(backends), None) if judging else None
    if options.as_json:
        print_json(cost.as_json() | ({"judge": judge.as_json()} if judge else {}))
        return
    typer.echo(f"{cost.prompts} prompts in at least {cost.requests} calls, about {cost.tokens:,} tokens.")
    if cost.price is not None:
        typer.echo(f"At this price: about {cost.price:,.2f}.")
    if judge is not None:
        typer.echo(
            f"The judge: at most {judge.prompts} prompts in {judge.requests} calls, about {judge.tokens:,} tokens, "
            "in no price."
        )
    typer.echo("Nothing was asked.")


def asking(options: BackendOptions, out: Path) -> Asking:
    """What asks a backend: answers are kept in the folder as they come in, with a progress bar at a terminal."""

    def ask(backend: Backend, questions: Sequence[Question]) -> Iterable[Answer]:
        from curation.probing.asking import ask_all
        from curation.probing.cache import AnswerCache
        from curation.probing.files import CACHE

        cache = AnswerCache(out / CACHE, backend.identity)
        asked = ask_all(backend, questions, cache, concurrency=options.concurrency)
        return progress(asked, f"Asking {shown(backend.model)} ({backend.level})", len(questions))

    return ask


def bound_release(options: ReportOptions) -> BoundRelease | None:
    """The release that the options name."""
    from curation.probing.files import read_bound_release

    return read_bound_release(options.release) if options.release else None


def finish(report: Wire, options: ReportOptions, print_report: Callable[[], None], *, measured: bool) -> NoReturn:
    """Print the report, say where it lies, and end with 0 where everything was measured.

    Args:
        print_report: prints it for people.
    """
    if options.as_json:
        print_json(report.model_dump(mode="json", by_alias=True))
    else:
        print_report()
        typer.echo(f"\nWrote {options.out}: report.json, index.html, items.parquet, card.md")
    raise typer.Exit(0 if measured else 1)


class _Result(Protocol):
    @property
    def outcome(self) -> str: ...


def all_measured(complete: bool, results: Iterable[_Result]) -> bool:
    """Whether a report leaves nothing open."""
    return complete and all(item.outcome == "measured" for item in results)


def estimate_cells(found: Estimate) -> list[str]:
    """Value, interval and both p-values, for a table."""
    interval = f"{found.low:+.3f} to {found.high:+.3f}" if found.low is not None and found.high is not None else "–"
    return [f"{found.value:+.3f}", interval, *("–" if p is None else f"{p:.2g}" for p in (found.p, found.p_family))]
