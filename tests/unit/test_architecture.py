"""The rules that hold for the whole checkout, whatever the code in it does."""

from __future__ import annotations

import ast
import re
import socket
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

import curation

ROOT = Path(__file__).parents[2]
PACKAGES = ["curation", "api/curation_api", "schemas/curation_schemas", "validators/curation_validators"]

# Spelled in halves, so that this file passes its own check.
INDEX_HOSTS = ["pypi" + ".org", "files." + "pythonhosted.org", "registry." + "npmjs.org"]
MACHINE_PATH = re.compile(r"(?:file://|(?<![\w.~:/*$}>)-]))/(?:root|work|home)/(?=[\w.-])")


@cache
def files_in_git() -> tuple[Path, ...]:
    """Every file that is tracked, or would be after `git add`."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode()
    return tuple(path for name in listed.split("\0") if name and (path := ROOT / name).is_file())


def modules() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_imports_keep_every_contract():
    result = run(Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("heavy", ["datasets", "fastapi", "sqlalchemy"])
def test_auditors_modules_load_without_the_platforms_dependencies(heavy):
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (names,) = (contract["source_modules"] for contract in contracts if contract["id"] == "auditor")
    # None in sys.modules makes an import fail as if the package were not installed.
    result = run(sys.executable, "-c", f"import sys; sys.modules[{heavy!r}] = None; import {', '.join(names)}")
    assert result.returncode == 0, result.stderr


def test_only_db_commits():
    commits = [
        f"{relative(path)}:{number}"
        for path in modules()
        if path != ROOT / "curation/db.py"
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if ".commit(" in line
    ]
    assert not commits, "one commit, at the edge, in curation/db.py"


def test_no_file_names_an_index_host_or_a_path_of_one_machine():
    found = []
    for path in files_in_git():
        content = path.read_bytes().decode("utf-8", errors="replace")
        found += [f"{relative(path)}: {host}" for host in INDEX_HOSTS if host in content]
        found += [f"{relative(path)}: {match.group()}" for match in MACHINE_PATH.finditer(content)]
    assert not found


@pytest.mark.parametrize("folder", ["root", "work", "home"])
def test_paths_of_one_machine_are_recognised(folder):
    for before in ("", "'", '"', "cd ", "=", "file://"):
        assert MACHINE_PATH.search(f"{before}/{folder}/x"), before
    for before in ("https://host", "demo", ".", "$ROOT", "~"):
        assert not MACHINE_PATH.search(f"{before}/{folder}/x"), before


def test_data_folder_is_no_package():
    assert not [relative(path) for path in (ROOT / "datasets").rglob("*.py")], "datasets/ holds data, never code"


def test_every_module_says_what_it_is():
    silent = [relative(path) for path in modules() if not ast.get_docstring(ast.parse(path.read_text("utf-8")))]
    assert not silent, "no module docstring"


def test_package_and_project_have_one_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] == curation.__version__


def test_auditors_lock_is_part_of_the_whole_lock():
    core, dev = (
        set(re.findall(r"^[\w.-]+==[^ ]+", (ROOT / f"requirements/{name}.txt").read_text(), re.MULTILINE))
        for name in ("core", "dev")
    )
    assert core <= dev


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_unit_tests_cannot_reach_another_machine(host):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as sock, pytest.raises(pytest.fail.Exception, match="only loopback"):
        sock.connect((host, 9))


def test_unit_tests_cannot_look_up_a_name():
    with pytest.raises(pytest.fail.Exception, match="only loopback"):
        socket.getaddrinfo("example.org", 443)


def test_unit_tests_may_use_loopback():
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname(), timeout=5) as sock,
    ):
        assert sock.getpeername() == server.getsockname()
