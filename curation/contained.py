"""The releases in which an example stands.

Rules that always hold:
- that it stands there follows from the log, by the rules by which a release's rows do, and not from files.
"""

from __future__ import annotations

from sqlalchemy import func, select

from curation.rulebook.placement import placement
from curation.shown import sealed_histories
from curation.tables import log_epochs, log_leaves, pending_leaves, releases
from curation.writing import LoadedExamples
from curation.yanked import yanked_releases
from curation_schemas.events import EVENT, ReleaseCut, ReleaseYanked

_LEAF = func.coalesce(log_leaves.c.leaf, pending_leaves.c.leaf)
"""A release can be fetched as soon as it is cut; its leaf waits for the end of the epoch."""
_CUTS = (
    select(releases.c.version, releases.c.size, _LEAF.label("leaf"))
    .outerjoin(log_leaves, log_leaves.c.hash == releases.c.leaf)
    .outerjoin(pending_leaves, pending_leaves.c.hash == releases.c.leaf)
)


def newest_with(loaded: LoadedExamples, example: str) -> str | None:
    """The newest release that holds this example: of those that nobody warns of, if one does. None where none does."""
    yanks = yanked_releases(loaded.connection)
    rows = loaded.connection.execute(_CUTS.order_by(releases.c.size.desc())).all()
    for row in sorted(rows, key=lambda row: row.version in yanks):
        if _holds(loaded, row.size, EVENT.validate_json(row.leaf), example):
            return str(row.version)
    return None


def yanked_with(loaded: LoadedExamples, example: str) -> list[ReleaseYanked]:
    """The yanks of releases that hold this example, by the size of the log that each release is a function of."""
    yanks = yanked_releases(loaded.connection)
    rows = loaded.connection.execute(_CUTS.where(releases.c.version.in_(yanks)).order_by(releases.c.size)).all()
    return [yanks[row.version] for row in rows if _holds(loaded, row.size, EVENT.validate_json(row.leaf), example)]


def _holds(loaded: LoadedExamples, size: int, cut: object, example: str) -> bool:
    history = sealed_histories(loaded, [example], size)[example]
    if not history.revisions or not isinstance(cut, ReleaseCut) or history.first.topic in cut.gated:
        return False
    last = select(func.max(log_epochs.c.epoch)).where(log_epochs.c.size <= size)
    epoch = (loaded.connection.execute(last).scalar() or 0) + 1  # the one that was open when it was cut
    return placement(history, loaded.definitions.released_at(epoch)).config is not None
