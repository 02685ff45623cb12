"""Alembic migrations: each revision makes tables in order; none rewrites an event table."""
