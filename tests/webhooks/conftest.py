"""A small home for every test of webhooks."""

from tests.support.fixtures import homes, small_world

__all__ = ["homes", "small_world"]
