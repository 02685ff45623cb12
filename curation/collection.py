"""Pause Python's cyclic garbage collection over long passes that make no cycles.

Rules that always hold:
- only for work whose objects are all reachable to its end: there the collector finds nothing, and a pass over hundreds
  of thousands of leaves takes a fifth longer with it.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_collection() -> Iterator[None]:
    """Do without the collector inside; leave it as it was."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
