"""A disk that fills up on the way: a clear error, nothing half there, nothing lost, and the next run ends it."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from curation.integrations.hub import HubDestination
from curation.integrations.publish import read_release
from curation.whole import write_whole
from tests.audit.demo import FIRST, SECOND, call

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
ADDRESS = "hf://datasets/org/contested-demo"
SMALL = 60_000
"""Bytes: less than the openings, more than what SQLite keeps beside its database."""


@contextmanager
def no_room_for_larger_files(most: int = SMALL) -> Iterator[None]:
    """No file of this process grows beyond so many bytes: what is written beyond fails, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def files_under(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_file_is_there_whole_or_not_at_all(tmp_path):
    path = tmp_path / "file"
    write_whole(path, [b"old"])
    with no_room_for_larger_files(), pytest.raises(OSError, match="File too large"):
        write_whole(path, [b"x" * SMALL, b"y"])
    assert (files_under(tmp_path), path.read_bytes()) == ({"file"}, b"old")


def test_a_release_that_finds_no_room_is_cut_by_the_next_run(home):
    assert call("--home", home, "epoch", "close").code == 0
    releases = home / "releases"
    before = files_under(releases)
    with no_room_for_larger_files():
        for command in (("cut",), ("rebuild", SECOND, "--out", releases / "again")):
            called = call("--home", home, "release", *command)
            assert (called.code, "File too large" in called.err) == (1, True), called.err
            assert "Traceback" not in called.err
    assert {name for name in files_under(releases) if not name.startswith(".")} == before
    assert not [path for path in releases.iterdir() if path.name.startswith(".building-")]
    assert call("--home", home, "release", "cut").code == 0


def test_a_folder_that_is_full_holds_no_version_until_the_next_run(demo, tmp_path):
    there = tmp_path / "mirror-demo"
    publish = ("release", "publish", demo.bundle(FIRST), "--to", there, "--as-demo", "--yes")
    with no_room_for_larger_files():
        called = call(*publish)
    assert called.code == 1
    assert "cannot be written: File too large. Mend it, and run it again" in called.err
    assert "manifest.json" not in files_under(there / FIRST)
    assert "what came back verifies" in call(*publish).out
    assert not [name for name in files_under(there) if name.endswith(".part")]


def test_a_release_that_finds_no_room_here_is_not_half_fetched(demo, hub, tmp_path, monkeypatch):
    HubDestination(ADDRESS).bring(read_release(demo.bundle(FIRST)), lambda _said: None)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with no_room_for_larger_files():
        called = call("verify", f"{ADDRESS}@v{FIRST}")
    assert called.code == 1
    assert "cannot be written here: File too large. Make room" in called.err
    assert files_under(tmp_path) == set()


def test_conversations_that_find_no_room_are_not_half_written(demo, tmp_path):
    out = tmp_path / "out.jsonl"
    with no_room_for_larger_files(500):
        called = call("release", "pluralistic", demo.bundle(), "--out", out, "--voice", "positions")
    assert (called.code, files_under(tmp_path)) == (2, set()), called.err
    assert "cannot be written: File too large" in called.err
