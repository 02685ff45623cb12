"""The demonstration's home for every test of releases."""

from tests.audit.demo import bundle, demo, home

__all__ = ["bundle", "demo", "home"]
