"""Every command and every group explains itself, fast and without what it will need later."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from curation.cli import app
from tests.audit.demo import call

ROOT = Path(__file__).parents[2]
HEAVY = (
    "pyarrow",
    "sqlalchemy",
    "pydantic",
    "fastapi",
    "uvicorn",
    "datasets",
    "alembic",
    "cryptography",
    "yaml",
    "numpy",
)
NOT_FOR_AUDITORS = (
    "sqlalchemy",
    "fastapi",
    "uvicorn",
    "datasets",
    "alembic",
    "starlette",
    "huggingface_hub",
    "psycopg",
)

PROBE = """
import json, sys
from curation.cli import main
sys.argv = ["evenhand", *sys.argv[1:]]
code = 0
try:
    main()
except SystemExit as stop:
    code = stop.code or 0
print("\\n" + json.dumps({"code": code, "modules": sorted({name.partition(".")[0] for name in sys.modules})}))
"""


def commands(group: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [path]
    for name, command in sorted(getattr(group, "commands", {}).items()):
        found += commands(command, (*path, name))
    return found


COMMANDS = commands(typer.main.get_command(app))


def imported_by(*arguments: object) -> tuple[int, set[str]]:
    result = subprocess.run(
        [sys.executable, "-c", PROBE, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = json.loads(result.stdout.splitlines()[-1])
    return found["code"], set(found["modules"])


@pytest.mark.parametrize("path", COMMANDS, ids=lambda path: " ".join(path) or "evenhand")
def test_every_command_explains_itself(path):
    called = call(*path, "--help")
    assert called.code == 0
    assert called.err == ""
    usage, _, rest = called.out.strip().partition("\n")
    assert usage.startswith(" ".join(["Usage: evenhand", *path]).rstrip())
    explained = rest.strip().split("\n")[0].strip()
    assert len(explained) > 15
    assert explained[0].isupper()


def test_there_is_a_command_for_each_thing():
    assert {path[0] for path in COMMANDS if path} >= {
        "demo",
        "init",
        "status",
        "doctor",
        "people",
        "topics",
        "epoch",
        "release",
        "verify",
        "trace",
        "log",
        "schemas",
        "serve",
    }
    assert len(COMMANDS) > 25


@pytest.mark.parametrize("path", [path for path in COMMANDS if path and (*path, "x") not in COMMANDS], ids=" ".join)
def test_every_option_and_argument_is_explained(path):
    command: Any = typer.main.get_command(app)
    for name in path:
        command = command.commands[name]
    for parameter in command.params:
        if parameter.name != "help" and parameter.param_type_name == "option":
            assert parameter.help, f"{' '.join(path)} --{parameter.name}"


def test_without_a_command_the_help_is_shown():
    called = call()
    assert "Usage: evenhand" in called.out + called.err
    assert called.code in (0, 2)


def test_help_loads_nothing_heavy():
    code, modules = imported_by("--help")
    assert code == 0
    assert not modules & set(HEAVY)


def test_verify_and_trace_load_nothing_that_an_auditor_need_not_install(demo):
    code, modules = imported_by("verify", demo.bundle(), "--json")
    assert code == 0
    assert "pyarrow" in modules
    assert not modules & set(NOT_FOR_AUDITORS)


def test_trace_loads_nothing_that_an_auditor_need_not_install(demo):
    code, modules = imported_by("trace", "ex_aaaaaaaaaaaaaaaa", "--bundle", demo.bundle())
    assert code == 2
    assert "pyarrow" in modules
    assert not modules & set(NOT_FOR_AUDITORS)


@pytest.mark.parametrize(("missing", "arguments"), [("sqlalchemy", ["status"]), ("sqlalchemy", ["release", "list"])])
def test_a_command_whose_extra_is_not_installed_names_it(missing, arguments, demo):
    program = f"import sys; sys.modules[{missing!r}] = None\n" + PROBE
    command = [sys.executable, "-c", program, "--home", demo.home, *arguments]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert json.loads(result.stdout.splitlines()[-1])["code"] == 2
    assert "this command needs the extra «server»" in result.stderr
