"""A nosy reader holds the database's file and no key: nothing in it leads from an account to a pseudonym."""

from __future__ import annotations

import json
import sqlite3

import pytest
from typer.testing import CliRunner

from curation.cli import app
from curation.clock import DAY, MovableClock
from curation.epoch import close_epoch
from curation.examples.propose import Propose, propose_example, read_example
from curation.home import create_home
from curation.people.accounts import Joining, actor_by_handle, join
from curation.topics.declare import DeclarePerspective, declare_perspective
from curation.topics.define import define_dataset, read_definition
from curation.writing import Platform
from tests.api.support import PERSPECTIVES, ROOT, START, TOPIC, sft


def tables(database):
    """Table → its rows as dicts, all of them."""
    database.row_factory = sqlite3.Row
    names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {name: [dict(row) for row in database.execute(f"SELECT * FROM {name}")] for name in names}


@pytest.fixture
def busy(sqlite_api):
    """A home in which somebody holds a seat, one was handed on, and people with organisations propose and judge."""
    api = sqlite_api
    with api.platform.write() as writing:
        joining = Joining(handle="member", languages=["en"], organisations=["A small society"])
        actor = join(writing.connection, writing.vault, joining, writing.token_bytes)
        declare_perspective(writing, actor, DeclarePerspective(topic=TOPIC, perspective=PERSPECTIVES[0]))
        propose_example(writing, actor, Propose(example=read_example(sft("A text of a member's."))))
    api.propose()
    api.sit("gun-rights-1")
    held = api.sit("gun-rights-2")
    api.act("gun-rights-2", f"/v1/seats/{held['example']}/pass")
    api.clock.advance(days=4)
    api.sit("gun-rights-3")
    return api


def linked_values(found):
    """Every value that a row holds next to an account, in whatever column."""
    accounts = {row["id"] for row in found["accounts"]}
    beside: dict[str, set[tuple[str, object]]] = {}
    for name, rows in found.items():
        for row in rows:
            for account in accounts & {value for value in row.values() if isinstance(value, str)}:
                others = {value for value in row.values() if isinstance(value, (str, bytes)) and value != account}
                beside.setdefault(account, set()).update((name, value) for value in others)
    return beside


def test_nothing_that_stands_beside_an_account_stands_anywhere_else(busy):
    database = sqlite3.connect(busy.platform.home.path / "evenhand.db")
    found = tables(database)
    elsewhere: dict[object, set[str]] = {}
    for name, rows in found.items():
        for row in rows:
            for value in row.values():
                if isinstance(value, (str, bytes)):
                    elsewhere.setdefault(value, set()).add(name)
    for things in linked_values(found).values():
        for name, value in things:
            if name != "accounts" and len(value) > 20:  # what is shorter is no identifier: a word, a flag
                assert elsewhere[value] == {name}, (name, value)


def test_no_leaf_or_pseudonym_stands_in_a_row_with_an_account(busy):
    found = tables(sqlite3.connect(busy.platform.home.path / "evenhand.db"))
    pseudonyms = {row["pseudonym"] for row in found["declarations"]} | {row["proposer"] for row in found["examples"]}
    leaves = {row["hash"] for row in [*found["log_leaves"], *found["pending_leaves"]]}
    for things in linked_values(found).values():
        assert not {value for _, value in things} & (pseudonyms | leaves)


def test_clocks_in_the_database_are_whole_days(busy):
    found = tables(sqlite3.connect(busy.platform.home.path / "evenhand.db"))
    assert found["stage_clocks"]
    assert all(row["opened_at"] % DAY == 0 for row in found["stage_clocks"])
    assert all(row["ends_at"] % 3600 == 0 for row in found["leases"])


def test_who_holds_seats_on_two_topics_is_not_the_same_holder(busy):
    """Else a pass on each topic, whose leaves name revision and pseudonym, links the two pseudonyms."""
    api = busy
    other = "taiwan-status"
    topic = api.get(f"/v1/topics/{other}")
    with api.platform.write() as writing:
        actor = actor_by_handle(writing.connection, "gun-rights-2")
        stand = DeclarePerspective(topic=other, perspective=topic["perspectives"][0]["id"])
        declare_perspective(writing, actor, stand)
    api.propose("contributor", topic=other, positions=[topic["positions"][0]["id"]])
    seat = api.sit("gun-rights-2", other)
    api.act("gun-rights-2", f"/v1/seats/{seat['example']}/pass")
    database = sqlite3.connect(api.platform.home.path / "evenhand.db")
    passes = [json.loads(row[0]) for row in database.execute("SELECT leaf FROM pending_leaves")]
    named = {act["revision"]: act["pseudonym"] for act in passes if act["type"] == "seat:passed"}
    holders: dict[str, set[str]] = {}
    for row in tables(database)["handed_on"]:
        if row["revision"] in named:
            holders.setdefault(row["holder"], set()).add(named[row["revision"]])
    assert holders
    assert all(len(pseudonyms) == 1 for pseudonyms in holders.values())


def cells_in_place(path, table, key):
    """The keys of a table without row numbers in the order in which their cells were put into its pages."""
    database = sqlite3.connect(path)
    raw = path.read_bytes()
    (size,) = database.execute("PRAGMA page_size").fetchone()
    (root,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
    keys = [row[0].encode() for row in database.execute(f"SELECT {key} FROM {table}")]
    database.close()
    found: list[tuple[int, int, bytes]] = []

    def walk(number):
        page = raw[(number - 1) * size : number * size]
        inner = page[0] == 2
        header, count = (12 if inner else 8), int.from_bytes(page[3:5], "big")
        for place in range(count):
            pointer = header + 2 * place
            offset = int.from_bytes(page[pointer : pointer + 2], "big")
            if inner:
                walk(int.from_bytes(page[offset : offset + 4], "big"))
            here = page[offset : offset + 120]
            found.extend((number, -offset, name) for name in keys if 0 <= here.find(name) < 24)
        if inner:
            walk(int.from_bytes(page[8:12], "big"))

    walk(root)
    return [name for _, _, name in sorted(found)]


@pytest.mark.parametrize(("table", "key"), [("accounts", "id"), ("declarations", "id"), ("vault", "tag")])
def test_pages_keep_no_order_of_arrival_once_the_epoch_is_closed(tmp_path, table, key):
    platform = Platform(create_home(tmp_path / "home", "contested-pilot"), MovableClock(START))
    path = platform.home.path / "evenhand.db"
    with platform.write() as writing:
        joining = Joining(handle="maintainer", languages=["en"], roles=["maintainer"])
        maintainer = join(writing.connection, writing.vault, joining, writing.token_bytes)
        define_dataset(writing, maintainer, read_definition(ROOT / "datasets" / "contested-pilot"))
    for number in range(12):
        with platform.write() as writing:
            joining = Joining(handle=f"person-{number}", languages=["en"])
            actor = join(writing.connection, writing.vault, joining, writing.token_bytes)
        with platform.write() as writing:
            declare_perspective(writing, actor, DeclarePerspective(topic=TOPIC, perspective=PERSPECTIVES[0]))
    close_epoch(platform)
    platform.home.close()
    written_anew = tmp_path / "anew.db"
    database = sqlite3.connect(path)
    database.execute("VACUUM INTO ?", (str(written_anew),))
    database.close()
    cells = cells_in_place(path, table, key)
    assert len(cells) >= 12
    assert cells == cells_in_place(written_anew, table, key)


def test_who_was_forgotten_is_in_no_file_while_the_server_runs(sqlite_api):
    home = sqlite_api.platform.home
    server = sqlite3.connect(home.path / "evenhand.db")
    query = "SELECT wrapped FROM account_keys k JOIN accounts a ON a.id = k.account WHERE a.handle = 'taiwan-1'"
    (wrapped,) = server.execute(query).fetchone()
    ran = CliRunner().invoke(app, ["--home", str(home.path), "people", "forget", "taiwan-1", "--yes"])
    assert ran.exit_code == 0, ran.output
    for path in home.path.glob("evenhand.db*"):
        content = path.read_bytes()
        assert wrapped not in content, path.name
        assert b"taiwan-1" not in content, path.name
    server.close()
