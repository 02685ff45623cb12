"""The `evenhand` command.

Rules that always hold:
- heavy imports happen inside commands, so that `--help` is fast and an auditor's install needs no database;
- a wrong call exits with 2, anything that does not hold with 1; an error says what, where and what to do;
- no command holds a rule: it makes a command object and calls what the HTTP API calls.
"""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from typing import Annotated

import typer

from curation.cli import (
    audit,
    controls,
    db,
    demo,
    epoch,
    home,
    importing,
    label_studio,
    lean,
    log,
    people,
    probe,
    release,
    schemas,
    serve,
    sources,
    topics,
    validating,
    webhooks,
)
from curation.cli.printing import shown
from curation.errors import CallerError, EvenhandError

app = typer.Typer(
    name="evenhand",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Open curation and audit of post-training data on contested topics.\n\n"
    "People who disagree propose and review examples; a release holds what reviewers of EACH required perspective "
    "accepted; anyone can verify it offline.\n\n"
    "Begin with `evenhand demo`. To check somebody's release: `evenhand verify FOLDER`.",
)


@app.callback()
def options(
    context: typer.Context,
    home_path: Annotated[
        Path,
        typer.Option("--home", envvar="EVENHAND_HOME", help="The folder with database, keys, log and releases."),
    ] = Path(".evenhand"),
) -> None:
    """Options that stand before every command."""
    context.obj = home_path


# A callback's docstring would replace the help text above.
options.__doc__ = None

app.command("demo")(demo.demo)
app.command("init")(home.init)
app.command("status")(home.status)
app.command("doctor")(home.doctor)
app.add_typer(people.app, name="people")
app.add_typer(topics.app, name="topics")
app.command("import")(importing.import_file)
app.add_typer(controls.app, name="controls")
app.add_typer(sources.app, name="sources")
app.add_typer(epoch.app, name="epoch")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(label_studio.app, name="label-studio")
app.add_typer(release.app, name="release")
app.command("verify")(audit.verify)
app.command("trace")(audit.trace)
app.command("validate")(validating.validate)
app.command("protect")(validating.protect)
app.add_typer(probe.app, name="probe")
app.add_typer(log.app, name="log")
app.add_typer(db.app, name="db")
app.command("backup")(db.backup)
app.command("restore")(db.restore)
app.add_typer(schemas.app, name="schemas")
app.command("serve")(serve.serve)


_EXTRA_OF = {
    "datasets": "release",
    "huggingface_hub": "release",
    "great_expectations": "validate",
    "httpx": "probes",
    "label_studio_sdk": "label-studio",
    "pandas": "validate",
    "pyspark": "spark",
}
_INSTALLED_APART = ("torch", "safetensors", "transformers")


def main() -> None:
    """The console script's entry."""
    lean.ALONE.set(True)
    try:
        app()
    except EvenhandError as error:
        _stop(str(error), 2 if isinstance(error, CallerError) else 1)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in _INSTALLED_APART:
            _stop("a model in this process needs torch and transformers, installed apart: see docs/probes.md", 2)
        extra = _EXTRA_OF.get((error.name or "").partition(".")[0], "server")
        _stop(f"this command needs the extra «{extra}»; in the checkout: pip install '.[{extra}]'", 2)
    except BrokenPipeError:
        sys.exit(1)
    except UnicodeEncodeError as error:
        # The shell hands on any bytes; a name of a file may have them, what is recorded or looked for may not.
        given = ascii(error.object[error.start : error.end][:20])
        _stop(f"what was given holds {given}, which {error.encoding} cannot write. Give it as UTF-8.", 2)
    except OSError as error:
        # A write that fails names no file; what is half written is removed by whoever wrote it.
        hint = ". Make room and run it again" if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
        _stop(f"{error.strerror or error}: {error.filename or ''}".rstrip(": ") + hint, 1)
    except Exception as error:
        if type(error).__module__.partition(".")[0] != "sqlalchemy":
            raise
        reason = str(getattr(error, "orig", error)).splitlines()[0]
        _stop(f"the database refused: {reason}. Nothing was changed; run `evenhand doctor`.", 1)


def _stop(message: str, code: int) -> None:
    typer.echo(shown(f"evenhand: {message}"), err=True)
    sys.exit(code)
