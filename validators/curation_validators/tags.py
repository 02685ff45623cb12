"""Whether a language tag is made of codes that exist.

Rules that always hold:
- a tag is a language, perhaps with a script and a country (RFC 5646 §2.1); the codes stand in `codes/languages.txt`,
  with where they come from;
- Chinese names its script, Hans or Hant: neither a country nor «Latn» tells which.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.resources import files

TAG = re.compile(r"([a-z]{2,3})(?:-([A-Z][a-z]{3}))?(?:-([A-Z]{2}))?")
CHINESE_SCRIPTS = ("Hans", "Hant")


@lru_cache(maxsize=1)
def _codes() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    name = ""
    for line in (files("curation_validators") / "codes" / "languages.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            name = line.strip("[]")
        elif not line.startswith("#"):
            found[name] = found.get(name, frozenset()).union(line.split())
    return found


@lru_cache(maxsize=256)
def fault_of_tag(tag: str) -> str | None:
    """What is wrong with a language tag, or None."""
    parts = TAG.fullmatch(tag)
    if parts is None:
        return "has no known language tag"
    language, script, country = parts.groups()
    if language == "zh" and script not in CHINESE_SCRIPTS:
        return "does not say which script its Chinese is in"
    named = {"languages": language, "scripts": script, "countries": country}
    known = all(code is None or code in _codes()[kind] for kind, code in named.items())
    return None if known else "has no known language tag"
