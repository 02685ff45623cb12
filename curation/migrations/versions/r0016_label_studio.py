"""Label Studio: the server, who reviews there, their tasks, and hints of what changed there

Revision: 0016, after 0015.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import VARCHAR

revision = "0016"
down_revision = "0015"


def _word(length: int) -> sa.String:
    # Sorts by its bytes on every database; PostgreSQL would follow the database's own collation.
    return sa.String(length).with_variant(VARCHAR(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Go forward; there is no way back (a log is never shortened)."""
    op.create_table(
        "label_studio_server",
        sa.Column("name", _word(16), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_label_studio_server")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "label_studio_reviewers",
        sa.Column("tag", _word(64), nullable=False),
        sa.Column("member", _word(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tag", name=op.f("pk_label_studio_reviewers")),
        sa.UniqueConstraint("member", name=op.f("uq_label_studio_reviewers_member")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "label_studio_tasks",
        sa.Column("tag", _word(64), nullable=False),
        sa.Column("holder", _word(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tag", name=op.f("pk_label_studio_tasks")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_label_studio_tasks_holder"), "label_studio_tasks", ["holder"])
    op.create_table(
        "label_studio_hints",
        sa.Column("project", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("project", name=op.f("pk_label_studio_hints")),
        sqlite_with_rowid=False,
    )
