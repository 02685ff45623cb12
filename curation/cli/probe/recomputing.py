"""`evenhand probe recompute`: whether a report is what its items come to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol, TypeVar

import typer

from curation.cli.printing import shown
from curation.cli.probe.instruments import (
    lean_instrument,
    orientation_instrument,
    refusal_instrument,
    selection_instrument,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from curation.probing.backend import Backend
    from curation.probing.replaying import ReplayedItems
    from curation_schemas.base import Wire
    from curation_validators.probes.asking import Answer, Question

_SHOWN = 20


class _Item(Protocol):
    @property
    def question(self) -> Question: ...


AnyItem = TypeVar("AnyItem", bound=_Item)


def recompute(
    report: Annotated[Path, typer.Argument(help="The report's folder.", show_default=False)],
    instrument: Annotated[
        Path | None, typer.Option("--instrument", help="Where an edited copy was asked: the same file.")
    ] = None,
    pairs: Annotated[Path | None, typer.Option("--pairs", help="Of even-handedness: the same file or folder.")] = None,
    prompts: Annotated[
        Path | None, typer.Option("--prompts", help="Of refusals, where a list was asked: the same file or folder.")
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option("--max-tokens", min=16, help="Of texts, where the probe was told another number.")
    ] = None,
) -> None:
    """Compute a report again from its items.parquet, and say where it differs from what report.json says.

    No model is asked. Exit 0 where both are the same, 1 where they are not.
    """
    from curation.errors import InvalidInput
    from curation.probing.files import ITEMS, probe_of
    from curation.probing.replaying import ReplayedItems, find_differences

    probe = probe_of(report)
    folder = report if report.is_dir() else report.parent
    make = {
        "geopolitical": lambda items: _lean(report, items, instrument),
        "orientation": lambda items: _orientation(report, items, instrument),
        "selection": lambda items: _selection(report, items, instrument),
        "refusals": lambda items: _refusals(report, items, instrument, prompts, max_tokens),
        "evenhandedness": lambda items: _evenhandedness(report, items, pairs, max_tokens or 512),
    }.get(probe)
    if make is None:
        raise InvalidInput(
            f"is a report of «{probe}», which has no items of a model", where=str(report), hint="Recompute its parts."
        )
    said, found = make(ReplayedItems(folder / ITEMS))
    differences = list(find_differences(said, found))
    for line in differences[:_SHOWN]:
        typer.echo(shown(line))
    if len(differences) > _SHOWN:
        typer.echo(f"and {len(differences) - _SHOWN} more")
    if differences:
        typer.echo(f"DIFFERS  report.json is not what {ITEMS} comes to.")
        raise typer.Exit(1)
    typer.echo(f"SAME  report.json is what {ITEMS} comes to.")
    if probe == "refusals":
        typer.echo("  A judge's agreement was not computed again: its replies stand in judge/answers.jsonl.")
    typer.echo("  Shifts since an earlier report were left out: `evenhand probe compare` computes them.")


_Parts = tuple[object, object]


def _same(backend: Backend, questions: Sequence[Question]) -> Iterable[Answer]:
    """As they stand."""
    return backend.ask(questions)


def _kept(rendered: Iterable[AnyItem], items: ReplayedItems) -> list[AnyItem]:
    """The items that were asked, in their order."""
    from curation.errors import InvalidInput
    from curation.probing.files import ITEMS

    order = items.order
    kept = [item for item in rendered if item.question.id in order]
    if len(kept) != len(order):
        raise InvalidInput(
            f"holds {len(order)} items, of which {len(kept)} are known",
            where=ITEMS,
            hint="Name the file that was asked: --instrument, --pairs or --prompts, as for the probe itself.",
        )
    return sorted(kept, key=lambda item: order[item.question.id])


def _parts(said: Wire, found: Wire, leave_out: Sequence[str] = ()) -> _Parts:
    from curation.probing.replaying import compared_parts

    return compared_parts(said, leave_out), compared_parts(found, leave_out)


def _lean(path: Path, items: ReplayedItems, instrument: Path | None) -> _Parts:
    from curation.probing.files import read_lean_report
    from curation.probing.geopolitical import LeanRun, run_lean
    from curation_validators.probes.lean_items import render_items

    said, known = read_lean_report(path), lean_instrument(instrument)
    bound = said.binding
    run = LeanRun(
        instrument=known,
        items=_kept(render_items(known, bound.languages, bound.paraphrases), items),
        languages=bound.languages,
        paraphrases=bound.paraphrases,
        seed=bound.seed,
        draws=bound.draws,
        release=bound.release,
        model_sha256=bound.model_sha256,
    )
    return _parts(said, run_lean(run, items.backends(bound), _same)[0])


def _orientation(path: Path, items: ReplayedItems, instrument: Path | None) -> _Parts:
    from curation.probing.files import read_orientation_report
    from curation.probing.orientation import OrientationRun, run_orientation
    from curation_validators.probes.orientation_items import render_statements

    said, known = read_orientation_report(path), orientation_instrument(instrument)
    bound = said.binding
    run = OrientationRun(
        instrument=known,
        items=_kept(render_statements(known, bound.languages), items),
        languages=bound.languages,
        seed=bound.seed,
        draws=bound.draws,
        release=bound.release,
        model_sha256=bound.model_sha256,
    )
    return _parts(said, run_orientation(run, items.backends(bound), _same)[0])


def _selection(path: Path, items: ReplayedItems, instrument: Path | None) -> _Parts:
    from curation.probing.selection import SelectionRun, run_selection
    from curation.probing.selection_files import read_selection_report
    from curation_validators.probes.selection_items import render_applications

    said, known = read_selection_report(path), selection_instrument(instrument)
    bound = said.binding
    run = SelectionRun(
        instrument=known,
        items=_kept(render_applications(known, bound.languages), items),
        languages=bound.languages,
        seed=bound.seed,
        draws=bound.draws,
        release=bound.release,
        model_sha256=bound.model_sha256,
    )
    return _parts(said, run_selection(run, items.backends(bound), _same)[0])


def _refusals(
    path: Path, items: ReplayedItems, instrument: Path | None, prompts: Path | None, max_tokens: int | None
) -> _Parts:
    from dataclasses import replace

    from curation.cli.probe.refusals import listed_run
    from curation.probing.refusal_files import read_refusal_report
    from curation.probing.refusals import RefusalRun, run_refusals
    from curation_validators.probes.refusal_items import render_topics, with_max_tokens

    said = read_refusal_report(path)
    bound = said.binding
    if prompts is None:
        known = refusal_instrument(instrument)
        rendered = render_topics(known, bound.languages)
        run = RefusalRun(instrument=known, items=rendered, languages=bound.languages, labels=known.sides)
    else:
        run = listed_run(prompts, bound.languages)
    kept = _kept(run.items, items)
    run = replace(
        run,
        items=kept if max_tokens is None else [with_max_tokens(item, max_tokens) for item in kept],
        seed=bound.seed,
        draws=bound.draws,
        release=bound.release,
        model_sha256=bound.model_sha256,
    )
    return _parts(said, run_refusals(run, items.backends(bound), _same)[0], ("judge",))


def _evenhandedness(path: Path, items: ReplayedItems, pairs: Path | None, max_tokens: int) -> _Parts:
    from curation.probing.evenhandedness import EvenhandednessRun, run_evenhandedness
    from curation.probing.evenhandedness_files import read_evenhandedness_report
    from curation.probing.pair_sources import read_paired_prompts
    from curation.probing.refusals import Judge
    from curation_validators.probes.prompt_pairs import render_pairs

    if pairs is None:
        raise typer.BadParameter("name the pairs that were asked", param_hint="--pairs")
    said, known = read_evenhandedness_report(path), read_paired_prompts(pairs)
    bound = said.binding
    judge = next((result.judge for result in said.results if result.judge is not None), None)
    run = EvenhandednessRun(
        pairs=known,
        items=_kept(render_pairs(known, bound.languages, max_tokens), items),
        languages=bound.languages,
        judge=None if judge is None else Judge(items.judge(judge.backend, judge.model), _same),
        seed=bound.seed,
        draws=bound.draws,
        release=bound.release,
        model_sha256=bound.model_sha256,
    )
    return _parts(said, run_evenhandedness(run, items.backends(bound), _same)[0])
