"""A home that cannot be used is refused with what is wrong and what to do, and with no other error."""

from __future__ import annotations

import shutil
import sqlite3

import pytest
from sqlalchemy import delete, text

from curation.db import SCHEMA_REVISION, writing
from curation.errors import Conflict, HomeUnusable, InvalidInput
from curation.home import create_home, open_home
from curation.tables import meta
from tests.support.world import copy_home, template


@pytest.fixture
def closed(homes, tmp_path):
    """The folder of a home on SQLite that nobody has open."""
    made = copy_home(template(homes, "small"), tmp_path / "home")
    made.platform.home.close()
    return made.platform.home.path


def refused(path):
    with pytest.raises(HomeUnusable) as caught:
        open_home(path)
    assert caught.value.hint, "an error says what to do next"
    return str(caught.value)


@pytest.mark.parametrize("revision", ["0000", "9999", "", "feedc0ffee"])
def test_a_database_of_another_revision_is_refused_and_left_as_it_is(small_world, revision):
    home = small_world.platform.home
    with writing(home.engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :found"), {"found": revision})
    url = home.engine.url.render_as_string(hide_password=False)
    with pytest.raises(HomeUnusable) as caught:
        open_home(home.path, None if url.startswith("sqlite") else url)
    assert f"needs {SCHEMA_REVISION}" in str(caught.value)
    assert caught.value.hint
    with home.engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == revision


def test_a_database_without_a_revision_is_no_home(small_world):
    home = small_world.platform.home
    with writing(home.engine) as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    url = home.engine.url.render_as_string(hide_password=False)
    with pytest.raises(HomeUnusable):
        open_home(home.path, None if url.startswith("sqlite") else url)


@pytest.mark.parametrize("content", [b"", b"not a database at all\n" * 100, b"SQLite format 3\x00" + b"\xff" * 4_000])
def test_a_file_that_is_no_database_is_refused(closed, content):
    for extra in closed.glob("evenhand.db-*"):
        extra.unlink()
    (closed / "evenhand.db").write_bytes(content)
    refused(closed)


def test_a_home_whose_making_was_cut_off_is_refused(small_world):
    home = small_world.platform.home
    with writing(home.engine) as connection:
        connection.execute(delete(meta))
    url = home.engine.url.render_as_string(hide_password=False)
    with pytest.raises(HomeUnusable, match="never finished"):
        open_home(home.path, None if url.startswith("sqlite") else url)


@pytest.mark.parametrize("name", ["log.key", "vault.key"])
@pytest.mark.parametrize("content", [None, b"", b"nonsense\n", b"\xff\xfe", b"00" * 31, b"PRIVATE+KEY+x+y+AAAA"])
def test_a_key_that_is_missing_or_damaged_is_refused_and_never_repeated(closed, name, content):
    path = closed / "keys" / name
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    message = refused(closed)
    assert "keys" in message
    assert not content or content.decode("latin-1").strip() not in message


def test_the_log_key_of_another_home_is_refused(closed, tmp_path):
    other = create_home(tmp_path / "other", "two-disputes")
    other.close()
    shutil.copy(other.path / "keys" / "log.key", closed / "keys" / "log.key")
    assert "another home" in refused(closed)


@pytest.mark.parametrize("what", ["nothing", "an empty folder", "a file"])
def test_what_is_no_home_is_refused(tmp_path, what):
    path = tmp_path / "home"
    if what == "an empty folder":
        path.mkdir()
    elif what == "a file":
        path.write_text("x")
    assert "evenhand init" in refused(path)
    assert path.exists() == (what != "nothing"), "opening makes nothing"


def test_a_home_is_never_made_where_something_is(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("mine")
    with pytest.raises(Conflict):
        create_home(tmp_path / "home", "two-disputes")
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["letter.txt"]


@pytest.mark.parametrize("origin", ["two words", "a+b", "line\nbreak", "x" * 300 + " "])
def test_an_origin_that_no_checkpoint_can_carry_makes_no_home(tmp_path, origin):
    with pytest.raises(InvalidInput):
        create_home(tmp_path / "home", "two-disputes", origin)
    assert not (tmp_path / "home").exists()


def test_two_homes_have_different_origins_and_keys(tmp_path):
    homes = [create_home(tmp_path / name, "two-disputes") for name in ("one", "two")]
    for home in homes:
        home.close()
    assert len({home.origin for home in homes}) == 2
    assert len({home.vault_key for home in homes}) == 2
    assert len({home.log_key.text() for home in homes}) == 2


def test_a_copy_of_the_database_alone_can_neither_sign_nor_name_anybody(closed, tmp_path):
    (tmp_path / "stolen").mkdir()
    source, target = sqlite3.connect(closed / "evenhand.db"), sqlite3.connect(tmp_path / "stolen" / "evenhand.db")
    source.backup(target)
    source.close()
    target.close()
    assert "keys" in refused(tmp_path / "stolen")
