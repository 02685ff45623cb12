"""Which addresses may be asked: of the web, and of a network.

Rules that always hold (pure; nothing is looked up):
- http and https only, without user and password, on the ports 80 and 443;
- a host is a name with a dot, or a public address written in full: no decimal, octal, hexadecimal or shortened form;
- a network address is public or it is refused: nothing private, local, reserved, for documentation, multicast, and
  nothing that carries an IPv4 address within it;
- an address is taken apart once, and what was checked is what is used.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin, urlsplit

import idna

from curation.errors import InvalidInput

PORTS = {"http": 80, "https": 443}
_MAX_URL = 2_000
# RFC 6761, RFC 6762, RFC 8375, RFC 7686, RFC 9476, and `internal`, which ICANN keeps for private use.
_SPECIAL = ("alt", "home.arpa", "internal", "invalid", "lan", "local", "localhost", "onion", "test")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
# https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast and reserved space beside it.
_IPV4 = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)
# RFC 4291 §2.4: what is routed lies in 2000::/3. Of that, https://www.iana.org/assignments/iana-ipv6-special-registry
# keeps these; Teredo (2001::/32) and 6to4 (2002::/16) carry an IPv4 address within them.
_IPV6_ROUTED = ipaddress.IPv6Network("2000::/3")
_IPV6 = tuple(
    ipaddress.IPv6Network(block)
    for block in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)


@dataclass(frozen=True, slots=True)
class PageAddress:
    """Where a page is, taken apart. `host` is in ASCII and lower case; `target` is path and query, percent-encoded."""

    scheme: str
    host: str
    port: int
    target: str

    @property
    def origin(self) -> str:
        """Scheme, host and port, as text."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == PORTS[self.scheme] else f":{self.port}")

    @property
    def url(self) -> str:
        """The whole address, without a fragment."""
        return self.origin + self.target

    def joined(self, reference: str) -> str:
        """Where a redirection leads that this page answers with."""
        try:
            return urljoin(self.url, reference)
        except ValueError:
            raise InvalidInput("it leads to an address that is malformed") from None


def read_page_address(url: str, ports: frozenset[int] | None = frozenset(PORTS.values())) -> PageAddress:
    """Take an address apart. Raises InvalidInput, which repeats nothing of it.

    Args:
        url: the address.
        ports: those that may be asked; None is any.
    """
    if len(url) > _MAX_URL or re.search(r"[\x00-\x20\x7f\\]", url):
        raise InvalidInput("it is too long, or has characters that no address has")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = parts.hostname or ""
    except ValueError:
        raise InvalidInput("it is malformed") from None
    if parts.scheme not in PORTS:
        raise InvalidInput("it is not http or https")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise InvalidInput("it holds a user or a password")
    port = PORTS[parts.scheme] if port is None else port
    if ports is not None and port not in ports:
        raise InvalidInput("it names a port other than 80 and 443")
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    return PageAddress(parts.scheme, _host(host), port, path + (f"?{query}" if parts.query else ""))


def _host(host: str) -> str:
    if ":" in host:
        try:
            if "%" in host:
                raise ValueError
            return ipaddress.IPv6Address(host).compressed
        except ValueError:
            raise InvalidInput("it is malformed") from None
    host = host.removesuffix(".")
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError:
            raise InvalidInput("its host is a number, or an address not written in full") from None
    try:
        host = idna.encode(host, uts46=True).decode("ascii") if not host.isascii() else host.lower()
    except (idna.IDNAError, UnicodeError):
        raise InvalidInput("its host is no name") from None
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels) or _NUMBER.fullmatch(labels[-1]):
        raise InvalidInput("its host is no name")
    if len(labels) < 2 or any(host == name or host.endswith(f".{name}") for name in _SPECIAL):
        raise InvalidInput("its host is a name of a local network")
    return host


def is_public(address: str) -> bool:
    """Whether a network address, as a resolver gives it, is one of the public internet."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return not any(found in block for block in _IPV4)
    if found.scope_id is not None or found not in _IPV6_ROUTED:
        return False
    return not any(found in block for block in _IPV6)
