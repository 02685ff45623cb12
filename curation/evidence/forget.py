"""Forget what is kept of a page, because its source's text was erased or its example withdrawn.

Rules that always hold:
- each source has a record of its own, also where two cite one page: so what goes with one never takes another's;
- the row goes with the transaction, the file right after its commit; a file that a crash left is removed by the next
  `evenhand sources archive` or `check`.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import delete

from curation.db import lock
from curation.rulebook.history import History
from curation.tables import source_records
from curation.writing import Writing

FOLDER = "evidence"


def record_path(home: Path, commitment: str) -> Path:
    """Where the record of a source is kept."""
    return home / FOLDER / commitment[:2] / f"{commitment}.warc"


def forget_records(writing: Writing, commitments: Iterable[str]) -> None:
    """Delete rows and files of sources; commitments of other texts have none."""
    gone = sorted(set(commitments))
    if not gone:
        return
    lock(writing.connection, [f"source {item}" for item in gone])
    query = delete(source_records).where(source_records.c.commitment.in_(gone)).returning(source_records.c.commitment)
    for commitment in writing.connection.execute(query).scalars().all():
        writing.discards.append(record_path(writing.home.path, commitment))


def cited_by(history: History) -> list[str]:
    """The commitments of every source that an example and its reviews cite."""
    found = [commitment for revision in history.revisions for commitment in revision.event.sources]
    return found + [review.counter_source for review in history.reviews.values() if review.counter_source is not None]
