"""The demonstration's home for every test of verification and tracing."""

from tests.audit.demo import bundle, demo, home

__all__ = ["bundle", "demo", "home"]
