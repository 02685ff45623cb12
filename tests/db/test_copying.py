"""A home's data goes from one database into the other, whole and proved, or not at all."""

from __future__ import annotations

import shutil

import pytest
from sqlalchemy import inspect, select, text

import curation.transfer
from curation.copying import copy_home as copy_data
from curation.db import open_engine, reading, writing
from curation.errors import Conflict, InvalidInput, LogInconsistent
from curation.health import examine
from curation.home import ELSEWHERE, SQLITE_FILE, Home, open_home
from curation.rebuild import projection_contents
from curation.tables import examples, log_leaves, openings, pending_leaves
from curation.transfer import TABLES, digest_tables, line_of, prove_contents, read_line, rows_of_table
from curation.writing import Platform
from tests.support.world import World


@pytest.fixture
def lived_in(small_world):
    """A home in which something of everything happened."""
    of = small_world.propose("ana")
    small_world.judge(of)
    small_world.flag(of, "keep-5", "personal_data")
    small_world.close()
    small_world.withdraw(small_world.propose("ben"), "ben")
    small_world.take("keep-2", of=small_world.propose("ben", kind="preference"))
    small_world.draft()
    return small_world


@pytest.fixture
def other(databases, postgres, postgres_url, tmp_path):
    """The URL of an empty database of the other kind."""
    return postgres_url if databases.postgres is None else f"sqlite:///{tmp_path / 'copy.db'}"


def all_rows(engine) -> dict:
    with reading(engine) as connection:
        return {table.name: list(rows_of_table(connection, table)) for table in TABLES}


def is_untouched(url: str) -> bool:
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            functions = 0
            if engine.dialect.name == "postgresql":
                query = "SELECT count(*) FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
                functions = connection.execute(text(query)).scalar() or 0
            return not inspect(connection).get_table_names() and not functions
    finally:
        engine.dispose()


def test_every_row_of_every_table_arrives_and_replays_the_same(lived_in, other):
    home = lived_in.platform.home
    copied = copy_data(home, other)
    engine = open_engine(other)
    assert all_rows(engine) == all_rows(home.engine)
    assert {name: digest.rows for name, digest in copied.tables.items()} == {
        name: len(rows) for name, rows in all_rows(home.engine).items()
    }
    with reading(engine) as there, reading(home.engine) as here:
        assert projection_contents(there) == projection_contents(here)
        assert digest_tables(there) == digest_tables(here) == copied.tables
    engine.dispose()


def test_a_home_goes_on_where_its_data_was_brought(lived_in, databases, other, tmp_path):
    home = lived_in.platform.home
    copy_data(home, other)
    home.close()
    if databases.postgres is None:
        (home.path / SQLITE_FILE).rename(tmp_path / "before.db")
        moved = open_home(home.path, other)
    else:
        shutil.copyfile(tmp_path / "copy.db", home.path / SQLITE_FILE)
        moved = open_home(home.path)
    world = World(
        Platform(moved, lived_in.clock, 7, lived_in.platform.token_bytes), lived_in.clock, written=lived_in.written
    )
    world.judge(world.propose("ana"))
    world.close()
    assert not [check for check in examine(world.platform) if check.problems]
    moved.close()


def test_there_and_back_again_is_the_same(lived_in, databases, postgres, tmp_path):
    home = lived_in.platform.home
    before = all_rows(home.engine)
    urls = [postgres.url(postgres.create()), f"sqlite:///{tmp_path / 'back.db'}"]
    copy_data(home, urls[0])
    (home.path / ELSEWHERE).unlink(missing_ok=True)
    engine = open_engine(urls[0])
    copy_data(Home(home.path, engine, home.dataset, home.origin, home.log_key, home.vault_key), urls[1])
    engine.dispose()
    engine = open_engine(urls[1])
    assert all_rows(engine) == before
    engine.dispose()


def test_a_target_that_is_not_empty_is_refused_and_stays_as_it_is(lived_in, databases, other):
    copy_data(lived_in.platform.home, other)
    engine = open_engine(other)
    before = all_rows(engine)
    says = "holds tables already" if databases.postgres is None else "exists"
    with pytest.raises(Conflict, match=says):
        copy_data(lived_in.platform.home, other)
    assert all_rows(engine) == before
    engine.dispose()


def test_a_home_is_not_copied_onto_itself(lived_in):
    with pytest.raises(Conflict):
        copy_data(lived_in.platform.home, lived_in.platform.home.engine.url.render_as_string(hide_password=False))


def test_a_target_that_is_no_database_is_refused(lived_in):
    with pytest.raises(InvalidInput):
        copy_data(lived_in.platform.home, "mysql://somewhere/else")


def break_leaf(connection):
    connection.execute(text("DROP TRIGGER guard_log_leaves_update"))
    connection.execute(log_leaves.update().where(log_leaves.c.idx == 3).values(leaf=b"{}"))


def break_pending(connection):
    connection.execute(text("DROP TRIGGER guard_pending_leaves_update"))
    connection.execute(pending_leaves.update().values(leaf=b'{"type":"other"}'))


def break_opening(connection):
    connection.execute(text("DROP TRIGGER guard_openings_update"))
    connection.execute(openings.update().values(salt=b"s" * 32))


def break_root(connection):
    connection.execute(text("DROP TRIGGER guard_log_epochs_update"))
    connection.execute(text("UPDATE log_epochs SET root = :root"), {"root": "0" * 64})


def break_projection(connection):
    connection.execute(examples.update().values(status="accepted"))


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (break_leaf, "leaf 3: does not hash to what its row says"),
        (break_pending, "pending leaf [0-9a-f]{12}: does not hash"),
        (break_opening, "opening [0-9a-f]{12}: does not fit its commitment"),
        (break_root, "epoch 0: its root is not that of its leaves"),
        (break_projection, "table examples: is not what the leaves give"),
    ],
    ids=lambda item: getattr(item, "__name__", ""),
)
def test_a_source_that_does_not_hold_is_not_copied(lived_in, databases, other, harm, says):
    if databases.postgres is not None:
        pytest.skip("the harm is written for SQLite")
    with writing(lived_in.platform.home.engine) as connection:
        harm(connection)
    with pytest.raises(LogInconsistent, match=says):
        copy_data(lived_in.platform.home, other)
    assert is_untouched(other)


def test_a_row_that_arrives_otherwise_than_it_left_is_seen_and_nothing_is_kept(lived_in, other, monkeypatch):
    def careless(connection, table, rows):
        changed = ({**row, "handle": row["handle"].upper()} if "handle" in row else row for row in rows)
        return fill(connection, table, changed)

    fill = curation.transfer.fill_table
    monkeypatch.setattr("curation.copying.fill_table", careless)
    with pytest.raises(LogInconsistent, match="table accounts: arrived with other rows than it left with"):
        copy_data(lived_in.platform.home, other)
    assert is_untouched(other)


def test_an_interrupted_copy_leaves_nothing(lived_in, databases, other, tmp_path, monkeypatch):
    def stop(_connection):
        raise KeyboardInterrupt

    monkeypatch.setattr("curation.copying.prove_contents", stop)
    with pytest.raises(KeyboardInterrupt):
        copy_data(lived_in.platform.home, other)
    assert not list(tmp_path.glob("copy.db*"))
    assert is_untouched(other)
    lived_in.propose("ana")


def test_a_home_proves_itself(lived_in):
    with lived_in.platform.read() as loaded:
        prove_contents(loaded.connection)


def test_a_row_is_read_as_it_was_written(lived_in):
    with lived_in.platform.read() as loaded:
        for table in TABLES:
            for row in rows_of_table(loaded.connection, table):
                assert read_line(table, line_of(table, row)) == row


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"{}",
        b'{"hash":"a","type":"b","example":null}',
        b'{"hash":"a","type":"b","example":null,"leaf":"not base64!"}',
        b'{"hash":"a","type":"b","example":null,"leaf":7}',
        b'{"hash":null,"type":"b","example":null,"leaf":"AA=="}',
        b'{"hash":1,"type":"b","example":null,"leaf":"AA=="}',
        b'{"type":"b","hash":"a","example":null,"leaf":"AA=="}',
        b"[" * 100_000,
    ],
    ids=range(10),
)
def test_what_is_no_row_of_a_table_is_refused(line):
    with pytest.raises((ValueError, RecursionError)):
        read_line(pending_leaves, line)


def test_times_and_flags_keep_their_types(lived_in):
    with lived_in.platform.read() as loaded:
        row = loaded.connection.execute(select(examples)).mappings().first()
    assert row is not None
    with pytest.raises(ValueError, match="not of its column's type"):
        read_line(examples, line_of(examples, {**row, "held": 0}))
