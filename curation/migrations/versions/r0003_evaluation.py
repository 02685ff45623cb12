"""How near prompts are found, and planted controls

Revision: 0003, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import VARCHAR

revision = "0003"
down_revision = "0002"


def _word(length: int) -> sa.String:
    # Sorts by its bytes on every database; PostgreSQL would follow the database's own collation.
    return sa.String(length).with_variant(VARCHAR(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Go forward; there is no way back (a log is never shortened)."""
    op.create_table(
        "prompt_shingles",
        sa.Column("shingle", _word(64), nullable=False),
        sa.Column("commitment", _word(64), nullable=False),
        sa.Column("evaluation", sa.Boolean(), nullable=False),
        sa.Column("example", _word(32), nullable=False),
        sa.PrimaryKeyConstraint("shingle", "commitment", name=op.f("pk_prompt_shingles")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_prompt_shingles_commitment"), "prompt_shingles", ["commitment"], unique=False)
    op.create_index(op.f("ix_prompt_shingles_example"), "prompt_shingles", ["example"], unique=False)
    op.create_table(
        "planted_controls",
        sa.Column("leaf", _word(64), nullable=False),
        sa.Column("commitment", _word(64), nullable=False),
        sa.Column("example", _word(32), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("opened", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("leaf", name=op.f("pk_planted_controls")),
        sqlite_with_rowid=False,
    )
