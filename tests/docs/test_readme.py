"""Every command in the README that needs no network is run as it is written, in a copy of the checkout."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, Block, blocks

NEEDS_NETWORK = "not run by the tests: fetches packages"
ELSEWHERE = "in another terminal"
IN_THIS_SUITE = "make test"
DEMO = ("See it, test it", "Verify somebody's release", "Load a release")
OWN = ("Begin your own dataset", "HTTP in five calls", "From acts to a release")
PORT = "8000"
# What differs from run to run: hashes, keys, identifiers, numbers.
DRAWN = re.compile(r"\+[0-9a-f]{8}\+\S+|\bex_[a-z2-7]{16}|\b[0-9a-f]{8,}\b|\d+")

README = blocks((ROOT / "README.md").read_text("utf-8"))


def under(headings: tuple[str, ...]) -> list[Block]:
    return [block for block in README if block.heading in headings]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the checkout, whose .venv leads to the environment of these tests."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True).stdout.decode()
    copy = tmp_path / "clone"
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
    environment = copy / ".venv"
    environment.mkdir()
    for part in Path(sys.prefix).iterdir():
        if part.name != ".ready":
            (environment / part.name).symlink_to(part)
    (environment / ".ready").write_text(str(copy.resolve()))
    return copy.resolve()


def run(checkout: Path, script: str) -> str:
    """Run a shell script in the copy, in an environment of its own. Returns what it wrote."""
    path = f"{checkout / '.venv/bin'}{os.pathsep}{os.environ['PATH']}"
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    home = checkout.parent / "user"
    home.mkdir(exist_ok=True)
    environment = {"PATH": path, "HOME": str(home), "HF_HUB_OFFLINE": "1", "PYTHONUTF8": "1", **kept}
    result = subprocess.run(
        ["sh", "-eu", "-c", script],
        cwd=checkout,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


def as_script(block: Block, checkout: Path, port: int) -> str:
    """What stands in a block, as a part of one script. The port is another, so that nobody's server is in the way."""
    text = block.text.replace(PORT, str(port))
    if block.mark == ELSEWHERE:
        return (
            f"{text.strip()} --port {port} &\nSERVING=$!\ntrap 'kill $SERVING' EXIT\n"
            f"until python -c 'import socket; socket.create_connection((\"127.0.0.1\", {port}))' 2> /dev/null; do\n"
            "  kill -0 $SERVING\n  sleep 0.3\ndone\n"
        )
    if block.language == "python":
        script = checkout.parent / "snippet.py"
        script.write_text(text, "utf-8")
        return f"python {script}\n"
    return "".join(f"{line}\n" for line in text.splitlines() if line.strip() != IN_THIS_SUITE)


def play(checkout: Path, headings: tuple[str, ...]) -> str:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    wanted = [item for item in under(headings) if item.language in ("sh", "python") and item.mark != NEEDS_NETWORK]
    return run(checkout, "".join(as_script(block, checkout, port) for block in wanted))


def check_shown(headings: tuple[str, ...], output: str) -> None:
    """Each line that the README shows of a command's output was printed, up to what is drawn anew."""
    printed = {DRAWN.sub("#", line.rstrip()) for line in output.splitlines()}
    for block in under(headings):
        if block.language == "text":
            missing = [line for line in block.text.splitlines() if line != "…" and DRAWN.sub("#", line) not in printed]
            assert not missing


def test_every_command_is_run_or_says_why_not():
    known = {*DEMO, *OWN, "Where things are"}
    assert {block.heading for block in README} == known
    assert {block.mark for block in README} == {"", NEEDS_NETWORK, ELSEWHERE}
    assert {block.language for block in README} == {"sh", "python", "text"}


def test_auditors_commands_are_those_that_the_makefile_tries():
    (block,) = [item for item in README if item.mark == NEEDS_NETWORK]
    tried = (ROOT / "Makefile").read_text("utf-8").partition("audit-install:")[2]
    for line in block.text.splitlines():
        arguments = line.split(" install ")[-1] if " install " in line else "-m venv"
        assert arguments in tried


def documented_files() -> list[re.Pattern[str]]:
    """The files of a bundle, as the table in bundle.md has them."""
    text = (ROOT / "docs/bundle.md").read_text("utf-8").partition("## Configs")[0]
    found = []
    for cell in re.findall(r"^\| (`[^|]*) \|", text, re.MULTILINE):
        for path in re.findall(r"`([^`]+)`", cell):
            pattern = re.escape(path).replace("<8\\ hex>", "[0-9a-f]{8}").replace("…", ".+")
            found.append(re.compile(re.sub("<[^>]+>", "[^/]+", pattern)))
    return found


def test_demonstration_runs_as_the_readme_says(checkout):
    output = play(checkout, DEMO)
    check_shown(DEMO, output)
    check_story(output)
    release = checkout / "demo-home/releases/2.0.0"
    files = sorted(path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file())
    patterns = documented_files()
    assert [name for name in files if not any(pattern.fullmatch(name) for pattern in patterns)] == []
    unseen = [pattern.pattern for pattern in patterns if not any(pattern.fullmatch(name) for name in files)]
    assert unseen == [], "bundle.md names files that no bundle has"
    check_without_our_code(checkout, release)


def check_story(output: str) -> None:
    """Everything that can become of an example became of one, and the pilot's card counts it rightly."""
    head, *rows = re.findall(r"^(?:kind|sft|preference|prompt|pluralistic) +[\w ]+$", output, re.MULTILINE)
    columns = zip(*(map(int, row.split()[1:]) for row in rows), strict=True)
    came = dict(zip(head.split()[1:], map(sum, columns), strict=True))
    assert all(came[status] for status in ("accepted", "contested", "rejected", "unresolved", "withdrawn"))
    card = " ".join((ROOT / "datasets/contested-pilot/card.md").read_text("utf-8").split())
    assert (
        f"{came['accepted']} of them were accepted by the simulated reviewers, {came['contested']} are contested, "
        f"{came['unresolved']} is unresolved, {came['rejected']} were rejected and {came['withdrawn']} was withdrawn"
    ) in card
    (acts,) = re.findall(r"^Acts: (.*)\.$", output, re.MULTILINE)
    done = {act.split()[0] for act in acts.split(", ")}
    assert done >= {"appeal", "flag", "uphold", "pass", "revise", "supersede", "withdraw"}
    assert "release 2" in acts


def check_without_our_code(checkout: Path, release: Path) -> None:
    """The scripts in verify.md find a release intact, and find what was changed in it."""
    text = (ROOT / "docs/verify.md").read_text("utf-8")
    root, openings = (block.text for block in blocks(text) if block.language == "python")
    (checkout / "root.py").write_text(root, "utf-8")
    (checkout / "openings.py").write_text(openings, "utf-8")
    assert "give the root" in run(checkout, f"python root.py {release}")
    assert "0 of them do not fit" in run(checkout, f"python openings.py {release}")
    bundle = next((release / "log/tile/entries").rglob("000"))
    content = bytearray(bundle.read_bytes())
    content[100] ^= 1
    bundle.write_bytes(content)
    assert "DO NOT GIVE THE ROOT" in run(checkout, f"python root.py {release} || true")


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_own_dataset_begins_as_the_readme_says(checkout):
    output = play(checkout, OWN)
    check_shown(OWN, output)
    assert '"outcome":"accepted"' in output
    assert "VERIFIED  first-dataset 1.0.0" in output
    assert "/problems/" not in output
