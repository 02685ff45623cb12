"""How copies and near-copies of texts are found

Revision: 0005, after 0004.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import VARCHAR

revision = "0005"
down_revision = "0004"


def _word(length: int) -> sa.String:
    # Sorts by its bytes on every database; PostgreSQL would follow the database's own collation.
    return sa.String(length).with_variant(VARCHAR(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Go forward; there is no way back (a log is never shortened). What is there is indexed by who calls this."""
    op.create_table(
        "known_texts",
        sa.Column("entry", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("revision", _word(64), nullable=False),
        sa.Column("example", _word(32), nullable=False),
        sa.Column("digest", _word(64), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("entry", name=op.f("pk_known_texts")),
        sa.UniqueConstraint("revision", name=op.f("uq_known_texts_revision")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_known_texts_example"), "known_texts", ["example"], unique=False)
    op.create_index(op.f("ix_known_texts_digest"), "known_texts", ["digest"], unique=False)
    op.create_table(
        "text_bands",
        sa.Column("band", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("band", "entry", name=op.f("pk_text_bands")),
        sqlite_with_rowid=False,
    )
