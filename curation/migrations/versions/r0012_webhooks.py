"""Receivers of webhooks, their messages and attempts

Revision: 0012, after 0011.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import VARCHAR

revision = "0012"
down_revision = "0011"


def _word(length: int) -> sa.String:
    # Sorts by its bytes on every database; PostgreSQL would follow the database's own collation.
    return sa.String(length).with_variant(VARCHAR(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Go forward; there is no way back (a log is never shortened)."""
    op.create_table(
        "webhooks",
        sa.Column("id", _word(32), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("earlier", sa.LargeBinary(), nullable=True),
        sa.Column("earlier_until", sa.BigInteger(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "webhook_messages",
        sa.Column("id", _word(32), nullable=False),
        sa.Column("webhook", _word(32), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=False),
        sa.Column("state", _word(16), nullable=False),
        sa.ForeignKeyConstraint(["webhook"], ["webhooks.id"], name=op.f("fk_webhook_messages_webhook")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_messages")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_webhook_messages_webhook"), "webhook_messages", ["webhook"])
    op.create_index("ix_webhook_messages_due", "webhook_messages", ["state", "next_at"])
    op.create_table(
        "webhook_attempts",
        sa.Column("message", _word(32), nullable=False),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("webhook", _word(32), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["webhook_messages.id"], name=op.f("fk_webhook_attempts_message")),
        sa.PrimaryKeyConstraint("message", "attempt", name=op.f("pk_webhook_attempts")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_webhook_attempts_webhook"), "webhook_attempts", ["webhook"])
