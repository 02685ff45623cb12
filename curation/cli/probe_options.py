"""The options and steps that all probes share.

Rules that always hold:
- a key is named by its environment variable, never given on the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from curation.cli.printing import print_json, progress, shown

if TYPE_CHECKING:
    from curation.probing.backend import Backend
    from curation_schemas.probe import Estimate
    from curation_validators.probes.asking import Answer, Question


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
OutOption = Annotated[Path, typer.Option("--out", help="The folder for report, items and answers.", show_default=False)]
UrlOption = Annotated[str | None, typer.Option("--url", help="The server, for instance http://localhost:8000/v1.")]
ModelOption = Annotated[str | None, typer.Option("--model", help="The model's name, as the server has it.")]
DigestOption = Annotated[str | None, typer.Option("--model-sha256", help="The digest of its weights, for the report.")]
KeyOption = Annotated[
    str | None, typer.Option("--api-key-env", help="The environment variable that holds the server's key.")
]
ChatTemplateOption = Annotated[
    TemplateUse | None,
    typer.Option("--chat-template", help="off: the model as it completes; on: as it chats. chat is always on."),
]
TemplateOption = Annotated[
    Path | None,
    typer.Option("--template", help="For completions: a file with the chat template's text around {{prompt}}."),
]
RecordedOption = Annotated[Path | None, typer.Option("--recorded", help="For recorded: the file of answers.")]
ReleaseOption = Annotated[
    Path | None, typer.Option("--release", help="The release that the model was trained on: its folder.")
]
SeedOption = Annotated[int, typer.Option("--seed", help="Of the sign-flip test.")]
DrawsOption = Annotated[int, typer.Option("--draws", min=100, help="Of the sign-flip test; p is never under 1/draws.")]
ConcurrencyOption = Annotated[int, typer.Option("--concurrency", min=1, max=256, help="Calls at the same time.")]
BatchOption = Annotated[int, typer.Option("--batch", min=1, max=256, help="Prompts in one call of completions.")]
TimeoutOption = Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds to wait for an answer.")]
RetriesOption = Annotated[int, typer.Option("--retries", min=0, max=20, help="How often a failed call is tried again.")]
PriceOption = Annotated[float | None, typer.Option("--price", min=0, help="Of a million tokens, for --dry-run.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what it would take, and ask nothing.")]


def chat_templates(backend: BackendName, use: TemplateUse | None, template: Path | None) -> list[str | None]:
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


def open_backends(
    name: BackendName,
    planted: Callable[[], Backend] | None,
    *,
    url: str | None,
    model: str | None,
    key: str | None,
    template: list[str | None],
    recorded: Path | None,
    batch: int,
    timeout: float,
    retries: int,
    concurrency: int,
) -> list[Backend]:
    """What the options name, once for each level; `planted` makes the fake, where the probe has one."""
    if name is BackendName.PLANTED:
        if planted is None:
            raise typer.BadParameter("this probe has no planted fake", param_hint="--backend")
        return [planted()]
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


def ask_backend(backend: Backend, questions: Sequence[Question], out: Path, concurrency: int) -> Iterable[Answer]:
    """The answers, kept in the folder as they come in, with a progress bar at a terminal."""
    from curation.probing.asking import ask_all
    from curation.probing.cache import AnswerCache
    from curation.probing.files import CACHE

    cache = AnswerCache(out / CACHE, backend.identity)
    asked = ask_all(backend, questions, cache, concurrency=concurrency)
    return progress(asked, f"Asking {shown(backend.model)} ({backend.level})", len(questions))


def print_cost(
    questions: Sequence[Question], backends: Sequence[Backend], price: float | None, *, as_json: bool
) -> None:
    """What a run takes, for people or programs."""
    from curation.probing.estimating import estimate_cost

    cost = estimate_cost(questions, backends[0].batch, len(backends), price)
    if as_json:
        print_json(cost.as_json())
        return
    typer.echo(f"{cost.prompts} prompts in at least {cost.requests} calls, about {cost.tokens:,} tokens.")
    if cost.price is not None:
        typer.echo(f"At this price: about {cost.price:,.2f}.")
    typer.echo("Nothing was asked.")


def chosen_languages(said: str, there: Iterable[str]) -> list[str]:
    """The languages that were named, of those that an instrument has."""
    known = list(there)
    chosen = list(dict.fromkeys(part.strip() for part in said.split(",") if part.strip()))
    unknown = [part for part in chosen if part not in known]
    if unknown or not chosen:
        named = shown(", ".join(unknown)) or "nothing"
        raise typer.BadParameter(f"{named}: there are {', '.join(known)}", param_hint="--languages")
    return chosen


def estimate_cells(found: Estimate) -> list[str]:
    """Value, interval and both p-values, for a table."""
    interval = f"{found.low:+.3f} to {found.high:+.3f}" if found.low is not None and found.high is not None else "–"
    return [f"{found.value:+.3f}", interval, *("–" if p is None else f"{p:.2g}" for p in (found.p, found.p_family))]
