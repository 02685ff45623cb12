"""The demonstration's home for every test of verification and tracing."""

from tests.audit.demo import bundle, demo, home
from tests.support.parts import in_parts

__all__ = ["bundle", "demo", "home", "in_parts"]
