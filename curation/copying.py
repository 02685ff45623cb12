"""Copy a home's data into another database, and prove that it arrived.

Rules that always hold:
- the target is empty; it is filled, compared and proved in one transaction, so that nothing half-copied is ever left;
- nobody writes into the source meanwhile, and nothing is changed there: the home goes on using it until its folder and
  EVENHAND_DATABASE_URL say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, select

from curation.address import is_postgresql
from curation.db import open_engine, reading, writing
from curation.errors import Conflict, LogInconsistent
from curation.home import Home, check_empty, making_database, note_database
from curation.tables import log_epochs
from curation.transfer import (
    TABLES,
    TableDigest,
    digest_tables,
    fill_table,
    gather_statistics,
    prove_contents,
    rows_of_table,
)


@dataclass(frozen=True, slots=True)
class CopiedHome:
    """What was copied: each table's rows and digest, and the log's size and root."""

    tables: dict[str, TableDigest]
    size: int
    root: str | None


def copy_home(home: Home, url: str) -> CopiedHome:
    """Copy a home's data into an empty database.

    Args:
        home: the home; its folder stays where it is.
        url: where to; `postgresql://…`, or `sqlite:///…` for a file that does not exist.

    Raises:
        Conflict: the target is not empty.
        InvalidInput: the URL is none.
        LogInconsistent: the copy is not what the source holds, or not what its leaves give. Nothing of it is kept.
    """
    with _new_target(url) as target:
        with writing(home.engine, alone=True) as source, making_database(target) as connection:
            for table in TABLES:
                fill_table(connection, table, rows_of_table(source, table))
            gather_statistics(connection)
            wanted, found = digest_tables(source), digest_tables(connection)
            for name, digest in wanted.items():
                if found[name] != digest:
                    raise LogInconsistent("arrived with other rows than it left with", where=f"table {name}")
            prove_contents(connection)
            last = connection.execute(select(log_epochs).order_by(log_epochs.c.epoch.desc()).limit(1)).first()
        if is_postgresql(target.url):
            note_database(home.path)
    return CopiedHome(found, last.size if last else 0, last.root if last else None)


@contextmanager
def _new_target(url: str) -> Iterator[Engine]:
    target = open_engine(url)
    file = None if is_postgresql(target.url) else Path(str(target.url.database))
    if file is not None and file.exists():
        raise Conflict(f"{file} exists", hint="Name a file that does not.")
    try:
        # Before anything waits: the source itself, under another address, is not empty.
        with reading(target) as connection:
            check_empty(connection)
        yield target
    except BaseException:
        target.dispose()
        if file is not None:
            for suffix in ("", "-wal", "-shm"):
                file.with_name(file.name + suffix).unlink(missing_ok=True)
        raise
    target.dispose()
