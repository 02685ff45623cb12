"""The first schema: log, projection, private tables

Revision: 0001, after .
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import VARCHAR

revision = "0001"
down_revision = None


def _word(length: int) -> sa.String:
    # Sorts by its bytes on every database; PostgreSQL would follow the database's own collation.
    return sa.String(length).with_variant(VARCHAR(length, collation="C"), "postgresql")


def upgrade() -> None:
    """Go forward; there is no way back (a log is never shortened)."""
    op.create_table(
        "accounts",
        sa.Column("id", _word(32), nullable=False),
        sa.Column("handle", _word(64), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("languages", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("handle", name=op.f("uq_accounts_handle")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "declarations",
        sa.Column("id", _word(64), nullable=False),
        sa.Column("topic", _word(64), nullable=False),
        sa.Column("pseudonym", _word(32), nullable=False),
        sa.Column("perspective", _word(64), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Boolean(), nullable=False),
        sa.Column("replaced_in", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declarations")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_declarations_pseudonym"), "declarations", ["pseudonym"], unique=False)
    op.create_index("ix_declarations_standing", "declarations", ["topic", "perspective", "replaced_in"], unique=False)
    op.create_table(
        "documents",
        sa.Column("sha256", _word(64), nullable=False),
        sa.Column("path", _word(200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_documents")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "erasures",
        sa.Column("commitment", _word(64), nullable=False),
        sa.Column("act", _word(64), nullable=False),
        sa.PrimaryKeyConstraint("commitment", name=op.f("pk_erasures")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "examples",
        sa.Column("id", _word(32), nullable=False),
        sa.Column("group_id", _word(32), nullable=False),
        sa.Column("topic", _word(64), nullable=False),
        sa.Column("kind", _word(16), nullable=False),
        sa.Column("language", _word(16), nullable=False),
        sa.Column("status", _word(16), nullable=False),
        sa.Column("proposer", _word(32), nullable=False),
        sa.Column("latest", _word(64), nullable=False),
        sa.Column("standing", _word(64), nullable=True),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_examples")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_examples_group_id"), "examples", ["group_id"], unique=False)
    op.create_index(op.f("ix_examples_proposer"), "examples", ["proposer"], unique=False)
    op.create_index(op.f("ix_examples_status"), "examples", ["status"], unique=False)
    op.create_index(op.f("ix_examples_topic"), "examples", ["topic"], unique=False)
    op.create_table(
        "flag_clocks",
        sa.Column("flag", _word(64), nullable=False),
        sa.Column("example", _word(32), nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("flag", name=op.f("pk_flag_clocks")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "log_epochs",
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", _word(64), nullable=False),
        sa.Column("date", _word(10), nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("epoch", name=op.f("pk_log_epochs")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "log_leaves",
        sa.Column("idx", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("hash", _word(64), nullable=False),
        sa.Column("type", _word(32), nullable=False),
        sa.Column("example", _word(32), nullable=True),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("idx", name=op.f("pk_log_leaves")),
        sa.UniqueConstraint("hash", name=op.f("uq_log_leaves_hash")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_log_leaves_example"), "log_leaves", ["example"], unique=False)
    op.create_index(op.f("ix_log_leaves_type"), "log_leaves", ["type"], unique=False)
    op.create_table(
        "meta",
        sa.Column("name", _word(32), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "openings",
        sa.Column("commitment", _word(64), nullable=False),
        sa.Column("act", _word(64), nullable=False),
        sa.Column("unit", _word(16), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("commitment", name=op.f("pk_openings")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_openings_act"), "openings", ["act"], unique=False)
    op.create_table(
        "pending_leaves",
        sa.Column("hash", _word(64), nullable=False),
        sa.Column("type", _word(32), nullable=False),
        sa.Column("example", _word(32), nullable=True),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_pending_leaves")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_pending_leaves_example"), "pending_leaves", ["example"], unique=False)
    op.create_index(op.f("ix_pending_leaves_type"), "pending_leaves", ["type"], unique=False)
    op.create_table(
        "proposer_organisations",
        sa.Column("example", _word(32), nullable=False),
        sa.Column("organisation", _word(64), nullable=False),
        sa.PrimaryKeyConstraint("example", "organisation", name=op.f("pk_proposer_organisations")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "releases",
        sa.Column("version", _word(24), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", _word(64), nullable=False),
        sa.Column("manifest", _word(64), nullable=False),
        sa.Column("leaf", _word(64), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_releases")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "signing_keys",
        sa.Column("pseudonym", _word(32), nullable=False),
        sa.Column("key", _word(64), nullable=False),
        sa.PrimaryKeyConstraint("pseudonym", name=op.f("pk_signing_keys")),
        sa.UniqueConstraint("key", name=op.f("uq_signing_keys_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stage_clocks",
        sa.Column("revision", _word(64), nullable=False),
        sa.Column("stage", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("example", _word(32), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("revision", "stage", name=op.f("pk_stage_clocks")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "vault",
        sa.Column("tag", _word(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("tag", name=op.f("pk_vault")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "account_keys",
        sa.Column("account", _word(32), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_account_keys_account")),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_account_keys")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "flags",
        sa.Column("id", _word(64), nullable=False),
        sa.Column("example", _word(32), nullable=False),
        sa.Column("revision", _word(64), nullable=False),
        sa.Column("topic", _word(64), nullable=False),
        sa.Column("raiser", _word(32), nullable=False),
        sa.Column("ground", _word(16), nullable=False),
        sa.Column("upheld_by", sa.Integer(), nullable=False),
        sa.Column("status", _word(16), nullable=False),
        sa.ForeignKeyConstraint(["example"], ["examples.id"], name=op.f("fk_flags_example")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flags")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_flags_example"), "flags", ["example"], unique=False)
    op.create_index(op.f("ix_flags_raiser"), "flags", ["raiser"], unique=False)
    op.create_table(
        "handed_on",
        sa.Column("revision", _word(64), nullable=False),
        sa.Column("holder", _word(64), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("revision", "holder", name=op.f("pk_handed_on")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "leases",
        sa.Column("revision", _word(64), nullable=False),
        sa.Column("perspective", _word(64), nullable=False),
        sa.Column("seat", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("example", _word(32), nullable=False),
        sa.Column("topic", _word(64), nullable=False),
        sa.Column("holder", _word(64), nullable=False),
        sa.Column("order_shown", _word(16), nullable=True),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("revision", "perspective", "seat", name=op.f("pk_leases")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_leases_holder"), "leases", ["holder"], unique=False)
    op.create_table(
        "organisations",
        sa.Column("account", _word(32), nullable=False),
        sa.Column("organisation", _word(64), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_organisations_account")),
        sa.PrimaryKeyConstraint("account", "organisation", name=op.f("pk_organisations")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "policy_drafts",
        sa.Column("id", _word(32), nullable=False),
        sa.Column("account", _word(32), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("supersedes", _word(64), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_policy_drafts_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_drafts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reviews",
        sa.Column("id", _word(64), nullable=False),
        sa.Column("example", _word(32), nullable=False),
        sa.Column("revision", _word(64), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("perspective", _word(64), nullable=False),
        sa.Column("seat", sa.Integer(), nullable=False),
        sa.Column("reviewer", _word(32), nullable=False),
        sa.Column("verdict", _word(16), nullable=False),
        sa.Column("superseded", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["example"], ["examples.id"], name=op.f("fk_reviews_example")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_reviews_example"), "reviews", ["example"], unique=False)
    op.create_index(op.f("ix_reviews_reviewer"), "reviews", ["reviewer"], unique=False)
    op.create_table(
        "revisions",
        sa.Column("id", _word(64), nullable=False),
        sa.Column("example", _word(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("outcome", _word(16), nullable=True),
        sa.ForeignKeyConstraint(["example"], ["examples.id"], name=op.f("fk_revisions_example")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revisions")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_revisions_example"), "revisions", ["example"], unique=False)
    op.create_table(
        "seats",
        sa.Column("revision", _word(64), nullable=False),
        sa.Column("perspective", _word(64), nullable=False),
        sa.Column("seat", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("example", _word(32), nullable=False),
        sa.Column("stage", sa.Integer(), nullable=False),
        sa.Column("topic", _word(64), nullable=False),
        sa.Column("language", _word(16), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("reviewer", _word(32), nullable=True),
        sa.ForeignKeyConstraint(["example"], ["examples.id"], name=op.f("fk_seats_example")),
        sa.PrimaryKeyConstraint("revision", "perspective", "seat", name=op.f("pk_seats")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_seats_example"), "seats", ["example"], unique=False)
    op.create_index("ix_seats_queue", "seats", ["topic", "perspective", "open"], unique=False)
    op.create_index(op.f("ix_seats_reviewer"), "seats", ["reviewer"], unique=False)
    op.create_table(
        "tokens",
        sa.Column("digest", _word(64), nullable=False),
        sa.Column("account", _word(32), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.id"], name=op.f("fk_tokens_account")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_tokens")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_tokens_account"), "tokens", ["account"], unique=False)
    op.create_table(
        "stages",
        sa.Column("revision", _word(64), nullable=False),
        sa.Column("stage", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("example", _word(32), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("how", _word(16), nullable=True),
        sa.Column("outcome", _word(16), nullable=True),
        sa.ForeignKeyConstraint(["revision"], ["revisions.id"], name=op.f("fk_stages_revision")),
        sa.PrimaryKeyConstraint("revision", "stage", name=op.f("pk_stages")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_stages_example"), "stages", ["example"], unique=False)
    op.create_index(op.f("ix_stages_open"), "stages", ["open"], unique=False)
