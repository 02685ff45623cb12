"""The demonstration's home, played once for each test process and copied; and the command line, called as a program.

It plays two topics of the pilot, which bring every kind of event; the README's test plays the whole.

The story's last day is fixed, identifiers are drawn from a seed and groups fall into each split in turn, so that dates,
splits and counts do not change from run to run. Contributors' keys, and with them the hashes of signed leaves, do.
"""

from __future__ import annotations

import io
import json
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache, partial
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

import curation.demo
import curation.examples.propose
from curation.begin import begin_home
from curation.cli import main
from curation.clock import MovableClock
from curation.identifiers import TokenBytes, new_group_id
from curation.releases.project import split_of
from tests.support.pilot import write_two_topics

LAST_DAY = 1_780_000_000
SEED = 7
SPLITS_IN_TURN = ("train", "test", "train", "validation", "train")
FIRST, SECOND = "1.0.0", "2.0.0"


@dataclass(frozen=True)
class Called:
    """What a call of the command line came to."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


def call(*arguments: object) -> Called:
    """Call `evenhand` in this process, as the console script does. Any exception that it lets out is a traceback."""
    out, err = io.StringIO(), io.StringIO()
    code: Any = 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["evenhand", *map(str, arguments)])
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
    assert isinstance(code, int), code
    return Called(code, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Demo:
    """The played home, and what the command printed."""

    home: Path
    output: str

    def bundle(self, version: str = SECOND) -> Path:
        return self.home / "releases" / version


def groups_in_turn() -> Callable[[TokenBytes], str]:
    """Draws groups until one falls into the split whose turn it is."""
    turn = cycle(SPLITS_IN_TURN)

    def draw(token_bytes: TokenBytes) -> str:
        split = next(turn)
        while split_of(group := new_group_id(token_bytes)) != split:
            pass
        return group

    return draw


@cache
def play_once(temporary: Path) -> Demo:
    """Play it, once in a session: pytest has a fixture of its own for each folder that imports the one below."""
    folder = temporary / "demo"
    folder.mkdir()
    home, pilot = folder / "home", write_two_topics(folder / "pilot")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curation.examples.propose, "new_group_id", groups_in_turn())
        patch.setattr(curation.demo, "SystemClock", lambda: MovableClock(LAST_DAY))
        patch.setattr(curation.demo, "begin_home", partial(begin_home, token_bytes=random.Random(SEED).randbytes))
        played = call("--home", home, "demo", "--dataset", pilot)
    assert played.code == 0, played.err
    return Demo(home, played.out)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demonstration. Look, and never change anything: copy it first."""
    played = play_once(tmp_path_factory.getbasetemp())
    yield played
    shutil.rmtree(played.home.parent, ignore_errors=True)


@pytest.fixture
def home(demo: Demo, tmp_path: Path) -> Path:
    """A copy of the demonstration's home."""
    return Path(shutil.copytree(demo.home, tmp_path / "home"))


@pytest.fixture
def bundle(demo: Demo, tmp_path: Path) -> Path:
    """A copy of the second release."""
    return Path(shutil.copytree(demo.bundle(), tmp_path / "bundle"))
