"""Where Evenhand keeps what it could make again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """`EVENHAND_CACHE`, else `evenhand` in `XDG_CACHE_HOME`, else in `~/.cache`. Raises RuntimeError without a home.

    As the XDG Base Directory Specification has it, a relative `XDG_CACHE_HOME` is ignored: it would be another folder
    wherever a command is called.
    """
    chosen = os.environ.get("EVENHAND_CACHE")
    if chosen:
        return Path(chosen)
    caches = Path(os.environ.get("XDG_CACHE_HOME") or "")
    return (caches if caches.is_absolute() else Path.home() / ".cache") / "evenhand"
