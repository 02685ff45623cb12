"""The yanked releases in which an example stands.

Rules that always hold:
- that it stands there follows from the log, by the rules by which a release's rows do, and not from files.
"""

from __future__ import annotations

from sqlalchemy import func, select

from curation.rulebook.placement import placement
from curation.shown import sealed_histories
from curation.tables import log_epochs, log_leaves, releases
from curation.writing import LoadedExamples
from curation.yanked import yanked_releases
from curation_schemas.events import EVENT, ReleaseCut, ReleaseYanked


def yanked_with(loaded: LoadedExamples, example: str) -> list[ReleaseYanked]:
    """The yanks of releases that hold this example, by the size of the log that each release is a function of."""
    yanks = yanked_releases(loaded.connection)
    rows = loaded.connection.execute(
        select(releases.c.version, releases.c.size, log_leaves.c.leaf)
        .join(log_leaves, log_leaves.c.hash == releases.c.leaf)
        .where(releases.c.version.in_(yanks))
        .order_by(releases.c.size)
    ).all()
    return [yanks[row.version] for row in rows if _holds(loaded, row.size, EVENT.validate_json(row.leaf), example)]


def _holds(loaded: LoadedExamples, size: int, cut: object, example: str) -> bool:
    history = sealed_histories(loaded, [example], size)[example]
    if not history.revisions or not isinstance(cut, ReleaseCut) or history.first.topic in cut.gated:
        return False
    last = select(func.max(log_epochs.c.epoch)).where(log_epochs.c.size <= size)
    epoch = (loaded.connection.execute(last).scalar() or 0) + 1  # the one that was open when it was cut
    return placement(history, loaded.definitions.released_at(epoch)).config is not None
