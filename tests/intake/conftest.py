"""The small world of two topics, and the API's home with people on it."""

from __future__ import annotations

from tests.api.conftest import api, seeded
from tests.support.fixtures import homes, small_world

__all__ = ["api", "homes", "seeded", "small_world"]
