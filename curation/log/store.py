"""The log's static files: checkpoint and tiles in a folder that any web server can serve.

Rules that always hold:
- the database is the truth; these files can be written again from it at any time;
- a file appears whole or not at all (written aside, synced, renamed), and the checkpoint last, so that a reader never
  sees a checkpoint whose tiles are missing;
- they are written by one at a time, from what the database holds by then.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, select

from curation.errors import LogInconsistent
from curation.log.tiles import build_log
from curation.tables import log_epochs, log_leaves
from curation.whole import write_whole

CHECKPOINT = "checkpoint"
LOG_FILES = "log files"
"""The name under which those who write them take turns (`db.taking_turns`)."""


def write_durably(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and have it on disk before returning."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, [content])


def reader(folder: Path) -> Callable[[str], bytes]:
    """Read a log file by its C2SP path. The reader raises LogInconsistent for a file that is not there."""

    def read(path: str) -> bytes:
        try:
            return (folder / path).read_bytes()
        except OSError:
            raise LogInconsistent("is missing or cannot be read", where=path) from None

    return read


def published_size(folder: Path) -> int:
    """The size in the checkpoint that lies in a folder; 0 where there is none."""
    try:
        return int((folder / CHECKPOINT).read_text("utf-8").split("\n")[1])
    except (OSError, ValueError, IndexError):
        return 0


def publish_log(connection: Connection, folder: Path, *, anew: bool = False) -> int:
    """Write tiles and checkpoint up to the last closed epoch. Returns the log's size.

    Args:
        connection: the home's database.
        folder: where the files go.
        anew: write every file again, not only what is new.
    """
    last = connection.execute(select(log_epochs).order_by(log_epochs.c.epoch.desc()).limit(1)).first()
    if last is None:
        return 0
    old_size = 0 if anew else published_size(folder)
    if old_size < last.size:
        try:
            _write_tiles(connection, folder, old_size, last.size)
        except LogInconsistent:
            # A file at the old right edge is missing or damaged: the database has all of it.
            _write_tiles(connection, folder, 0, last.size)
    write_durably(folder / CHECKPOINT, last.checkpoint.encode())
    return int(last.size)


def _write_tiles(connection: Connection, folder: Path, old_size: int, size: int) -> None:
    new = (log_leaves.c.idx >= old_size) & (log_leaves.c.idx < size)
    query = select(log_leaves.c.leaf).where(new).order_by(log_leaves.c.idx)
    entries = list(connection.execute(query).scalars())
    for path, content in build_log(old_size, entries, reader(folder)):
        write_durably(folder / path, content)
