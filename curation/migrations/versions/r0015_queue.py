"""The queue walks the open seats in the order in which they are offered

Sorting every open seat of a perspective for each person who asks took half a second at fifty thousand of them.

Revision: 0015, after 0014.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Go forward; there is no way back (a log is never shortened)."""
    op.add_column("seats", sa.Column("epoch", sa.Integer, nullable=False, server_default="0"))
    seats = sa.table("seats", sa.column("revision"), sa.column("stage"), sa.column("epoch"))
    stages = sa.table("stages", sa.column("revision"), sa.column("stage"), sa.column("epoch"))
    opened = (
        sa.select(stages.c.epoch)
        .where(stages.c.revision == seats.c.revision, stages.c.stage == seats.c.stage)
        .scalar_subquery()
    )
    op.execute(seats.update().values(epoch=opened))
    op.drop_index("ix_seats_queue", "seats")
    op.create_index("ix_seats_queue", "seats", ["topic", "perspective", "open", "epoch", "revision"])
