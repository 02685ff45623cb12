"""The demonstration on SQLite and on PostgreSQL: with the same drawn bytes, the releases are the same to the byte."""

from __future__ import annotations

import random

import pytest

import curation.demo
from curation.clock import MovableClock
from curation.demo import play
from curation.health import examine
from tests.audit.demo import FIRST, LAST_DAY, SECOND, SEED
from tests.support.pilot import write_two_topics
from tests.support.postgres import postgres, postgres_url

__all__ = ["postgres", "postgres_url"]


def released(home, pilot, database):
    """Every file of both releases, by its path."""
    draw = random.Random(SEED).randbytes
    played = play(home, pilot, lambda _: None, lambda lines: lines, database=database, token_bytes=draw)
    assert [check for check in examine(played.platform) if check.problems] == []
    played.platform.home.close()
    folders = [home / "releases" / version for version in (FIRST, SECOND)]
    paths = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(home): path.read_bytes() for path in paths}


def test_both_databases_give_the_same_releases(tmp_path, postgres_url, monkeypatch):
    monkeypatch.setattr(curation.demo, "SystemClock", lambda: MovableClock(LAST_DAY))
    pilot = write_two_topics(tmp_path / "pilot")
    one = released(tmp_path / "one", pilot, None)
    other = released(tmp_path / "other", pilot, postgres_url)
    assert len(one) > 20
    assert one.keys() == other.keys()
    assert [path for path in one if one[path] != other[path]] == []


@pytest.mark.parametrize("version", [FIRST, SECOND])
def test_a_release_has_what_makes_it_one(version, demo):
    """Else the comparison above would compare little."""
    names = {path.name for path in demo.bundle(version).rglob("*") if path.is_file()}
    assert {"manifest.json", "checkpoint", "release.tlog-proof", "README.md"} <= names
