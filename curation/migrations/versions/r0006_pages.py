"""What signing in on the pages needs, and answers kept so that what is sent again is not done twice

Revision: 0006, after 0005.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import VARCHAR

revision = "0006"
down_revision = "0005"


def _word(length: int) -> sa.String:
    # Sorts by its bytes on every database; PostgreSQL would follow the database's own collation.
    return sa.String(length).with_variant(VARCHAR(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Go forward; there is no way back (a log is never shortened)."""
    op.add_column("tokens", sa.Column("label", _word(64), nullable=True))
    op.create_table(
        "credentials",
        sa.Column("account", _word(32), nullable=False),
        sa.Column("passphrase", sa.Text(), nullable=False),
        sa.Column("consent", _word(16), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_credentials_account")),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_credentials")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "recovery_codes",
        sa.Column("digest", _word(64), nullable=False),
        sa.Column("account", _word(32), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_recovery_codes_account")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_recovery_codes")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_recovery_codes_account"), "recovery_codes", ["account"])
    op.create_table(
        "sessions",
        sa.Column("digest", _word(64), nullable=False),
        sa.Column("account", _word(32), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_sessions_account")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_sessions_account"), "sessions", ["account"])
    op.create_index(op.f("ix_sessions_ends_at"), "sessions", ["ends_at"])
    op.create_table(
        "sign_in_failures",
        sa.Column("handle", _word(64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("wait_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("handle", name=op.f("pk_sign_in_failures")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "repeats",
        sa.Column("tag", _word(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tag", name=op.f("pk_repeats")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_repeats_ends_at"), "repeats", ["ends_at"])
