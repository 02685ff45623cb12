"""What was imported before

Revision: 0002, after 0001.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import VARCHAR

revision = "0002"
down_revision = "0001"


def _word(length: int) -> sa.String:
    # Sorts by its bytes on every database; PostgreSQL would follow the database's own collation.
    return sa.String(length).with_variant(VARCHAR(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Go forward; there is no way back (a log is never shortened)."""
    op.create_table(
        "imported",
        sa.Column("source", _word(128), nullable=False),
        sa.Column("key", _word(64), nullable=False),
        sa.Column("digest", _word(64), nullable=True),
        sa.Column("brought", _word(64), nullable=True),
        sa.PrimaryKeyConstraint("source", "key", name=op.f("pk_imported")),
        sqlite_with_rowid=False,
    )
