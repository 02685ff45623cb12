"""Hints: what webhooks said has changed. The pull is the truth; a hint only says where to look first.

Rules that always hold:
- a hint is a project's number and nothing else: no time, no person, no text;
- one that is lost costs nothing but time, one that comes twice nothing at all.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, select

from curation.db import add_if_new
from curation.tables import label_studio_hints
from curation.writing import Platform

MOST = 10_000
"""As many projects wait at most; what is hinted beyond is found by the next look at everything."""


def note_hint(connection: Connection, project: int) -> None:
    """Remember that something changed in a project."""
    waiting = connection.execute(select(func.count()).select_from(label_studio_hints)).scalar() or 0
    if waiting < MOST:
        add_if_new(connection, label_studio_hints, {"project": project})


def take_hints(platform: Platform) -> set[int]:
    """The projects in which something changed, each once."""
    with platform.write() as writing:
        found = set(writing.connection.execute(select(label_studio_hints.c.project)).scalars())
        writing.connection.execute(delete(label_studio_hints).where(label_studio_hints.c.project.in_(found)))
    return found
