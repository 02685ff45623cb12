"""Leaves are found by example and type together

Without statistics SQLite takes the index of types for a question about one example's leaves of a type, and reads every
leaf of that type for each example.

Revision: 0014, after 0013.
"""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Go forward; there is no way back (a log is never shortened)."""
    for table in ("log_leaves", "pending_leaves"):
        op.create_index(op.f(f"ix_{table}_example_type"), table, ["example", "type"])
        op.drop_index(op.f(f"ix_{table}_example"), table)
