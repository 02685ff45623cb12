"""What is PostgreSQL's own: guards, schema, addresses, and a server that is not there or goes away."""

from __future__ import annotations

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DatabaseError

from curation.address import read_address, shown_address
from curation.db import SCHEMA_REVISION, check_revision, migrate, open_engine, reading, writing
from curation.errors import Conflict, HomeUnusable, InvalidInput, Unavailable
from curation.guards import install_guards, missing_guards
from curation.health import examine, mend
from curation.home import create_home, open_home
from curation.people.accounts import join
from curation.settings import Settings
from curation.tables import EVENT_TABLES, accounts, erasures, examples, log_leaves, metadata, openings, pending_leaves
from tests.db.rows import kept_row, row_of, told
from tests.support.postgres import WITH_PASSWORD, Databases
from tests.support.world import copy_home, joining, template

REPLACE = "CREATE OR REPLACE TRIGGER guard_documents_rows"
SECRET = "swordfish-of-old"


@pytest.fixture
def engine(postgres_url):
    """A migrated database with one row in each event table."""
    made = open_engine(postgres_url)
    migrate(made)
    with writing(made) as connection:
        for table in EVENT_TABLES:
            connection.execute(insert(table), kept_row(table))
    yield made
    made.dispose()


@pytest.fixture
def on_postgres(homes, postgres, tmp_path):
    """A home on PostgreSQL."""
    databases = Databases(postgres)
    made = copy_home(template(homes, "full"), tmp_path / "home", databases=databases)
    yield made
    made.platform.home.close()
    databases.drop()


def url_of(world) -> str:
    return world.platform.home.engine.url.render_as_string(hide_password=False)


# --- guards -----------------------------------------------------------------------------------------------------------


def statements(table) -> dict[str, str]:
    names = ", ".join(column.name for column in table.columns)
    marks = ", ".join(f":{column.name}" for column in table.columns)
    keys = ", ".join(column.name for column in table.primary_key.columns)
    changed = next(column.name for column in table.columns if not column.primary_key)
    same = " AND ".join(f"old.{column.name} = :{column.name}" for column in table.primary_key.columns)
    return {
        "update": f"UPDATE {table.name} SET {changed} = {changed}",
        "delete": f"DELETE FROM {table.name}",
        "delete using": f"DELETE FROM {table.name} USING meta",
        "truncate": f"TRUNCATE {table.name}",
        "upsert": f"INSERT INTO {table.name} ({names}) VALUES ({marks}) "
        f"ON CONFLICT ({keys}) DO UPDATE SET {changed} = excluded.{changed}",
        "merge": f"MERGE INTO {table.name} AS old USING (SELECT 1) AS new ON {same} WHEN MATCHED THEN DELETE",
    }


def attempt(connection, how: str, statement: str, table) -> None:
    connection.execute(text("INSERT INTO meta VALUES ('a', 'b')"))
    if how == "replication":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
    if how == "another search path":
        # A log of one's own, in which everything stands that one would like to delete: temporary tables come first.
        connection.execute(text("CREATE TEMPORARY TABLE a_log (hash text)"))
        connection.execute(text("INSERT INTO a_log SELECT hash FROM pending_leaves"))
        connection.execute(text("CREATE TEMPORARY TABLE some_erasures (commitment text)"))
        connection.execute(text("INSERT INTO some_erasures SELECT commitment FROM openings"))
        if table in (pending_leaves, openings):
            connection.execute(text("ALTER TABLE a_log RENAME TO log_leaves"))
            connection.execute(text("ALTER TABLE some_erasures RENAME TO erasures"))
    sql = statements(table)[statement]
    connection.execute(text(sql), kept_row(table) if ":" in sql else {})


@pytest.mark.parametrize("how", ["owner", "replication", "another search path"])
def test_event_tables_refuse_every_statement_by_their_owner(engine, how):
    for table in EVENT_TABLES:
        for statement in statements(table):
            refused = pytest.raises(DatabaseError, match=f"{table.name} is append-only")
            with told(f"{statement} on {table.name}"), refused, writing(engine) as connection:
                attempt(connection, how, statement, table)
            with reading(engine) as connection:
                found = [dict(found._mapping) for found in connection.execute(select(table))]
            assert found == [kept_row(table)], f"{statement} on {table.name}"


def test_pending_leaf_goes_once_it_stands_in_the_log_and_an_opening_once_its_erasure_stands(engine):
    with writing(engine) as connection:
        connection.execute(insert(log_leaves), row_of(log_leaves, 50) | {"hash": kept_row(pending_leaves)["hash"]})
        connection.execute(pending_leaves.delete())
        connection.execute(insert(erasures), row_of(erasures, 50))
        connection.execute(insert(openings), row_of(openings, 50))
        connection.execute(openings.delete().where(openings.c.commitment == row_of(openings, 50)["commitment"]))
    with reading(engine) as connection:
        assert connection.execute(select(pending_leaves)).all() == []
        assert [row.commitment for row in connection.execute(select(openings))] == [kept_row(openings)["commitment"]]


@pytest.mark.parametrize(
    ("harm", "missing"),
    [
        ("DROP TRIGGER guard_log_leaves_rows ON log_leaves", ["guard_log_leaves_rows"]),
        ("ALTER TABLE openings DISABLE TRIGGER guard_openings_rows", ["guard_openings_rows"]),
        ("ALTER TABLE openings ENABLE TRIGGER guard_openings_rows", ["guard_openings_rows"]),
        (
            "CREATE OR REPLACE FUNCTION guard_erasures() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
            ["guard_erasures_rows", "guard_erasures_truncate"],
        ),
        (
            f"{REPLACE} BEFORE DELETE ON documents FOR EACH ROW EXECUTE FUNCTION guard_documents()",
            ["guard_documents_rows"],
        ),
        (
            (
                f"{REPLACE} BEFORE UPDATE OR DELETE ON documents FOR EACH ROW WHEN (false) "
                f"EXECUTE FUNCTION guard_documents()"
            ),
            ["guard_documents_rows"],
        ),
        ("ALTER FUNCTION guard_openings() RESET search_path", ["guard_openings_rows", "guard_openings_truncate"]),
    ],
)
def test_a_guard_that_was_dropped_switched_off_or_changed_is_seen_and_made_again(engine, harm, missing):
    with writing(engine) as connection:
        assert missing_guards(connection) == []
        connection.execute(text(harm))
        assert missing_guards(connection) == missing
        install_guards(connection)
        assert missing_guards(connection) == []


# --- schema -----------------------------------------------------------------------------------------------------------


def test_the_migrations_give_the_schema_that_the_tables_say(engine):
    with reading(engine) as connection:
        found = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(found, metadata) == []


def test_identifiers_sort_by_their_bytes_whatever_the_database_does(engine):
    query = """
        SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_collation o ON o.oid = a.attcollation
        WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND t.typname = 'varchar'
          AND o.collname <> 'C' AND c.relname <> 'alembic_version'
    """
    with reading(engine) as connection:
        assert connection.execute(text(query)).scalars().all() == []


def test_doctor_finds_a_home_well_and_mends_it(on_postgres):
    of = on_postgres.propose("ana")
    on_postgres.judge(of)
    on_postgres.close()
    assert not [check for check in examine(on_postgres.platform) if check.problems]
    with writing(on_postgres.platform.home.engine) as connection:
        connection.execute(text("DROP TRIGGER guard_log_leaves_rows ON log_leaves"))
        connection.execute(examples.update().values(status="rejected"))
    wrong = {check.name for check in examine(on_postgres.platform) if check.problems}
    assert wrong == {"guards of the event tables", "projection"}
    list(mend(on_postgres.platform))
    assert not [check for check in examine(on_postgres.platform) if check.problems]


# --- transactions -----------------------------------------------------------------------------------------------------


def test_a_reader_sees_one_state_and_cannot_write(on_postgres):
    with on_postgres.platform.read() as loaded:
        before = loaded.connection.execute(select(examples.c.id)).all()
        on_postgres.propose("ana")
        assert loaded.connection.execute(select(examples.c.id)).all() == before
    with pytest.raises(DatabaseError, match="read-only"), on_postgres.platform.read() as loaded:
        loaded.connection.execute(examples.update().values(held=True))


def test_an_error_repeats_no_values(on_postgres):
    with on_postgres.platform.read() as loaded:
        row = dict(loaded.connection.execute(select(accounts)).mappings().first())
    with pytest.raises(DatabaseError) as caught, writing(on_postgres.platform.home.engine) as connection:
        connection.execute(insert(accounts), row | {"id": "a_other"})
    shown = "".join(map(str, (caught.value, caught.value.orig, repr(caught.value), caught.value.__context__)))
    assert "duplicate key" in shown
    assert row["handle"] not in shown


def kill(world, connection) -> None:
    """End the session behind a connection, as a server that goes down does."""
    end_session(world, connection.execute(text("SELECT pg_backend_pid()")).scalar())


def end_session(world, pid) -> None:
    with psycopg.connect(url_of(world).replace("+psycopg", ""), autocommit=True) as another:
        another.execute("SELECT pg_terminate_backend(%s)", [pid])


def lose(world, *, late: bool) -> None:
    """Begin to write and lose the database, before the next statement or before the commit."""
    with world.platform.write() as made:
        join(made.connection, made.vault, joining("nobody"), made.token_bytes)
        kill(world, made.connection)
        if not late:
            made.connection.execute(select(pending_leaves)).all()


def test_a_database_that_goes_away_in_the_middle_leaves_nothing_half_done(on_postgres):
    before = on_postgres.rows(accounts)
    with pytest.raises(Unavailable, match="nothing was kept"):
        lose(on_postgres, late=False)
    assert on_postgres.rows(accounts) == before
    on_postgres.propose("ana")


def test_a_database_that_goes_away_while_a_change_is_kept_says_that_it_cannot_know(on_postgres):
    with pytest.raises(Unavailable, match="may have been kept or not") as caught:
        lose(on_postgres, late=True)
    assert caught.value.uncertain
    on_postgres.propose("ana")


def test_a_server_that_was_restarted_is_found_again(on_postgres):
    with on_postgres.platform.home.engine.connect() as connection:
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar()
    # It lies in the pool again, and the pool does not know.
    end_session(on_postgres, pid)
    on_postgres.propose("ana")


# --- addresses --------------------------------------------------------------------------------------------------------


def test_a_server_that_is_not_there_is_named_without_the_password(tmp_path):
    url = f"postgresql://somebody:{SECRET}@127.0.0.1:1/nothing"
    with pytest.raises(Unavailable, match=r"no answer from the database 127\.0\.0\.1:1/nothing") as caught:
        create_home(tmp_path / "home", "a-dataset", database=url)
    assert SECRET not in str(caught.value)
    assert "somebody" not in str(caught.value)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("given", ["wrong-" + SECRET, ""])
def test_a_wrong_password_is_refused_and_never_repeated(postgres, tmp_path, given):
    postgres.execute("DROP USER IF EXISTS {}", WITH_PASSWORD)
    postgres.execute("CREATE USER {} SUPERUSER PASSWORD 'right'", WITH_PASSWORD)
    name = postgres.create()
    url = postgres.url(name).replace("postgres:@", f"{WITH_PASSWORD}:{given}@")
    with pytest.raises(HomeUnusable, match="does not accept this user and password") as caught:
        create_home(tmp_path / "home", "a-dataset", database=url)
    assert SECRET not in f"{caught.value!r} {caught.value}"
    create_home(tmp_path / "home", "a-dataset", database=url.replace(f":{given}@", ":right@")).close()
    postgres.drop(name)


def test_a_database_that_does_not_exist_is_named(postgres, tmp_path):
    with pytest.raises(HomeUnusable, match="no such database or user"):
        create_home(tmp_path / "home", "a-dataset", database=postgres.url("nowhere"))


@pytest.mark.parametrize(
    "url",
    [f"postgresql://u:{SECRET}@h:port/d", f"{SECRET}", f"mysql://u:{SECRET}@h/d", f"postgresql://u:{SECRET}@h", ""],
)
def test_what_is_no_address_is_refused_and_never_repeated(tmp_path, url):
    with pytest.raises(InvalidInput) as caught:
        read_address(url)
    assert SECRET not in f"{caught.value} {caught.value!r} {caught.value.__cause__!r}"


def test_every_spelling_of_postgresql_means_one_driver():
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        address = read_address(f"{scheme}://user:{SECRET}@host:5433/name?password={SECRET}&sslmode=require")
        assert address.drivername == "postgresql+psycopg"
        assert shown_address(address) == "host:5433/name"


def test_settings_do_not_show_the_address(monkeypatch):
    monkeypatch.setenv("EVENHAND_DATABASE_URL", f"postgresql://u:{SECRET}@h/d")
    settings = Settings()
    assert SECRET not in f"{settings!r} {settings} {settings.model_dump_json()}"
    assert settings.database == f"postgresql://u:{SECRET}@h/d"


def test_the_folder_keeps_nothing_secret_of_the_database(on_postgres):
    url = read_address(url_of(on_postgres))
    for path in on_postgres.platform.home.path.rglob("*"):
        if path.is_file():
            assert str(url.query["host"]).encode() not in path.read_bytes()


# --- homes whose data is elsewhere ------------------------------------------------------------------------------------


def test_a_database_that_holds_something_becomes_no_home(on_postgres, tmp_path):
    with pytest.raises(Conflict, match="holds tables already"):
        create_home(tmp_path / "another", "a-dataset", database=url_of(on_postgres))
    assert not (tmp_path / "another").exists()
    on_postgres.propose("ana")


def test_a_database_of_another_home_is_refused(on_postgres, postgres_url, tmp_path):
    create_home(tmp_path / "other", "a-dataset", database=postgres_url).close()
    with pytest.raises(HomeUnusable, match=r"belong to another home: they are those of the log evenhand\.invalid"):
        open_home(tmp_path / "other", url_of(on_postgres))


def test_folder_and_address_have_to_go_together(on_postgres, homes, tmp_path):
    with pytest.raises(HomeUnusable, match=r"is in a PostgreSQL database\. Say where"):
        open_home(on_postgres.platform.home.path)
    with pytest.raises(HomeUnusable, match=r"keeps its data in evenhand\.db, and EVENHAND_DATABASE_URL names another"):
        open_home(template(homes, "full"), url_of(on_postgres))
    with pytest.raises(HomeUnusable, match="is no home"):
        open_home(tmp_path / "nothing", url_of(on_postgres))


@pytest.mark.parametrize(("found", "hint"), [("0000", "evenhand db upgrade"), ("0999", "Upgrade evenhand")])
def test_an_older_and_a_newer_schema_are_told_apart(engine, found, hint):
    with writing(engine) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :found"), {"found": found})
    with pytest.raises(HomeUnusable, match=hint) as caught:
        check_revision(engine)
    assert f"revision {found}; this version of evenhand needs {SCHEMA_REVISION}" in str(caught.value)


def test_the_empty_database_of_nobody_is_no_home(postgres_url):
    engine = open_engine(postgres_url)
    with pytest.raises(HomeUnusable, match="holds no Evenhand home"):
        check_revision(engine)
    engine.dispose()
