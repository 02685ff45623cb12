"""Objections to wordings, by anybody

Revision: 0011, after 0010.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import VARCHAR

revision = "0011"
down_revision = "0010"


def _word(length: int) -> sa.String:
    # Sorts by its bytes on every database; PostgreSQL would follow the database's own collation.
    return sa.String(length).with_variant(VARCHAR(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Go forward; there is no way back (a log is never shortened)."""
    op.create_table(
        "objections",
        sa.Column("id", _word(32), nullable=False),
        sa.Column("topic", _word(64), nullable=False),
        sa.Column("path", _word(120), nullable=False),
        sa.Column("language", _word(16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objections")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_objections_topic"), "objections", ["topic"])
    op.create_index(op.f("ix_objections_ends_at"), "objections", ["ends_at"])
