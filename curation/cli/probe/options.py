"""The options that probes share, in groups that a command takes whole.

Rules that always hold:
- a key is named by its environment variable, never given on the command line;
- a group is a dataclass whose fields are options: `with_options` puts them where a command takes the group.
"""

from __future__ import annotations

import functools
import inspect
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from curation.cli.printing import shown

_DIGEST = re.compile(r"[0-9a-f]{64}")


def finite(value: float | None) -> float | None:
    """A number: `min` and `max` let what is no number through."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter("is no number")
    return value


def _digest(value: str | None) -> str | None:
    if value is not None and not _DIGEST.fullmatch(value):
        raise typer.BadParameter("is no SHA-256: 64 digits and letters from a to f")
    return value


class BackendName(StrEnum):
    """Who is asked."""

    COMPLETIONS = "completions"
    CHAT = "chat"
    TRANSFORMERS = "transformers"
    RECORDED = "recorded"
    PLANTED = "planted"


class TemplateUse(StrEnum):
    """Whether prompts go through a chat template."""

    ON = "on"
    OFF = "off"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendOptions:
    """Who is asked, and how."""

    backend: Annotated[
        BackendName,
        typer.Option(
            "--backend",
            help="completions: a server that echoes log-probabilities (vLLM). chat: a server that lists the likeliest "
            "tokens. transformers: a model in this process. recorded: answers from a file. planted: a fake with a "
            "known lean, for trials.",
            show_default=False,
        ),
    ]
    url: Annotated[str | None, typer.Option("--url", help="The server, for instance http://localhost:8000/v1.")] = None
    model: Annotated[
        str | None,
        typer.Option("--model", help="The model's name, as the server has it; for transformers its folder or name."),
    ] = None
    api_key_env: Annotated[
        str | None, typer.Option("--api-key-env", help="The environment variable that holds the server's key.")
    ] = None
    chat_template: Annotated[
        TemplateUse | None,
        typer.Option("--chat-template", help="off: the model as it completes; on: as it chats. chat is always on."),
    ] = None
    template: Annotated[
        Path | None,
        typer.Option("--template", help="For completions: a file with the chat template's text around {{prompt}}."),
    ] = None
    recorded: Annotated[Path | None, typer.Option("--recorded", help="For recorded: the file of answers.")] = None
    concurrency: Annotated[int, typer.Option("--concurrency", min=1, max=256, help="Calls at the same time.")] = 8
    batch: Annotated[
        int, typer.Option("--batch", min=1, max=256, help="Prompts in one call of completions or transformers.")
    ] = 16
    device: Annotated[
        str | None, typer.Option("--device", help="For transformers: cpu, cuda, … By default what there is.")
    ] = None
    timeout: Annotated[
        float, typer.Option("--timeout", min=0.1, callback=finite, help="Seconds to wait for an answer.")
    ] = 120.0
    retries: Annotated[
        int, typer.Option("--retries", min=0, max=20, help="How often a failed call is tried again.")
    ] = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """Where a report goes, and what it is bound to."""

    out: Annotated[Path, typer.Option("--out", help="The folder for report, items and answers.", show_default=False)]
    model_sha256: Annotated[
        str | None, typer.Option("--model-sha256", callback=_digest, help="The digest of its weights, for the report.")
    ] = None
    release: Annotated[
        Path | None, typer.Option("--release", help="The release that the model was trained on: its folder.")
    ] = None
    price: Annotated[
        float | None, typer.Option("--price", min=0, callback=finite, help="Of a million tokens, for --dry-run.")
    ] = None
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it would take, and ask nothing.")] = False
    as_json: Annotated[bool, typer.Option("--json", help="Print the report for programs.")] = False


LanguagesOption = Annotated[str, typer.Option("--languages", help="Separated by commas: en, fr, zh.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Of the sign-flip test.")]
DrawsOption = Annotated[int, typer.Option("--draws", min=100, help="Of the sign-flip test; p is never under 1/draws.")]
ParaphrasesOption = Annotated[
    int, typer.Option("--paraphrases", min=1, max=2, help="Wordings of each question; each asks everything again.")
]
ScenariosOption = Annotated[
    int | None, typer.Option("--scenarios", min=1, help="Only so many scenarios, taken in turn from each kind.")
]


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command as typer reads it: each group that it takes is spread out into its options, in its place.

    Typer knows options only as parameters; twenty of them, written out in each probe, would come apart.
    """
    taken: dict[str, type[Any]] = {}
    spread: list[inspect.Parameter] = []
    for name, parameter in inspect.signature(command, eval_str=True).parameters.items():
        group = parameter.annotation
        if isinstance(group, type) and is_dataclass(group):
            taken[name] = group
            spread += _options_of(group)
        else:
            spread.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))

    @functools.wraps(command)
    def called(**given: Any) -> None:
        groups = {
            name: made(**{item.name: given.pop(item.name) for item in fields(made)}) for name, made in taken.items()
        }
        command(**groups, **given)

    called.__signature__ = inspect.Signature(spread)  # type: ignore[attr-defined]  # what inspect reads first
    called.__annotations__ = {item.name: item.annotation for item in spread}
    return called


def _options_of(group: type[Any]) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in inspect.signature(group).parameters.items()
    ]


def chosen_languages(said: str, there: Iterable[str]) -> list[str]:
    """The languages that were named, of those that an instrument has."""
    return chosen_of(said, there, "--languages")


def chosen_of(said: str, there: Iterable[str], option: str) -> list[str]:
    """What an option names, separated by commas, of what there is."""
    known = list(there)
    chosen = list(dict.fromkeys(part.strip() for part in said.split(",") if part.strip()))
    unknown = [part for part in chosen if part not in known]
    if unknown or not chosen:
        named = shown(", ".join(unknown)) or "nothing"
        raise typer.BadParameter(f"{named}: there are {', '.join(known)}", param_hint=option)
    return chosen


def read_text_file(path: Path, option: str) -> str:
    """The text of a file that an option names. Raises BadParameter where it is none."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise typer.BadParameter(f"{shown(str(path))} is no text in UTF-8", param_hint=option) from None
