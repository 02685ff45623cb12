"""What is kept of cited pages

Revision: 0004, after 0003.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import VARCHAR

revision = "0004"
down_revision = "0003"


def _word(length: int) -> sa.String:
    # Sorts by its bytes on every database; PostgreSQL would follow the database's own collation.
    return sa.String(length).with_variant(VARCHAR(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Go forward; there is no way back (a log is never shortened)."""
    op.create_table(
        "source_records",
        sa.Column("commitment", _word(64), nullable=False),
        sa.Column("day", _word(10), nullable=False),
        sa.Column("status", _word(16), nullable=False),
        sa.Column("via", _word(8), nullable=False),
        sa.Column("record", _word(64), nullable=True),
        sa.Column("payload", _word(64), nullable=True),
        sa.Column("extractor", _word(64), nullable=True),
        sa.Column("anchorer", _word(32), nullable=True),
        sa.Column("quote_status", _word(16), nullable=True),
        sa.Column("ways", _word(64), nullable=True),
        sa.Column("edits", sa.Integer(), nullable=True),
        sa.Column("occurrences", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("commitment", name=op.f("pk_source_records")),
        sqlite_with_rowid=False,
    )
