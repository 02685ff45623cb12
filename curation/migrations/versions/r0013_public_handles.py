"""Handles that people chose to show beside a pseudonym

Revision: 0013, after 0012.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import VARCHAR

revision = "0013"
down_revision = "0012"


def _word(length: int) -> sa.String:
    # Sorts by its bytes on every database; PostgreSQL would follow the database's own collation.
    return sa.String(length).with_variant(VARCHAR(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Go forward; there is no way back (a log is never shortened)."""
    op.create_table(
        "public_handles",
        sa.Column("pseudonym", _word(32), nullable=False),
        sa.Column("handle", _word(64), nullable=False),
        sa.PrimaryKeyConstraint("pseudonym", name=op.f("pk_public_handles")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_public_handles_handle"), "public_handles", ["handle"])
