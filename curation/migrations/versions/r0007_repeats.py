"""Answers kept for a while, so that a request that is sent again does nothing twice

Revision: 0007, after 0006.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import VARCHAR

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Go forward; there is no way back (a log is never shortened)."""
    op.create_table(
        "repeats",
        # Sorts by its bytes on every database; PostgreSQL would follow the database's own collation.
        sa.Column("tag", sa.String(64).with_variant(VARCHAR(64, collation="C"), "postgresql"), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tag", name=op.f("pk_repeats")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_repeats_ends_at"), "repeats", ["ends_at"])
