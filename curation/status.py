"""A home's state in figures.

Rules that always hold:
- the figures depend on acts only: asked twice with nothing in between, they are the same.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from curation.db import reading
from curation.tables import examples, log_epochs, pending_leaves, releases
from curation.writing import Platform
from curation.yanked import yanked_releases


def home_status(platform: Platform) -> dict[str, Any]:
    """Counts of examples by kind and outcome, the log's size, the releases."""
    with reading(platform.home.engine) as connection:
        query = select(examples.c.kind, examples.c.status, func.count().label("number"))
        counts: dict[str, dict[str, int]] = {}
        for row in connection.execute(
            query.group_by(examples.c.kind, examples.c.status).order_by(examples.c.kind, examples.c.status)
        ):
            counts.setdefault(row.kind, {})[row.status] = row.number
        last = connection.execute(select(log_epochs).order_by(log_epochs.c.epoch.desc()).limit(1)).first()
        pending = connection.execute(select(func.count()).select_from(pending_leaves)).scalar() or 0
        yanked = yanked_releases(connection)
        cut = connection.execute(select(releases).order_by(releases.c.size)).all()
    return {
        "dataset": platform.home.dataset,
        "examples": counts,
        "log": {
            "origin": platform.home.origin,
            "size": last.size if last else 0,
            "root": last.root if last else None,
            "epochs": last.epoch + 1 if last else 0,
            "pending": pending,
        },
        "releases": [
            {
                "version": row.version,
                "size": row.size,
                "manifest": row.manifest,
                "yanked": yanked[row.version].reason if row.version in yanked else None,
            }
            for row in cut
        ],
    }
