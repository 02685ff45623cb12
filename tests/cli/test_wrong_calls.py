"""A wrong call exits with 2, a broken world with 1; each says what, where and what to do, never with a traceback."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.audit.demo import SECOND, call, home
from tests.audit.tampering import Folder

__all__ = ["home"]

EVENHAND = Path(sys.executable).with_name("evenhand")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "No such command"),
        (["release", "nonsense"], "No such command"),
        (["--nonsense"], "No such option"),
        (["verify"], "Missing argument"),
        (["trace", "ex_aaaaaaaaaaaaaaaa"], "Missing option"),
        (["verify", "{home}/nowhere"], "is no folder"),
        (["verify", "{home}/evenhand.db"], "is no folder"),
        (["verify", "{bundle}", "--pin", "{home}/nowhere"], "is no file"),
        (["trace", "ex_aaaaaaaaaaaaaaaa", "--bundle", "{home}/nowhere"], "is no folder"),
        (["trace", "ex_aaaaaaaaaaaaaaaa", "--bundle", "{bundle}"], "no example 'ex_aaaaaaaaaaaaaaaa'"),
        (["trace", "ex_\udcff", "--bundle", "{bundle}"], r"holds '\udcff', which utf-8 cannot write"),
        (["--home", "{home}", "release", "rebuild", "9.9.9"], "there is no release '9.9.9'"),
        (["--home", "{home}", "release", "rebuild", "2.0.0"], "exists"),
        (["--home", "{home}", "release", "cut", "--as", "nobody"], "there is no account 'nobody'"),
        (["--home", "{home}", "release", "cut", "--as", "sim-coral-tern"], "this needs the role «maintainer»"),
        (["--home", "{home}", "log", "show", "999999"], "no leaf"),
        (["--home", "{home}", "log", "show", "-1"], ""),
        (["--home", "{home}", "log", "erase", "0" * 64, "--ground", "law"], "there is no act"),
        (["--home", "{home}", "log", "erase", "0" * 64, "--ground", "boredom"], "ground"),
        (["--home", "{home}", "log", "erase", "nonsense", "--ground", "law"], "act"),
        (["--home", "{home}", "topics", "show", "the-moon"], "there is no topic 'the-moon'"),
        (["--home", "{home}", "topics", "draft-policy", "{home}/nowhere", "--reason", "x"], "cannot be read"),
        (["--home", "{home}", "topics", "agree-policy", "dnothing", "--as", "sim-founder"], "no policy draft"),
        (["--home", "{home}", "people", "add", "Not A Slug", "--language", "en"], "handle"),
        (["--home", "{home}", "people", "add", "sim-founder", "--language", "en"], "is taken"),
        (["--home", "{home}", "people", "add", "dora"], "Missing option"),
        (["--home", "{home}", "people", "add", "dora", "--language", "Klingon"], "languages"),
        (["--home", "{home}", "people", "add", "dora", "--language", "en", "--role", "king"], "roles"),
        (["--home", "{home}", "people", "token", "nobody"], "there is no account 'nobody'"),
        (["--home", "{home}", "people", "forget", "nobody", "--yes"], "there is no account 'nobody'"),
        (["--home", "{home}", "init", "--dataset", "{home}/nowhere"], "cannot be read"),
        (["--home", "{home}", "demo"], "is not an empty folder"),
        (["--home", "{home}/new", "demo", "--dataset", "{home}/nowhere"], "cannot be read"),
        (["serve", "--port", "70000"], ""),
    ],
)
def test_a_wrong_call_exits_with_two_and_says_why(arguments, said, demo):
    filled = [item.format(home=demo.home, bundle=demo.bundle()) for item in arguments]
    called = call(*filled)
    assert called.code == 2, (called.out, called.err)
    assert said in called.err
    assert "Traceback" not in called.err
    assert not (demo.home / "new").exists()


def test_a_release_cut_twice_over_the_same_log_is_refused(home):
    call("--home", home, "epoch", "close")
    assert call("--home", home, "release", "cut").code == 0
    called = call("--home", home, "release", "cut")
    assert called.code == 2
    assert "no epoch was closed since the last release" in called.err
    assert "evenhand epoch close" in called.err


def test_a_demonstration_leaves_a_folder_with_something_in_it_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    called = call("--home", tmp_path, "demo")
    assert called.code == 2
    assert "exists and is not an empty folder" in called.err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_home_inside_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("x")
    called = call("--home", tmp_path / "file", "demo")
    assert called.code in (1, 2)
    assert "evenhand: " in called.err


@pytest.mark.parametrize(
    "arguments", [["status"], ["doctor"], ["release", "plan"], ["log", "replay"], ["epoch", "close"]]
)
def test_a_folder_that_is_no_home_is_unusable(arguments, tmp_path):
    called = call("--home", tmp_path, *arguments)
    assert called.code == 1
    assert "is no home" in called.err
    assert "evenhand init" in called.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("key", ["log.key", "vault.key"])
def test_a_missing_key_file_is_named(key, home):
    (home / "keys" / key).unlink()
    called = call("--home", home, "status")
    assert called.code == 1
    assert key in called.err
    assert "Restore the keys folder" in called.err


@pytest.mark.parametrize("key", ["log.key", "vault.key"])
@pytest.mark.parametrize("content", [b"", b"nonsense\n", b"\xff\xfe", b"00" * 32 + b"\n"])
def test_a_damaged_or_foreign_key_is_refused_and_never_shown(key, content, home):
    old = (home / "keys" / key).read_text().strip()
    (home / "keys" / key).write_bytes(content)
    called = call("--home", home, "doctor")
    if key == "vault.key" and content == b"00" * 32 + b"\n":
        # A key of the right form shows itself as wrong only where something is opened with it.
        assert called.code in (0, 1)
    else:
        assert called.code == 1
        assert "key" in called.err
    assert old not in called.out + called.err


def test_a_home_of_a_newer_schema_is_refused(home):
    database = sqlite3.connect(home / "evenhand.db")
    database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.commit()
    database.close()
    called = call("--home", home, "status")
    assert called.code == 1
    assert "schema revision 9999" in called.err


@pytest.mark.parametrize(
    "content", [b"", b"not a database, by any means" * 100, b"SQLite format 3\x00" + b"\x00" * 500]
)
def test_a_damaged_database_is_unusable(content, home):
    (home / "evenhand.db").write_bytes(content)
    for leftover in ("evenhand.db-wal", "evenhand.db-shm"):
        (home / leftover).unlink(missing_ok=True)
    called = call("--home", home, "status")
    assert called.code == 1
    assert called.err.startswith("evenhand: ")


def test_a_database_of_something_else_is_no_home(tmp_path):
    (tmp_path / "keys").mkdir()
    database = sqlite3.connect(tmp_path / "evenhand.db")
    database.execute("CREATE TABLE shopping (item TEXT)")
    database.commit()
    database.close()
    called = call("--home", tmp_path, "status")
    assert called.code == 1
    assert "holds no Evenhand home" in called.err


def test_a_bundle_without_a_manifest_fails(bundle):
    (bundle / "manifest.json").unlink()
    called = call("verify", bundle)
    assert called.code == 1
    assert "manifest.json" in called.out


def test_an_empty_folder_is_no_bundle(tmp_path):
    called = call("verify", tmp_path, "--json")
    assert called.code == 1
    assert called.json()["verdict"] == "FAILED"


def test_a_proof_that_cannot_be_written_is_said_so(demo, tmp_path):
    example = Folder(demo.bundle()).rows("data/sft/train-*.parquet")[0]["example_id"]
    out = tmp_path / "no" / "such" / "folder"
    called = call("trace", example, "--bundle", demo.bundle(), "--proof", out)
    assert called.code == 2
    assert called.err == f"evenhand: {out}: cannot be written: No such file or directory\n"


def test_a_release_built_again_into_its_own_place_leaves_the_old_one_alone(home):
    before = (home / "releases" / SECOND / "manifest.json").read_bytes()
    assert call("--home", home, "release", "rebuild", SECOND).code == 2
    assert (home / "releases" / SECOND / "manifest.json").read_bytes() == before


def test_a_closed_pipe_ends_quietly(demo):
    """`evenhand trace … | head -1` is no error to tell of."""
    example = Folder(demo.bundle()).rows("data/sft/train-*.parquet")[0]["example_id"]
    command = f"{EVENHAND} trace {example} --bundle {demo.bundle()} | head -c 10"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in result.stderr
    assert "Exception ignored" not in result.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_database_that_may_not_be_read_is_said_so(home):
    (home / "evenhand.db").chmod(0)
    called = call("--home", home, "status")
    assert called.code == 1
    assert "Traceback" not in called.err


def test_a_home_can_be_looked_at_while_its_releases_are_gone(home):
    shutil.rmtree(home / "releases")
    assert call("--home", home, "status").code == 0
    called = call("--home", home, "doctor")
    assert called.code == 1
    assert "the folder of 2.0.0 is missing. Run `evenhand release rebuild 2.0.0`" in called.out
    for version in ("1.0.0", "2.0.0"):
        assert call("--home", home, "release", "rebuild", version).code == 0
    assert call("--home", home, "doctor").code == 0
