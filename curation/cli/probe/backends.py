"""From options to the backends that they name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import typer

from curation.cli.printing import working
from curation.cli.probe.options import BackendName, BackendOptions, TemplateUse, read_text_file

if TYPE_CHECKING:
    from curation.probing.backend import Backend
    from curation.probing.server import ModelServer


def open_backends(options: BackendOptions, planted: Callable[[], Backend] | None = None) -> list[Backend]:
    """What the options name, once for each level: with the chat template, without it, or both.

    Args:
        planted: makes the fake, where the probe has one.
    """
    levels = _levels(options)
    match options.backend:
        case BackendName.PLANTED:
            if planted is None:
                raise typer.BadParameter("this probe has no planted fake", param_hint="--backend")
            return [planted()]
        case BackendName.RECORDED:
            return [_recorded(options)]
        case BackendName.CHAT:
            from curation.probing.chat import ChatBackend

            return [ChatBackend(*_server(options, "chat/completions"))]
        case BackendName.COMPLETIONS:
            return _completions(options, levels)
        case BackendName.TRANSFORMERS:
            return _local(options, levels)


def _levels(options: BackendOptions) -> list[bool]:
    """For each time that everything is asked, whether the chat template is put around prompts."""
    use = options.chat_template
    if options.backend is BackendName.CHAT:
        if use in (TemplateUse.OFF, TemplateUse.BOTH):
            raise typer.BadParameter("a chat server always applies its template", param_hint="--chat-template")
        return [True]
    if use in (None, TemplateUse.OFF):
        return [False]
    if options.backend not in (BackendName.COMPLETIONS, BackendName.TRANSFORMERS):
        raise typer.BadParameter("only a model applies a template", param_hint="--chat-template")
    return [True] if use is TemplateUse.ON else [False, True]


def _completions(options: BackendOptions, levels: Sequence[bool]) -> list[Backend]:
    from curation.probing.completions import CompletionsBackend

    if any(levels) and options.template is None:
        raise typer.BadParameter("name the template's file with --template", param_hint="--chat-template")
    template = read_text_file(options.template, "--template") if options.template and any(levels) else None
    server, model = _server(options, "completions")
    return [
        CompletionsBackend(server, model, batch=options.batch, template=template if templated else None)
        for templated in levels
    ]


def _local(options: BackendOptions, levels: Sequence[bool]) -> list[Backend]:
    if options.model is None:
        raise typer.BadParameter("name the model's folder, or its name on the Hub", param_hint="--model")
    if options.template is not None:
        raise typer.BadParameter("a model of transformers has its own template", param_hint="--template")
    from curation.probing.local import LocalBackend
    from curation.probing.local_model import load_local_model

    with working("Reading the model"):
        known = load_local_model(options.model, options.device)
    return [LocalBackend(known, batch=options.batch, templated=templated) for templated in levels]


def _recorded(options: BackendOptions) -> Backend:
    from curation.probing.recorded import RecordedBackend

    if options.recorded is None:
        raise typer.BadParameter("name the file of answers", param_hint="--recorded")
    return RecordedBackend(options.recorded, options.model or options.recorded.stem)


def _server(options: BackendOptions, endpoint: str) -> tuple[ModelServer, str]:
    from curation.probing.server import ModelServer, read_key

    if options.url is None or options.model is None:
        raise typer.BadParameter("name the server and the model", param_hint="--url and --model")
    server = ModelServer(
        options.url,
        endpoint,
        read_key(options.api_key_env),
        timeout=options.timeout,
        retries=options.retries,
        connections=options.concurrency,
    )
    return server, options.model
