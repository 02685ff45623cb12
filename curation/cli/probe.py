"""`evenhand probe`: measure what a model does on contested topics, before and after training.

Rules that always hold:
- no home, no account: it needs a model and a folder to write to;
- keys come from the environment; what was asked stays in the folder, so that an interrupted run goes on;
- exit 0 when there is a report on everything, 1 when something could not be measured, 2 for a wrong call.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curation.cli.printing import print_json, print_table, progress, shown

if TYPE_CHECKING:
    from curation.probing.backend import Backend
    from curation.probing.estimating import Cost
    from curation_schemas.probe import Estimate, LeanReport, LeanShift
    from curation_validators.probes.asking import Answer, Question
    from curation_validators.probes.lean_items import LeanInstrument, LeanItem

app = typer.Typer(no_args_is_help=True, help="Measure what a model does on contested topics (docs/probes.md).")


class BackendName(StrEnum):
    """Who is asked."""

    COMPLETIONS = "completions"
    CHAT = "chat"
    RECORDED = "recorded"
    PLANTED = "planted"


class TemplateUse(StrEnum):
    """Whether prompts go through a chat template."""

    ON = "on"
    OFF = "off"
    BOTH = "both"


BackendOption = Annotated[
    BackendName,
    typer.Option(
        "--backend",
        help="completions: a server that echoes log-probabilities (vLLM). chat: a server that lists the likeliest "
        "tokens. recorded: answers from a file. planted: a fake with a known lean, for trials.",
        show_default=False,
    ),
]
LanguagesOption = Annotated[str, typer.Option("--languages", help="Separated by commas: en, fr, zh.")]
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
    out: Annotated[Path, typer.Option("--out", help="The folder for report, items and answers.", show_default=False)],
    url: Annotated[str | None, typer.Option("--url", help="The server, for instance http://localhost:8000/v1.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="The model's name, as the server has it.")] = None,
    model_sha256: Annotated[
        str | None, typer.Option("--model-sha256", help="The digest of its weights, for the report.")
    ] = None,
    api_key_env: Annotated[
        str | None, typer.Option("--api-key-env", help="The environment variable that holds the server's key.")
    ] = None,
    chat_template: Annotated[
        TemplateUse | None,
        typer.Option("--chat-template", help="off: the model as it completes; on: as it chats. chat is always on."),
    ] = None,
    template: Annotated[
        Path | None,
        typer.Option("--template", help="For completions: a file with the chat template's text around {{prompt}}."),
    ] = None,
    recorded: Annotated[Path | None, typer.Option("--recorded", help="For recorded: the file of answers.")] = None,
    plant: Annotated[str | None, typer.Option("--plant", help="For planted: log-odds, such as US=0.5,A=1.")] = None,
    languages: LanguagesOption = "en,fr,zh",
    paraphrases: ParaphrasesOption = 1,
    scenarios: ScenariosOption = None,
    instrument: InstrumentOption = None,
    release: Annotated[
        Path | None, typer.Option("--release", help="The release that the model was trained on: its folder.")
    ] = None,
    compare: Annotated[
        Path | None, typer.Option("--compare", help="An earlier report: the shift since then is told too.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the sign-flip test.")] = 0,
    draws: Annotated[int, typer.Option("--draws", min=100, help="Of the sign-flip test; p is never under 1/draws.")] = (
        10_000
    ),
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, max=256, help="Calls at the same time.")] = 8,
    batch: Annotated[int, typer.Option("--batch", min=1, max=256, help="Prompts in one call of completions.")] = 16,
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds to wait for an answer.")] = 120.0,
    retries: Annotated[
        int, typer.Option("--retries", min=0, max=20, help="How often a failed call is tried again.")
    ] = 5,
    price: Annotated[float | None, typer.Option("--price", min=0, help="Of a million tokens, for --dry-run.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would take, and ask nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report for programs.")] = False,
) -> None:
    """Measure which of eight countries a model favours in invented cases, in English, French and Chinese.

    Each pair of countries stands in both roles and behind both letters, so that a preference for a letter or a role
    cancels. Run again with the same --out, it goes on where it stopped.
    """
    from curation.probing.estimating import estimate_cost
    from curation.probing.files import read_bound_release, read_lean_report, write_lean_report
    from curation.probing.geopolitical import LeanRun, compare_leans, run_lean

    known = _instrument(instrument)
    chosen = _languages(languages, known)
    items = _items(known, chosen, paraphrases, scenarios)
    backends = _backends(
        known,
        backend,
        url=url,
        model=model,
        key=api_key_env,
        template=_template(backend, chat_template, template),
        recorded=recorded,
        plant=plant,
        batch=batch,
        timeout=timeout,
        retries=retries,
        concurrency=concurrency,
        seed=seed,
    )
    if dry_run:
        cost = estimate_cost([item.question for item in items], backends[0].batch, len(backends), price)
        print_json(cost.as_json()) if as_json else _print_cost(cost)
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
    report, answers = run_lean(run, backends, lambda asked, questions: _ask(asked, questions, out, concurrency))
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
def prompts(
    languages: LanguagesOption = "en,fr,zh",
    paraphrases: ParaphrasesOption = 1,
    scenarios: ScenariosOption = None,
    instrument: InstrumentOption = None,
) -> None:
    """Print every prompt of the geopolitical lean as JSON lines, to ask a model elsewhere.

    Answers come back with --backend recorded: a line for each, {"id": …, "logprobs": {"A": …, "B": …}}.
    """
    import json

    known = _instrument(instrument)
    for item in _items(known, _languages(languages, known), paraphrases, scenarios):
        asked = item.question
        line = {"id": asked.id, "language": asked.language, "prompt": asked.prompt, "options": list(asked.options)}
        typer.echo(json.dumps(line | {"continuation": asked.continuation}, ensure_ascii=False))


def _instrument(path: Path | None) -> LeanInstrument:
    from curation.errors import InvalidInput
    from curation_validators.probes.lean_items import builtin_lean_instrument, read_lean_instrument

    if path is None:
        return builtin_lean_instrument()
    try:
        return read_lean_instrument(path.read_bytes())
    except ValueError as error:
        raise InvalidInput(str(error), where=str(path)) from None


def _languages(said: str, known: LeanInstrument) -> list[str]:
    chosen = list(dict.fromkeys(part.strip() for part in said.split(",") if part.strip()))
    unknown = [part for part in chosen if part not in known.wordings]
    if unknown or not chosen:
        there = ", ".join(known.wordings)
        raise typer.BadParameter(
            f"{shown(', '.join(unknown)) or 'nothing'}: there are {there}", param_hint="--languages"
        )
    return chosen


def _items(known: LeanInstrument, languages: Sequence[str], paraphrases: int, scenarios: int | None) -> list[LeanItem]:
    from curation_validators.probes.lean_items import render_items

    if paraphrases > known.paraphrases:
        raise typer.BadParameter(f"this instrument has {known.paraphrases}", param_hint="--paraphrases")
    return render_items(known, languages, paraphrases, scenarios)


def _template(backend: BackendName, use: TemplateUse | None, template: Path | None) -> list[str | None]:
    """The chat templates to ask with, None for none; of completions only."""
    if backend is BackendName.CHAT:
        if use in (TemplateUse.OFF, TemplateUse.BOTH):
            raise typer.BadParameter("a chat server always applies its template", param_hint="--chat-template")
        return [None]
    if use in (None, TemplateUse.OFF):
        return [None]
    if backend is not BackendName.COMPLETIONS:
        raise typer.BadParameter("only a server applies a template", param_hint="--chat-template")
    if template is None:
        raise typer.BadParameter("name the template's file with --template", param_hint="--chat-template")
    text = template.read_text("utf-8")
    return [text] if use is TemplateUse.ON else [None, text]


def _backends(
    known: LeanInstrument,
    name: BackendName,
    *,
    url: str | None,
    model: str | None,
    key: str | None,
    template: list[str | None],
    recorded: Path | None,
    plant: str | None,
    batch: int,
    timeout: float,
    retries: int,
    concurrency: int,
    seed: int,
) -> list[Backend]:
    if name is BackendName.PLANTED:
        from curation.probing.planted import planted_backend

        return [planted_backend(known, plant or "", seed)]
    if name is BackendName.RECORDED:
        from curation.probing.recorded import RecordedBackend

        if recorded is None:
            raise typer.BadParameter("name the file of answers", param_hint="--recorded")
        return [RecordedBackend(recorded, model or recorded.stem)]
    from curation.probing.chat import ChatBackend
    from curation.probing.completions import CompletionsBackend
    from curation.probing.server import ModelServer, read_key

    if url is None or model is None:
        raise typer.BadParameter("name the server and the model", param_hint="--url and --model")
    endpoint = "completions" if name is BackendName.COMPLETIONS else "chat/completions"
    server = ModelServer(url, endpoint, read_key(key), timeout=timeout, retries=retries, connections=concurrency)
    if name is BackendName.CHAT:
        return [ChatBackend(server, model)]
    return [CompletionsBackend(server, model, batch=batch, template=text) for text in template]


def _ask(backend: Backend, questions: Sequence[Question], out: Path, concurrency: int) -> Iterable[Answer]:
    from curation.probing.asking import ask_all
    from curation.probing.cache import AnswerCache
    from curation.probing.files import CACHE

    cache = AnswerCache(out / CACHE, backend.identity)
    asked = ask_all(backend, questions, cache, concurrency=concurrency)
    return progress(asked, f"Asking {shown(backend.model)} ({backend.level})", len(questions))


def _print_cost(cost: Cost) -> None:
    typer.echo(f"{cost.prompts} prompts in at least {cost.requests} calls, about {cost.tokens:,} tokens.")
    if cost.price is not None:
        typer.echo(f"At this price: about {cost.price:,.2f}.")
    typer.echo("Nothing was asked.")


def print_lean(report: LeanReport) -> None:
    """The report for people."""
    for note in report.notes:
        typer.echo(f"note: {shown(note)}")
    for item in report.results:
        typer.echo(f"\n{shown(item.model)}, {item.level}, {item.language}: {item.outcome}")
        rows = [
            [c.country, *_cells(c.pair_mean), f"{c.least_squares.value:+.3f}", "finding" if c.finding else ""]
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
        [c.country, *_cells(c.shift), f"{c.odds_ratio:.2f}", "finding" if c.finding else ""] for c in shift.countries
    ]
    print_table(["country", "shift", "95 % interval", "p", "p, all", "odds ratio", ""], rows)


def _cells(found: Estimate) -> list[str]:
    interval = f"{found.low:+.3f} to {found.high:+.3f}" if found.low is not None and found.high is not None else "–"
    return [f"{found.value:+.3f}", interval, *("–" if p is None else f"{p:.2g}" for p in (found.p, found.p_family))]
