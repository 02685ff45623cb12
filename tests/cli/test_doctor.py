"""`evenhand doctor` finds what is wrong with a home, mends what can be made again, and says of the rest what to do.

What somebody with the database file can do to it is done here with SQLite's own tools.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.audit.demo import SECOND, call, home

__all__ = ["home"]

CHECKS = ["database", "guards of the event tables", "keys", "log files", "leaves", "openings and documents"]
CHECKS += ["rules, replayed over every leaf", "projection", "texts known, to find copies", "releases"]


@contextmanager
def database(home: Path) -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(home / "evenhand.db")
    yield made
    made.commit()
    made.close()


def unguarded(connection: sqlite3.Connection) -> None:
    """Drop every trigger, as somebody with the file can."""
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")


def doctor(home: Path, *options: str) -> tuple[int, dict[str, str], str]:
    called = call("--home", home, "doctor", *options)
    states = {name: state for state, name in re.findall(r"^(well|WRONG) +(.+)$", called.out, re.MULTILINE)}
    return called.code, states, called.out


def wrong(states: dict[str, str]) -> list[str]:
    return [name for name, state in states.items() if state == "WRONG"]


def test_a_whole_home_is_well(home):
    code, states, _ = doctor(home)
    assert (code, states) == (0, dict.fromkeys(CHECKS, "well"))


def test_looking_changes_nothing(home):
    with database(home) as connection:
        before = list(connection.iterdump())
    doctor(home)
    with database(home) as connection:
        assert list(connection.iterdump()) == before


@pytest.mark.parametrize("guard", ["guard_log_leaves_update", "guard_openings_delete", "guard_log_epochs_insert"])
def test_a_dropped_guard_is_found_and_mended(guard, home):
    with database(home) as connection:
        connection.execute(f"DROP TRIGGER {guard}")
    code, states, out = doctor(home)
    assert (code, wrong(states)) == (1, ["guards of the event tables"])
    assert f"{guard} is missing or was changed" in out
    assert doctor(home, "--repair")[0] == 0
    assert doctor(home)[0] == 0


def test_a_guard_that_guards_nothing_is_found(home):
    with database(home) as connection:
        connection.execute("DROP TRIGGER guard_log_leaves_update")
        connection.execute("CREATE TRIGGER guard_log_leaves_update BEFORE UPDATE ON log_leaves BEGIN SELECT 1; END")
    code, states, _ = doctor(home)
    assert (code, wrong(states)) == (1, ["guards of the event tables"])


def test_a_damaged_tile_is_found_and_mended(home):
    path = home / "log" / "tile" / "0" / "000"
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(bytes(content))
    code, states, out = doctor(home)
    assert (code, wrong(states)) == (1, ["log files"])
    assert "tile/0/000: hash 1 is wrong" in out
    assert doctor(home, "--repair")[0] == 0


@pytest.mark.parametrize("name", ["checkpoint", "tile/entries/000", "tile/0/001"])
def test_a_missing_log_file_is_found_and_mended(name, home):
    (home / "log" / name).unlink()
    code, states, out = doctor(home)
    assert (code, wrong(states)) == (1, ["log files"])
    assert name in out
    assert doctor(home, "--repair")[0] == 0
    assert (home / "log" / name).is_file()


def test_an_old_checkpoint_is_found_and_mended(home):
    shutil.copyfile(home / "releases" / SECOND / "log" / "checkpoint", home / "log" / "checkpoint")
    code, states, _ = doctor(home)
    assert (code, wrong(states)) == (1, ["log files"])
    assert doctor(home, "--repair")[0] == 0


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("UPDATE examples SET status = 'accepted' WHERE status = 'rejected'", "examples"),
        ("DELETE FROM reviews WHERE id = (SELECT min(id) FROM reviews)", "reviews"),
        ("UPDATE releases SET version = '7.0.0' WHERE version = '2.0.0'", "releases"),
        ("UPDATE seats SET reviewer = NULL", "seats"),
    ],
)
def test_a_changed_projection_is_found_and_mended(statement, table, home):
    with database(home) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(statement)
    code, states, out = doctor(home)
    assert code == 1
    assert "projection" in wrong(states)
    assert f"table {table} is not what the leaves give" in out
    assert doctor(home, "--repair")[0] == 0


def test_replaying_mends_a_changed_projection_and_names_the_table(home):
    with database(home) as connection:
        connection.execute("UPDATE examples SET status = 'accepted'")
    called = call("--home", home, "log", "replay")
    assert called.code == 1
    assert "Was different: " in called.out
    assert "examples" in called.out
    assert call("--home", home, "log", "replay").code == 0


@pytest.mark.parametrize("key", ["log.key", "vault.key"])
def test_a_key_that_others_can_read_is_found(key, home):
    path = home / "keys" / key
    path.chmod(0o644)
    code, states, out = doctor(home)
    assert (code, wrong(states)) == (1, ["keys"])
    assert f"{key} can be read by others (mode 644). Run: chmod 600 {path}" in out
    path.chmod(0o600)
    assert doctor(home)[0] == 0


def test_a_missing_release_is_found(home):
    shutil.rmtree(home / "releases" / SECOND)
    code, states, out = doctor(home)
    assert (code, wrong(states)) == (1, ["releases"])
    assert "evenhand release rebuild 2.0.0" in out


def test_a_changed_manifest_is_found(home):
    path = home / "releases" / SECOND / "manifest.json"
    path.write_bytes(path.read_bytes() + b"\n")
    code, states, out = doctor(home)
    assert (code, wrong(states)) == (1, ["releases"])
    assert "evenhand verify" in out


def test_a_changed_file_of_a_release_is_found(home):
    path = home / "releases" / SECOND / "README.md"
    path.write_bytes(path.read_bytes() + b"\n")
    code, states, out = doctor(home)
    assert (code, wrong(states)) == (1, ["releases"])
    assert "README.md" in out


def test_a_missing_proof_is_made_again(home):
    path = home / "releases" / SECOND / "release.tlog-proof"
    path.unlink()
    assert doctor(home, "--repair")[0] == 0
    assert path.is_file()
    assert call("verify", path.parent).code == 0


@pytest.mark.parametrize(
    "type_", ["release:cut", "epoch:closed", "review:submitted", "perspective:declared", "dataset:defined"]
)
def test_a_changed_leaf_is_found_and_no_repair_hides_it(type_, home):
    with database(home) as connection:
        unguarded(connection)
        query = "SELECT idx, leaf FROM log_leaves WHERE type = ? ORDER BY idx DESC LIMIT 1"
        index, leaf = connection.execute(query, (type_,)).fetchone()
        start = leaf.index(b'"nonce":"') + 9
        changed = leaf[:start] + (b"0" if leaf[start : start + 1] != b"0" else b"1") + leaf[start + 1 :]
        connection.execute("UPDATE log_leaves SET leaf = ? WHERE idx = ?", (changed, index))
    code, states, _ = doctor(home)
    assert code == 1
    assert set(wrong(states)) - {"guards of the event tables"}
    code, states, _ = doctor(home, "--repair")
    assert code == 1
    assert wrong(states)


def test_a_dropped_leaf_is_found(home):
    with database(home) as connection:
        unguarded(connection)
        connection.execute("DELETE FROM log_leaves WHERE idx = (SELECT idx FROM log_leaves WHERE type = 'flag:raised')")
    code, states, out = doctor(home)
    assert code == 1
    assert "database" in wrong(states)
    assert "Restore" in out


def test_a_changed_opening_is_found(home):
    """Else the next release would carry a text that does not fit its commitment, and fail verification."""
    with database(home) as connection:
        unguarded(connection)
        connection.execute(
            'UPDATE openings SET body = CAST(\'{"content":"Words never written.","role":"user"}\' AS BLOB) '
            "WHERE commitment = (SELECT commitment FROM openings WHERE unit = 'message' LIMIT 1)"
        )
    code, states, _ = doctor(home, "--repair")
    assert code == 1
    assert wrong(states)


def test_an_opening_that_went_without_an_erasure_is_found(home):
    with database(home) as connection:
        unguarded(connection)
        connection.execute("DELETE FROM openings WHERE commitment = (SELECT min(commitment) FROM openings)")
    code, states, _ = doctor(home, "--repair")
    assert code == 1
    assert wrong(states)


def test_a_changed_document_is_found(home):
    with database(home) as connection:
        unguarded(connection)
        connection.execute("UPDATE documents SET content = CAST('Accept everything.' AS BLOB)")
    code, states, _ = doctor(home, "--repair")
    assert code == 1
    assert wrong(states)
