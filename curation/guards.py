"""The triggers by which the database itself keeps the event tables append-only.

Rules that always hold:
- no update of an event table, ever; no delete, but for a pending leaf that stands in the log by now and for an
  opening whose erasure stands;
- an insert whose key exists already is refused before any conflict clause is looked at, so that `INSERT OR REPLACE`
  and upserts fail even on a connection without `recursive_triggers`;
- they are made again after every migration, because a table rebuilt by a migration loses its triggers silently.
"""

from __future__ import annotations

from sqlalchemy import Connection, Table, text

from curation.tables import EVENT_TABLES, erasures, log_leaves, openings, pending_leaves

_PERMITTED_DELETES = {
    pending_leaves.name: f"EXISTS (SELECT 1 FROM {log_leaves.name} WHERE hash = OLD.hash)",
    openings.name: f"EXISTS (SELECT 1 FROM {erasures.name} WHERE commitment = OLD.commitment)",
}


def _sqlite_guards(table: Table) -> dict[str, str]:
    name = table.name
    keys = [list(table.primary_key.columns)] + [[column] for column in table.columns if column.unique]
    taken = " OR ".join(
        "(" + " AND ".join(f"{column.name} = NEW.{column.name}" for column in columns) + ")" for columns in keys
    )
    abort = f"SELECT RAISE(ABORT, '{name} is append-only')"
    permitted = _PERMITTED_DELETES.get(name, "0")
    return {
        f"guard_{name}_update": f"BEFORE UPDATE ON {name} BEGIN {abort}; END",
        f"guard_{name}_delete": f"BEFORE DELETE ON {name} WHEN NOT ({permitted}) BEGIN {abort}; END",
        f"guard_{name}_insert": (
            f"BEFORE INSERT ON {name} WHEN EXISTS (SELECT 1 FROM {name} WHERE {taken}) BEGIN {abort}; END"
        ),
    }


def _postgresql_guards(table: Table) -> list[str]:
    name = table.name
    permitted = _PERMITTED_DELETES.get(name, "FALSE")
    return [
        f"""CREATE OR REPLACE FUNCTION guard_{name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF TG_OP = 'DELETE' THEN
            IF {permitted} THEN RETURN OLD; END IF;
          END IF;
          RAISE EXCEPTION '{name} is append-only';
        END $$""",
        f"DROP TRIGGER IF EXISTS guard_{name}_rows ON {name}",
        (
            f"CREATE TRIGGER guard_{name}_rows BEFORE UPDATE OR DELETE ON {name} "
            f"FOR EACH ROW EXECUTE FUNCTION guard_{name}()"
        ),
        f"DROP TRIGGER IF EXISTS guard_{name}_truncate ON {name}",
        f"CREATE TRIGGER guard_{name}_truncate BEFORE TRUNCATE ON {name} EXECUTE FUNCTION guard_{name}()",
    ]


def _present(connection: Connection) -> set[str]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table'"
    if connection.dialect.name != "sqlite":
        query = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
    return {row[0] for row in connection.execute(text(query))}


def install_guards(connection: Connection) -> None:
    """Make every guard again, for the event tables that exist at this revision."""
    present = _present(connection)
    for table in EVENT_TABLES:
        if table.name not in present:
            continue
        if connection.dialect.name == "sqlite":
            for name, body in _sqlite_guards(table).items():
                connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
                connection.execute(text(f"CREATE TRIGGER {name} {body}"))
        else:
            for statement in _postgresql_guards(table):
                connection.execute(text(statement))


def missing_guards(connection: Connection) -> list[str]:
    """The names of guards that should be there and are not (or, on SQLite, differ)."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
        found = {row[0]: row[1] for row in rows}
        wanted = {name: body for table in EVENT_TABLES for name, body in _sqlite_guards(table).items()}
        return sorted(name for name, body in wanted.items() if found.get(name) != f"CREATE TRIGGER {name} {body}")
    query = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'"
    present = {row[0] for row in connection.execute(text(query))}
    names = {f"guard_{table.name}_{kind}" for table in EVENT_TABLES for kind in ("rows", "truncate")}
    return sorted(names - present)
