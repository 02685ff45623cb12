"""What tests of imports share: a home with files beside it, and how to look at what came of an import."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from curation.db import reading
from curation.health import examine
from curation.log.leaf import decode_leaf
from curation.tables import examples, imported, openings, pending_leaves
from curation.writing import Platform
from tests.audit.demo import Called, call
from tests.support.generated import people, proposal, reviews_of
from tests.support.golden import GOLDEN, Names


def assert_golden(case: str, message: str) -> None:
    """The message is the one kept for the case; with EVENHAND_UPDATE_GOLDEN set it is written anew."""
    path = GOLDEN / "import" / case / "message.txt"
    message = Names().settle(message)
    if os.environ.get("EVENHAND_UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(message.rstrip("\n") + "\n", "utf-8")
    assert path.is_file(), f"no message is kept for {case}; set EVENHAND_UPDATE_GOLDEN=1 and read what is written"
    assert message.rstrip("\n") + "\n" == path.read_text("utf-8")


def as_lines(lines: Iterable[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(line, ensure_ascii=False).encode() for line in lines]


def mixed_lines(count: int, seed: int = 0, seats: int = 1) -> list[dict[str, Any]]:
    """Proposals, each followed by a review for every seat (so many of each perspective)."""
    draw = random.Random(seed)
    return [
        line for number in range(count) for line in (proposal(number, draw, words=8), *reviews_of(number, draw, seats))
    ]


@dataclass
class Place:
    """A home, and a folder for files."""

    folder: Path
    home: Path
    platform: Platform

    def write(self, name: str, lines: Iterable[bytes | dict[str, Any]]) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        plain = [line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False).encode() for line in lines]
        path.write_bytes(b"".join(line + b"\n" for line in plain))
        return path

    def people(self) -> Path:
        return self.write("people.jsonl", people())

    def contributions(self, path: Path, *options: object) -> Called:
        arguments = ("--format", "contributions", "--people", self.people(), *options)
        return call("--home", self.home, "import", path, *arguments)

    def rows(self, path: Path, form: str, *options: object) -> Called:
        return call("--home", self.home, "import", path, "--format", form, *options)

    def status(self) -> str:
        """What `status --json` prints, byte for byte."""
        return call("--home", self.home, "status", "--json").out

    def leaves(self) -> list[dict[str, Any]]:
        with reading(self.platform.home.engine) as connection:
            return [decode_leaf(leaf) for leaf in connection.execute(select(pending_leaves.c.leaf)).scalars()]

    def count(self, act: str) -> int:
        return sum(leaf["type"] == act for leaf in self.leaves())

    def texts(self) -> list[str]:
        """Every message that stands behind a commitment, sorted."""
        with reading(self.platform.home.engine) as connection:
            query = select(openings.c.body).where(openings.c.unit == "message")
            return sorted(json.loads(body)["content"] for body in connection.execute(query).scalars())

    def contents(self) -> tuple[list[Any], list[Any], list[str]]:
        """What does not change from run to run: kinds of acts, statuses, texts; and how much is remembered."""
        with reading(self.platform.home.engine) as connection:
            statuses = sorted(connection.execute(select(examples.c.kind, examples.c.status)).all())
            known = len(connection.execute(select(imported.c.key)).all())
        acts = sorted((leaf["type"], leaf.get("verdict", "")) for leaf in self.leaves())
        return [known, *acts], [tuple(row) for row in statuses], self.texts()

    def check(self) -> None:
        """Nothing is half-done: the projection is what the leaves give, and every leaf keeps the rules."""
        wrong = [problem for check in examine(self.platform) for problem in check.problems]
        assert not wrong
