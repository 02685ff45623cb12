"""Alembic's entry: runs on the connection that `curation.db.migrate` opened, in its transaction."""

from __future__ import annotations

from alembic import context

from curation.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
