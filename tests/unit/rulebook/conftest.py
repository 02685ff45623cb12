"""Homes to act on."""

from __future__ import annotations

from tests.support.fixtures import homes, small_world, world

__all__ = ["homes", "small_world", "world"]
