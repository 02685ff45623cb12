"""What a site's robots.txt permits (RFC 9309).

Rules that always hold (pure):
- the group that names us is used, else that of `*`; the longest matching rule decides, and `allow` wins a tie;
- no robots.txt (any 4xx) permits everything; one that cannot be had (5xx, no answer) forbids everything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

AGENT = "evenhand"
"""Our product token."""
MAX_BYTES = 512_000
"""As much of a robots.txt is read. RFC 9309 §2.5: at least 500 KiB."""
_MAX_RULES = 5_000


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules for us: (allows, pattern), and how long to wait between two requests, in seconds."""

    rules: tuple[tuple[bool, str], ...] = ()
    delay: float = 0.0

    def permits(self, target: str) -> bool:
        """Whether path and query may be asked for."""
        if target == "/robots.txt":
            return True
        best, allowed = -1, True
        for allows, pattern in self.rules:
            length = len(pattern)
            if (length > best or (length == best and allows)) and _matches(pattern, _plain(target)):
                best, allowed = length, allows
        return allowed


PERMITS_ALL = Robots()
FORBIDS_ALL = Robots(((False, "/"),))


def _plain(text: str) -> str:
    """RFC 9309 §2.2.2: compared percent-encoded; ours keeps `%` as it stands, in one case."""
    encoded = quote(text, safe="/%:@!$&'()*+,;=~-._?#[]")
    return re.sub("%[0-9a-fA-F]{2}", lambda found: found.group().upper(), encoded)


def _matches(pattern: str, target: str) -> bool:
    """`*` stands for anything, `$` at the end for the end. Linear: each piece is looked for once, leftmost."""
    anchored = pattern.endswith("$")
    pieces = pattern.removesuffix("$").split("*")
    if not target.startswith(pieces[0]):
        return False
    place = len(pieces[0])
    if len(pieces) == 1:
        return not anchored or place == len(target)
    for piece in pieces[1:-1]:
        found = target.find(piece, place)
        if found < 0:
            return False
        place = found + len(piece)
    last = pieces[-1]
    if anchored:
        return len(target) - len(last) >= place and target.endswith(last)
    return target.find(last, place) >= 0


def read_robots(content: bytes) -> Robots:
    """Read a robots.txt. Whatever it holds, it reads as something."""
    text = content[:MAX_BYTES].decode("utf-8", "replace").removeprefix("\ufeff")
    groups: dict[str, tuple[list[tuple[bool, str]], list[float]]] = {}
    names: list[str] = []
    naming = False
    for line in re.split(r"\r\n|\r|\n", text):
        key, colon, value = line.partition("#")[0].partition(":")
        key, value = key.strip().lower(), value.strip()
        if not colon:
            continue
        if key == "user-agent":
            names = [*(names if naming else ()), _token(value)]
            groups.setdefault(names[-1], ([], []))
            naming = True
            continue
        naming = False
        for name in names:
            rules, delays = groups[name]
            if key in ("allow", "disallow") and value and len(rules) < _MAX_RULES:
                rules.append((key == "allow", _plain(value)))
            elif key == "crawl-delay" and re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", value):
                delays.append(float(value))
    rules, delays = groups.get(AGENT) or groups.get("*") or ([], [])
    return Robots(tuple(rules), max(delays, default=0.0))


def _token(value: str) -> str:
    if value.startswith("*"):
        return "*"
    found = re.match(r"[A-Za-z_-]+", value)
    return found.group().lower() if found else ""
