"""From options to the backends that they name."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import typer

from curation.cli.probe.options import BackendName, BackendOptions, TemplateUse

if TYPE_CHECKING:
    from curation.probing.backend import Backend
    from curation.probing.server import ModelServer


def open_backends(options: BackendOptions, planted: Callable[[], Backend] | None = None) -> list[Backend]:
    """What the options name, once for each level: with the chat template, without it, or both.

    Args:
        planted: makes the fake, where the probe has one.
    """
    templates = _templates(options)
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
            from curation.probing.completions import CompletionsBackend

            server, model = _server(options, "completions")
            return [CompletionsBackend(server, model, batch=options.batch, template=text) for text in templates]


def _templates(options: BackendOptions) -> list[str | None]:
    """The chat templates to ask with, None for none; of completions only."""
    use = options.chat_template
    if options.backend is BackendName.CHAT:
        if use in (TemplateUse.OFF, TemplateUse.BOTH):
            raise typer.BadParameter("a chat server always applies its template", param_hint="--chat-template")
        return [None]
    if use in (None, TemplateUse.OFF):
        return [None]
    if options.backend is not BackendName.COMPLETIONS:
        raise typer.BadParameter("only a server applies a template", param_hint="--chat-template")
    if options.template is None:
        raise typer.BadParameter("name the template's file with --template", param_hint="--chat-template")
    text = options.template.read_text("utf-8")
    return [text] if use is TemplateUse.ON else [None, text]


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
