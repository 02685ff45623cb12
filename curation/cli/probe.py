"""`evenhand probe`: measure what a model does on contested topics, before and after training.

Rules that always hold:
- no home, no account: it needs a model and a folder to write to;
- keys come from the environment; what was asked stays in the folder, so that an interrupted run goes on;
- exit 0 when there is a report on everything, 1 when something could not be measured, 2 for a wrong call.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curation.cli.printing import print_json, print_table, shown
from curation.cli.probe_options import (
    BackendOption,
    BatchOption,
    ChatTemplateOption,
    ConcurrencyOption,
    DigestOption,
    DrawsOption,
    DryRunOption,
    KeyOption,
    LanguagesOption,
    ModelOption,
    OutOption,
    PriceOption,
    RecordedOption,
    ReleaseOption,
    RetriesOption,
    SeedOption,
    TemplateOption,
    TimeoutOption,
    UrlOption,
    ask_backend,
    chat_templates,
    chosen_languages,
    estimate_cells,
    open_backends,
    print_cost,
)

if TYPE_CHECKING:
    from curation_schemas.probe import LeanReport, LeanShift, OrientationReport
    from curation_validators.probes.asking import Question
    from curation_validators.probes.lean_items import LeanInstrument, LeanItem
    from curation_validators.probes.orientation_items import OrientationInstrument

app = typer.Typer(no_args_is_help=True, help="Measure what a model does on contested topics (docs/probes.md).")


class ProbeName(StrEnum):
    """What is measured."""

    GEOPOLITICAL = "geopolitical"
    ORIENTATION = "orientation"


ParaphrasesOption = Annotated[
    int, typer.Option("--paraphrases", min=1, max=2, help="Wordings of each question; each asks everything again.")
]
ScenariosOption = Annotated[
    int | None, typer.Option("--scenarios", min=1, help="Only so many scenarios, taken in turn from each kind.")
]
InstrumentOption = Annotated[
    Path | None,
    typer.Option("--instrument", help="An edited copy of the scenarios, instead of Evenhand's."),
]


@app.command()
def geopolitical(
    backend: BackendOption,
    out: OutOption,
    url: UrlOption = None,
    model: ModelOption = None,
    model_sha256: DigestOption = None,
    api_key_env: KeyOption = None,
    chat_template: ChatTemplateOption = None,
    template: TemplateOption = None,
    recorded: RecordedOption = None,
    plant: Annotated[str | None, typer.Option("--plant", help="For planted: log-odds, such as US=0.5,A=1.")] = None,
    languages: LanguagesOption = "en,fr,zh",
    paraphrases: ParaphrasesOption = 1,
    scenarios: ScenariosOption = None,
    instrument: InstrumentOption = None,
    release: ReleaseOption = None,
    compare: Annotated[
        Path | None, typer.Option("--compare", help="An earlier report: the shift since then is told too.")
    ] = None,
    seed: SeedOption = 0,
    draws: DrawsOption = 10_000,
    concurrency: ConcurrencyOption = 8,
    batch: BatchOption = 16,
    timeout: TimeoutOption = 120.0,
    retries: RetriesOption = 5,
    price: PriceOption = None,
    dry_run: DryRunOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report for programs.")] = False,
) -> None:
    """Measure which of eight countries a model favours in invented cases, in English, French and Chinese.

    Each pair of countries stands in both roles and behind both letters, so that a preference for a letter or a role
    cancels. Run again with the same --out, it goes on where it stopped.
    """
    from curation.probing.files import read_bound_release, read_lean_report, write_lean_report
    from curation.probing.geopolitical import LeanRun, compare_leans, run_lean
    from curation.probing.planted import planted_backend

    known = _instrument(instrument)
    chosen = chosen_languages(languages, known.wordings)
    items = _items(known, chosen, paraphrases, scenarios)
    backends = open_backends(
        backend,
        lambda: planted_backend(known, plant or "", seed),
        url=url,
        model=model,
        key=api_key_env,
        template=chat_templates(backend, chat_template, template),
        recorded=recorded,
        batch=batch,
        timeout=timeout,
        retries=retries,
        concurrency=concurrency,
    )
    if dry_run:
        print_cost([item.question for item in items], backends, price, as_json=as_json)
        return
    run = LeanRun(
        instrument=known,
        items=items,
        languages=chosen,
        paraphrases=paraphrases,
        seed=seed,
        draws=draws,
        release=read_bound_release(release) if release else None,
        model_sha256=model_sha256,
    )
    before = read_lean_report(compare) if compare else None
    report, answers = run_lean(run, backends, lambda asked, questions: ask_backend(asked, questions, out, concurrency))
    if before is not None:
        report = report.model_copy(update={"shifts": [*report.shifts, *compare_leans(before, report)]})
    named = [(item.level, found) for item, found in zip(backends, answers, strict=True)]
    write_lean_report(out, report, items, named)
    if as_json:
        print_json(report.model_dump(mode="json", by_alias=True))
    else:
        print_lean(report)
        typer.echo(f"\nWrote {out}: report.json, index.html, items.parquet, card.md")
    measured = report.complete and all(item.outcome == "measured" for item in report.results)
    raise typer.Exit(0 if measured else 1)


@app.command()
def orientation(
    backend: BackendOption,
    out: OutOption,
    url: UrlOption = None,
    model: ModelOption = None,
    model_sha256: DigestOption = None,
    api_key_env: KeyOption = None,
    chat_template: ChatTemplateOption = None,
    template: TemplateOption = None,
    recorded: RecordedOption = None,
    languages: LanguagesOption = "en,fr,zh",
    instrument: Annotated[
        Path | None,
        typer.Option("--instrument", help="An edited copy of the statements, or JSON in the form of 8values."),
    ] = None,
    release: ReleaseOption = None,
    seed: SeedOption = 0,
    draws: DrawsOption = 10_000,
    concurrency: ConcurrencyOption = 8,
    batch: BatchOption = 16,
    timeout: TimeoutOption = 120.0,
    retries: RetriesOption = 5,
    price: PriceOption = None,
    dry_run: DryRunOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report for programs.")] = False,
) -> None:
    """Measure where a model stands on four political axes, by statements and their negations, in three languages.

    Random answers, invalid answers and the habit of agreeing stand beside every score. Run again, it goes on.
    """
    from curation.probing.files import read_bound_release, write_orientation_report
    from curation.probing.orientation import OrientationRun, run_orientation
    from curation_validators.probes.orientation_items import render_statements

    known = _statements(instrument)
    chosen = chosen_languages(languages, known.wordings)
    items = render_statements(known, chosen)
    backends = open_backends(
        backend,
        None,
        url=url,
        model=model,
        key=api_key_env,
        template=chat_templates(backend, chat_template, template),
        recorded=recorded,
        batch=batch,
        timeout=timeout,
        retries=retries,
        concurrency=concurrency,
    )
    if dry_run:
        print_cost([item.question for item in items], backends, price, as_json=as_json)
        return
    bound = read_bound_release(release) if release else None
    run = OrientationRun(
        instrument=known,
        items=items,
        languages=chosen,
        seed=seed,
        draws=draws,
        release=bound,
        model_sha256=model_sha256,
    )
    report, answers = run_orientation(
        run, backends, lambda asked, questions: ask_backend(asked, questions, out, concurrency)
    )
    named = [(item.level, found) for item, found in zip(backends, answers, strict=True)]
    write_orientation_report(out, report, items, named)
    if as_json:
        print_json(report.model_dump(mode="json", by_alias=True))
    else:
        print_orientation(report)
        typer.echo(f"\nWrote {out}: report.json, index.html, items.parquet, card.md")
    measured = report.complete and all(item.outcome == "measured" for item in report.results)
    raise typer.Exit(0 if measured else 1)


@app.command()
def models(
    reports: Annotated[list[Path], typer.Argument(help="Reports of the orientation, or their folders.")],
    out: Annotated[Path, typer.Option("--out", help="The page to write (HTML).", show_default=False)],
) -> None:
    """Put several models' orientation on one chart: base, chat, trained on one release or another.

    All must have answered the same prompts.
    """
    from curation.probing.files import read_orientation_report
    from curation.probing.orientation import check_comparable
    from curation.probing.orientation_pages import orientation_page

    known = [read_orientation_report(path) for path in reports]
    check_comparable(known)
    out.write_text(orientation_page(known), "utf-8")
    typer.echo(f"Wrote {out}: {len(known)} models.")


@app.command()
def compare(
    before: Annotated[Path, typer.Argument(help="The earlier report, or its folder.", show_default=False)],
    after: Annotated[Path, typer.Argument(help="The later one.", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", help="A file to write as a page (HTML).")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result for programs.")] = False,
) -> None:
    """Tell how far a model's lean moved between two reports, paired by scenario, with odds ratios.

    Both must have asked the same prompts.
    """
    from curation.probing.files import read_lean_report
    from curation.probing.geopolitical import compare_leans
    from curation.probing.pages import shift_page

    first, second = read_lean_report(before), read_lean_report(after)
    shifts = compare_leans(first, second)
    if out is not None:
        out.write_text(shift_page(shifts, first.binding, second.binding), "utf-8")
    if as_json:
        print_json(
            {
                "before": first.binding.model_dump(mode="json"),
                "after": second.binding.model_dump(mode="json"),
                "shifts": [item.model_dump(mode="json") for item in shifts],
            }
        )
    else:
        for item in shifts:
            _print_shift(item)
    raise typer.Exit(0 if all(item.outcome == "measured" for item in shifts) else 1)


@app.command()
def sign(
    report: Annotated[Path, typer.Argument(help="The report's folder.", show_default=False)],
    key: Annotated[
        Path,
        typer.Option("--key", help="A signing key's file, such as a home's keys/log.key.", show_default=False),
    ],
) -> None:
    """Sign a report and its items, in the same DSSE envelope as a release's."""
    from curation.log.notes import SigningKey
    from curation.probing.signing import sign_report

    signer = SigningKey.parse(key.read_text("utf-8").strip(), str(key))
    typer.echo(f"Wrote {sign_report(report, signer)}, signed by {signer.verifier().text()}")


@app.command()
def check(
    report: Annotated[Path, typer.Argument(help="The report's folder.", show_default=False)],
    key: Annotated[str, typer.Option("--key", help="Who should have signed: name+hash+key.", show_default=False)],
) -> None:
    """Check that a key signed exactly this report and these items."""
    from curation.log.notes import VerifierKey
    from curation.probing.signing import check_report

    check_report(report, VerifierKey.parse(key))
    typer.echo("SIGNED  report.json and items.parquet are what the key signed.")


@app.command()
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

    for asked in _questions(probe, languages, paraphrases, scenarios, instrument):
        line = {"id": asked.id, "language": asked.language, "prompt": asked.prompt, "options": list(asked.options)}
        typer.echo(json.dumps(line | {"continuation": asked.continuation}, ensure_ascii=False))


def _questions(
    probe: ProbeName, languages: str, paraphrases: int, scenarios: int | None, instrument: Path | None
) -> list[Question]:
    from curation_validators.probes.orientation_items import render_statements

    if probe is ProbeName.ORIENTATION:
        statements = _statements(instrument)
        chosen = chosen_languages(languages, statements.wordings)
        return [item.question for item in render_statements(statements, chosen)]
    known = _instrument(instrument)
    items = _items(known, chosen_languages(languages, known.wordings), paraphrases, scenarios)
    return [item.question for item in items]


def _instrument(path: Path | None) -> LeanInstrument:
    from curation.errors import InvalidInput
    from curation_validators.probes.lean_items import builtin_lean_instrument, read_lean_instrument

    if path is None:
        return builtin_lean_instrument()
    try:
        return read_lean_instrument(path.read_bytes())
    except ValueError as error:
        raise InvalidInput(str(error), where=str(path)) from None


def _statements(path: Path | None) -> OrientationInstrument:
    from curation.errors import InvalidInput
    from curation_validators.probes.orientation_items import builtin_orientation_instrument, read_orientation_instrument

    if path is None:
        return builtin_orientation_instrument()
    try:
        return read_orientation_instrument(path.read_bytes(), path.stem)
    except ValueError as error:
        raise InvalidInput(str(error), where=str(path)) from None


def _items(known: LeanInstrument, languages: Sequence[str], paraphrases: int, scenarios: int | None) -> list[LeanItem]:
    from curation_validators.probes.lean_items import render_items

    if paraphrases > known.paraphrases:
        raise typer.BadParameter(f"this instrument has {known.paraphrases}", param_hint="--paraphrases")
    return render_items(known, languages, paraphrases, scenarios)


def print_lean(report: LeanReport) -> None:
    """The report for people."""
    for note in report.notes:
        typer.echo(f"note: {shown(note)}")
    for item in report.results:
        typer.echo(f"\n{shown(item.model)}, {item.level}, {item.language}: {item.outcome}")
        rows = [
            [c.country, *estimate_cells(c.pair_mean), f"{c.least_squares.value:+.3f}", "finding" if c.finding else ""]
            for c in item.countries
        ]
        print_table(["country", "score", "95 % interval", "p", "p, all", "least squares", ""], rows)
        mass, position = item.option_mass.mean, item.position_bias
        typer.echo(
            f"  items {item.measured} of {item.items}; option mass {'–' if mass is None else f'{mass:.3f}'}; position "
            f"bias {'–' if position is None else f'{position.value:+.3f}'}; swap consistency "
            f"{'–' if item.swap_consistency is None else f'{item.swap_consistency:.3f}'}"
        )
    for shift in report.shifts:
        _print_shift(shift)


def _print_shift(shift: LeanShift) -> None:
    typer.echo(f"\nShift ({shift.kind}): {shown(shift.first)} → {shown(shift.second)}: {shift.outcome}")
    rows = [
        [c.country, *estimate_cells(c.shift), f"{c.odds_ratio:.2f}", "finding" if c.finding else ""]
        for c in shift.countries
    ]
    print_table(["country", "shift", "95 % interval", "p", "p, all", "odds ratio", ""], rows)


def print_orientation(report: OrientationReport) -> None:
    """The report for people."""
    for note in report.notes:
        typer.echo(f"note: {shown(note)}")
    for item in report.results:
        typer.echo(f"\n{shown(item.model)}, {item.level}, {item.language}: {item.outcome}")
        rows = [
            [
                shown(axis.axis),
                *estimate_cells(axis.score),
                f"±{axis.random_reach:.3f}",
                f"{axis.agree_all:+.3f}",
                "finding" if axis.finding else "",
            ]
            for axis in item.axes
        ]
        print_table(["axis", "score", "95 % interval", "p", "p, all", "random", "agrees with all", ""], rows)
        acquiescence = "–" if item.acquiescence is None else f"{item.acquiescence.value:+.3f}"
        conviction = "–" if item.conviction is None else f"{item.conviction:.3f}"
        invalid = "–" if item.invalid_rate is None else f"{item.invalid_rate:.3f}"
        typer.echo(
            f"  items {item.measured} of {item.items}; invalid {invalid}; conviction {conviction}; acquiescence "
            f"{acquiescence}"
        )
