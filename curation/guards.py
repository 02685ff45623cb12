"""The triggers by which the database itself keeps the event tables append-only.

Rules that always hold:
- no update of an event table, ever; no truncate; no delete, but for a pending leaf that stands in the log by now and
  for an opening whose erasure stands;
- on SQLite an insert whose key exists already is refused before any conflict clause is looked at, so that `INSERT OR
  REPLACE` and upserts fail even on a connection without `recursive_triggers`;
- on PostgreSQL they hold for the tables' owner too, in a session that plays replication (`ENABLE ALWAYS`), and
  whatever its search path is; an upsert or merge that would change a row is an update and fails;
- they are made again after every migration, because a table rebuilt by a migration loses its triggers silently.
"""

from __future__ import annotations

from sqlalchemy import Connection, Table, inspect, text

from curation.tables import EVENT_TABLES, erasures, log_leaves, openings, pending_leaves

_PERMITTED_DELETES = {
    pending_leaves.name: f"EXISTS (SELECT 1 FROM {log_leaves.name} WHERE hash = OLD.hash)",
    openings.name: f"EXISTS (SELECT 1 FROM {erasures.name} WHERE commitment = OLD.commitment)",
}
_POSTGRESQL_TRIGGERS = {
    "rows": "BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {function}()",
    "truncate": "BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {function}()",
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


def _postgresql_body(table: Table) -> str:
    permitted = _PERMITTED_DELETES.get(table.name, "FALSE")
    return f"""
BEGIN
  IF TG_OP = 'DELETE' THEN
    IF {permitted} THEN RETURN OLD; END IF;
  END IF;
  RAISE EXCEPTION '{table.name} is append-only';
END
"""


def _install_postgresql(connection: Connection, table: Table) -> None:
    name, function = table.name, f"guard_{table.name}"
    # It looks for the log in the tables' own schema, never in another one, and in temporary tables last.
    schema = connection.execute(text("SELECT quote_ident(current_schema())")).scalar()
    connection.execute(
        text(
            f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql "
            f"SET search_path = {schema}, pg_temp AS $${_postgresql_body(table)}$$"
        )
    )
    for kind, definition in _POSTGRESQL_TRIGGERS.items():
        trigger = f"{function}_{kind}"
        made = definition.format(table=name, function=function)
        connection.execute(text(f"CREATE OR REPLACE TRIGGER {trigger} {made}"))
        connection.execute(text(f"ALTER TABLE {name} ENABLE ALWAYS TRIGGER {trigger}"))


def install_guards(connection: Connection) -> None:
    """Make every guard again, for the event tables that exist at this revision."""
    present = set(inspect(connection).get_table_names())
    for table in EVENT_TABLES:
        if table.name not in present:
            continue
        if connection.dialect.name == "sqlite":
            for name, body in _sqlite_guards(table).items():
                connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
                connection.execute(text(f"CREATE TRIGGER {name} {body}"))
        else:
            _install_postgresql(connection, table)


def remove_guards(connection: Connection) -> None:
    """Drop PostgreSQL's functions behind the guards, once their tables are gone."""
    for table in EVENT_TABLES:
        connection.execute(text(f"DROP FUNCTION IF EXISTS guard_{table.name}() CASCADE"))


def missing_guards(connection: Connection) -> list[str]:
    """The names of guards that should be there and are not, are switched off or differ."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
        found = {row[0]: row[1] for row in rows}
        wanted = {name: body for table in EVENT_TABLES for name, body in _sqlite_guards(table).items()}
        return sorted(name for name, body in wanted.items() if found.get(name) != f"CREATE TRIGGER {name} {body}")
    return sorted(_missing_postgresql(connection))


def _missing_postgresql(connection: Connection) -> list[str]:
    query = """
        SELECT t.tgname, c.relname, t.tgenabled, p.prosrc,
               p.proconfig = ARRAY['search_path=' || quote_ident(current_schema()) || ', pg_temp'] AS bound,
               pg_get_triggerdef(t.oid) AS definition
        FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
        WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
          AND p.pronamespace = c.relnamespace
    """
    found = {row.tgname: row for row in connection.execute(text(query))}
    missing = []
    for table in EVENT_TABLES:
        function = f"guard_{table.name}"
        for kind, definition in _POSTGRESQL_TRIGGERS.items():
            row = found.get(f"{function}_{kind}")
            made = definition.format(table="", function=function).split()
            if (
                row is None
                or row.relname != table.name
                or row.tgenabled != "A"
                or row.prosrc != _postgresql_body(table)
                or not row.bound
                or not _says(row.definition, made)
            ):
                missing.append(f"{function}_{kind}")
    return missing


def _says(definition: str, made: list[str]) -> bool:
    """Whether PostgreSQL's own wording of a trigger has the same parts; it may turn events round and add the schema."""
    words = set(definition.replace(".", " ").replace("()", "() ").split())
    return set(made) <= words and not words & {"WHEN", "OF"}
