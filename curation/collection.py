"""Keep Python's cyclic garbage collector out of long passes.

Rules that always hold:
- it is paused only for work whose objects are all reachable to its end: there it finds nothing, and a pass over
  hundreds of thousands of leaves takes a fifth longer with it.
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


@contextmanager
def settled_collection() -> Iterator[None]:
    """Take what exists now for lasting: the collector looks only through what comes after, while this holds.

    For work in many parts that may make cycles: each look then costs what a part left, not what the process holds.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
