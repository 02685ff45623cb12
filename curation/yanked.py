"""Which releases of a home were yanked.

Rules that always hold:
- read from the leaves themselves, sealed and pending: a yank counts at once.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, union_all

from curation.tables import log_leaves, pending_leaves
from curation_schemas.events import EVENT, ReleaseYanked

YANKED = "release:yanked"


def yanked_releases(connection: Connection) -> dict[str, ReleaseYanked]:
    """Version → its yank."""
    query = union_all(*(select(table.c.leaf).where(table.c.type == YANKED) for table in (log_leaves, pending_leaves)))
    events = [EVENT.validate_json(leaf) for leaf in connection.execute(query).scalars()]
    return {event.version: event for event in events if isinstance(event, ReleaseYanked)}
