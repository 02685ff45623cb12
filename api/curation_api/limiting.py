"""How many requests a minute somebody may send.

Rules that always hold:
- a signed-in account is counted by itself, never by its address: many share one VPN, and none locks out another;
- who is not signed in, or sends a token that nobody has, is counted by address (of IPv6, its /64: one network);
- an address is kept for a minute, in memory only, as a hash under a key that goes with the process; it is never logged;
- a web server in front (a loopback address) is not counted: it knows addresses that it does not pass on, and sets the
  limit by address itself (docs/operations.md);
- every process counts by itself.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from math import ceil

from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from curation.clock import SystemClock
from curation_api.asking import reader_of
from curation_api.errors import TooMany, Unauthenticated

WINDOW = 60
"""Seconds."""
_BYTES_OF_NETWORK = 8
_CLOCK = SystemClock()
"""The same that the library counts by."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left to somebody: of `quota` requests, `left` more within the next `reset` seconds."""

    policy: str
    quota: int
    left: int
    reset: int

    def headers(self) -> dict[str, str]:
        """As draft-ietf-httpapi-ratelimit-headers-10 has it."""
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.quota};w={WINDOW}',
            "RateLimit": f'"{self.policy}";r={self.left};t={self.reset}',
        }


class RateLimits:
    """Counts requests. A limit of 0 is none."""

    def __init__(self, per_account: int, per_address: int) -> None:
        self._quotas = {"account": per_account, "address": per_address}
        self._limiter = FixedWindowRateLimiter(MemoryStorage())
        self._key = secrets.token_bytes(32)

    def count_account(self, account: str) -> Allowance | None:
        """Count a request of an account. Raises TooMany."""
        return self._count("account", account)

    def count_address(self, host: str) -> Allowance | None:
        """Count a request from an address; none is counted that is not one, or is this machine's. Raises TooMany."""
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return None
        address = getattr(address, "ipv4_mapped", None) or address
        if address.is_loopback:
            return None
        network = address.packed[:_BYTES_OF_NETWORK]
        return self._count("address", hmac.new(self._key, network, hashlib.sha256).hexdigest())

    def _count(self, policy: str, who: str) -> Allowance | None:
        quota = self._quotas[policy]
        if not quota:
            return None
        item = RateLimitItemPerMinute(quota)
        within = self._limiter.hit(item, policy, who)
        stats = self._limiter.get_window_stats(item, policy, who)
        # Our clock has whole seconds.
        reset = min(WINDOW, max(1, ceil(stats.reset_time - _CLOCK.now())))
        made = Allowance(policy, quota, max(0, stats.remaining), reset)
        if not within:
            raise TooMany(made.headers() | {"Retry-After": str(reset)}, reset)
        return made


def counted(request: Request) -> None:
    """Count the request, before its route. Raises TooMany."""
    limits: RateLimits = request.app.state.limits
    try:
        reader = reader_of(request)
    except Unauthenticated:
        reader = None  # The route says so itself, where it looks at tokens.
    host = request.client.host if request.client else ""
    request.state.allowance = limits.count_account(reader.account) if reader else limits.count_address(host)


class SetAllowance:
    """Say in every answer to a counted request what is left."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""

        async def send_with_allowance(message: Message) -> None:
            allowance = scope.get("state", {}).get("allowance")
            if message["type"] == "http.response.start" and allowance is not None:
                MutableHeaders(scope=message).update(allowance.headers())
            await send(message)

        await self.app(scope, receive, send_with_allowance)
