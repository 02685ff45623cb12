"""Where Evenhand keeps what it could make again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """`EVENHAND_CACHE`, else `evenhand` in `XDG_CACHE_HOME`, else in `~/.cache`. Raises RuntimeError without a home."""
    chosen = os.environ.get("EVENHAND_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "evenhand"
