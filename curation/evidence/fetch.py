"""Fetch a cited page, and nothing else that an address could lead to.

Rules that always hold:
- a name is looked up once for each request; every address of the answer must be public, and the connection goes to one
  of those that were checked, so an answer that changes later changes nothing (DNS rebinding);
- every redirection is checked like the first address, and asks robots.txt of its own host;
- no cookies, no credentials, no proxy of the environment; certificates are verified;
- the body, the headers and the time that a request takes are bounded, however slowly a server sends;
- what goes wrong is told as `NotFetched`, never raised, and repeats nothing that the server said.
"""

from __future__ import annotations

import re
import ssl
import time
from dataclasses import dataclass, field

import httpcore

import curation
from curation.errors import InvalidInput
from curation.evidence.addresses import PageAddress, read_page_address
from curation.evidence.extract import NotExtracted, unpack
from curation.evidence.politeness import Politeness
from curation.evidence.reach import Checked, Private, Reach
from curation.evidence.robots import AGENT, FORBIDS_ALL, MAX_BYTES, PERMITS_ALL, Robots, read_robots

REASONS = {
    "address": "its address is not one that is fetched",
    "private": "its host is not on the public internet",
    "robots": "the site's robots.txt forbids it",
    "unreachable": "the site does not answer, or its certificate is not valid",
    "busy": "the site asks for fewer requests",
    "refused": "the site does not give the page",
    "redirects": "it redirects too often",
    "large": "it is larger than is kept",
    "slow": "it takes longer than is waited",
    "broken": "the site's answer is malformed",
    "absent": "the WARC files do not hold it",
}
"""Why a page is not there → the same in words."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one page may take: bytes of body, seconds in all, redirections."""

    body_bytes: int = 5_000_000
    seconds: float = 60.0
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page: its address after all redirections, and what the site answered. Header names are in lower case."""

    url: str
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def header(self) -> dict[str, str]:
        """The headers by name; of one that came twice, the first."""
        return dict(reversed(self.headers))


@dataclass(frozen=True, slots=True)
class NotFetched:
    """Why a page was not fetched: a key of `REASONS`, and the HTTP status where the site gave one."""

    reason: str
    status: int | None = None


@dataclass
class Fetcher:
    """Fetches pages, one at a time."""

    reach: Reach = field(default_factory=Reach)
    limits: Limits = field(default_factory=Limits)
    politeness: Politeness = field(default_factory=Politeness)
    contact: str = ""
    """Where a site's owner can write to; told to every site."""

    def fetch(self, url: str) -> Fetched | NotFetched:
        """Fetch a page. Only an answer of 200 is a page."""
        found = self._follow(url, robots=True, most=self.limits.body_bytes)
        if isinstance(found, NotFetched) or found.status == 200:
            return self._unpackable(found) if isinstance(found, Fetched) else found
        return NotFetched("refused", found.status)

    def _unpackable(self, found: Fetched) -> Fetched | NotFetched:
        unpacked = unpack(found.body, found.header)
        if isinstance(unpacked, NotExtracted):
            return NotFetched("large" if unpacked.reason == "large" else "broken", found.status)
        return found

    def _follow(self, url: str, *, robots: bool, most: int) -> Fetched | NotFetched:
        for _ in range(self.limits.redirects + 1):
            try:
                address = read_page_address(url, self.reach.ports)
            except InvalidInput:
                return NotFetched("address")
            found = self._ask(address, robots=robots, most=most)
            if isinstance(found, NotFetched) or found.status not in (301, 302, 303, 307, 308):
                return found
            try:
                url = address.joined(found.header.get("location", ""))
            except InvalidInput:
                return NotFetched("address")
        return NotFetched("redirects")

    def _ask(self, address: PageAddress, *, robots: bool, most: int) -> Fetched | NotFetched:
        delay = 0.0
        if address.host in self.politeness.busy:
            return NotFetched("busy")
        if robots:
            rules = self._robots(address)
            if isinstance(rules, NotFetched):
                return rules
            if not rules.permits(address.target):
                return NotFetched("robots")
            delay = rules.delay
        self.politeness.take_turn(address.host, delay)
        found = self._request(address, most)
        if isinstance(found, Fetched) and found.status in (429, 503):
            self.politeness.busy.add(address.host)
            return NotFetched("busy", found.status)
        return found

    def _robots(self, address: PageAddress) -> Robots | NotFetched:
        """The rules of the page's origin. RFC 9309 §2.3: 4xx permits everything, any other failure nothing."""
        if address.origin not in self.politeness.robots:
            found = self._follow(f"{address.origin}/robots.txt", robots=False, most=MAX_BYTES)
            if isinstance(found, NotFetched) and found.reason in ("private", "unreachable", "slow", "busy"):
                return found
            if isinstance(found, Fetched) and found.status == 200:
                content = unpack(found.body, found.header, MAX_BYTES)
                rules = read_robots(content) if isinstance(content, bytes) else FORBIDS_ALL
            elif isinstance(found, Fetched) and 400 <= found.status < 500:
                rules = PERMITS_ALL
            elif isinstance(found, NotFetched) and found.reason == "redirects":
                rules = PERMITS_ALL  # RFC 9309 §2.3.1.2: after five redirections it may be taken as not there.
            else:
                rules = FORBIDS_ALL
            self.politeness.robots[address.origin] = rules
        return self.politeness.robots[address.origin]

    def _request(self, address: PageAddress, most: int) -> Fetched | NotFetched:
        ends = time.monotonic() + self.limits.seconds
        origin = httpcore.Origin(address.scheme.encode(), address.host.encode(), address.port)
        try:
            with (
                httpcore.HTTPConnection(
                    origin, ssl_context=self.reach.tls, network_backend=Checked(self.reach, ends)
                ) as connection,
                connection.stream(
                    "GET", self._url(address), headers=self._headers(address), extensions=_TIMEOUTS
                ) as response,
            ):
                return self._read(response, address, most)
        except Private:
            return NotFetched("private")
        except httpcore.TimeoutException:
            return NotFetched("slow" if time.monotonic() >= ends else "unreachable")
        except (httpcore.NetworkError, ssl.SSLError, OSError):
            return NotFetched("unreachable")
        except (httpcore.ProtocolError, ValueError):
            return NotFetched("broken")

    def _url(self, address: PageAddress) -> httpcore.URL:
        return httpcore.URL(
            scheme=address.scheme.encode(),
            host=address.host.encode(),
            port=address.port,
            target=address.target.encode(),
        )

    def _headers(self, address: PageAddress) -> list[tuple[bytes, bytes]]:
        contact = re.sub(r"[^ -'*-~]", "", self.contact)
        agent = f"{AGENT}/{curation.__version__}" + (f" (+{contact})" if contact else "")
        return [
            (b"Host", address.origin.partition("://")[2].encode()),
            (b"User-Agent", agent.encode()),
            (b"Accept", b"text/html, application/xhtml+xml, text/plain;q=0.9, */*;q=0.5"),
            (b"Accept-Encoding", b"gzip"),
            (b"Connection", b"close"),
        ]

    def _read(self, response: httpcore.Response, address: PageAddress, most: int) -> Fetched | NotFetched:
        parts: list[bytes] = []
        size = 0
        for part in response.iter_stream():
            size += len(part)
            if size > most:
                if address.target != "/robots.txt":
                    return NotFetched("large", response.status)
                break  # RFC 9309 §2.5: what is beyond the limit is not read.
            parts.append(part)
        headers = tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers)
        reason = response.extensions.get("reason_phrase", b"").decode("latin-1")
        return Fetched(address.url, response.status, reason, headers, b"".join(parts)[:most])


_TIMEOUTS = {"timeout": {"connect": 15.0, "read": 20.0, "write": 20.0, "pool": 1.0}}
