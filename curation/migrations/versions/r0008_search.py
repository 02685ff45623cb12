"""The index by which public texts are found by their words; the next epoch's end, or `evenhand log replay`, fills it

Revision: 0008, after 0007.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import VARCHAR

revision = "0008"
down_revision = "0007"


def _word(length: int) -> sa.String:
    # Sorts by its bytes on every database; PostgreSQL would follow the database's own collation.
    return sa.String(length).with_variant(VARCHAR(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Go forward; there is no way back (a log is never shortened)."""
    op.create_table(
        "search_texts",
        sa.Column("entry", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("revision", _word(64), nullable=False),
        sa.Column("example", _word(32), nullable=False),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_search_texts")),
        sa.UniqueConstraint("revision", name=op.f("uq_search_texts_revision")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_search_texts_example"), "search_texts", ["example"])
    op.create_table(
        "search_words",
        sa.Column("word", _word(32), nullable=False),
        sa.Column("entry", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("word", "entry", name=op.f("pk_search_words")),
        sqlite_with_rowid=False,
    )
