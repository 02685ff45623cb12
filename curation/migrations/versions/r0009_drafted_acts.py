"""Acts that take two maintainers, drafted by the first

Revision: 0009, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import VARCHAR

revision = "0009"
down_revision = "0008"


def _word(length: int) -> sa.String:
    # Sorts by its bytes on every database; PostgreSQL would follow the database's own collation.
    return sa.String(length).with_variant(VARCHAR(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Go forward; there is no way back (a log is never shortened)."""
    op.create_table(
        "drafted_acts",
        sa.Column("id", _word(32), nullable=False),
        sa.Column("account", _word(32), nullable=False),
        sa.Column("act", _word(24), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_drafted_acts_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafted_acts")),
        sqlite_with_rowid=False,
    )
