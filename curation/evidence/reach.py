"""What may be connected to: the public internet, and nothing that a name could lead to beside it.

Rules that always hold:
- a name is looked up once for each connection; every address of the answer must be permitted, and the connection goes
  to one of those that were checked, so an answer that changes later changes nothing (DNS rebinding);
- a connection ends at a time, whatever arrives on it.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import httpcore

from curation.evidence.addresses import PORTS, is_public


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, by the system's resolver. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(item[4][0]) for item in found))


@dataclass(frozen=True)
class Reach:
    """What may be connected to. Tests name a server of their own; nothing else does."""

    resolve: Callable[[str, int], list[str]] = resolve
    permits: Callable[[str, int], bool] = lambda address, port: is_public(address) and port in PORTS.values()
    ports: frozenset[int] | None = frozenset(PORTS.values())
    tls: ssl.SSLContext | None = None


class Private(Exception):
    """A host has an address that is not connected to."""


class _Deadline(httpcore.NetworkStream):
    """A connection that ends at a time, whatever arrives on it."""

    def __init__(self, inner: httpcore.NetworkStream, ends: float) -> None:
        self.inner = inner
        self.ends = ends

    def _left(self, timeout: float | None) -> float:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout
        return left if timeout is None else min(left, timeout)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, self._left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.inner.write(buffer, self._left(timeout))

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Deadline(self.inner.start_tls(ssl_context, server_hostname, self._left(timeout)), self.ends)

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)


class Checked(httpcore.NetworkBackend):
    """Looks a name up, checks every address of the answer, and connects to one that was checked."""

    def __init__(self, reach: Reach, ends: float) -> None:
        self.reach = reach
        self.ends = ends
        self.inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            addresses = self.reach.resolve(host, port)
        except (OSError, UnicodeError):
            raise httpcore.ConnectError from None
        if not addresses:
            raise httpcore.ConnectError
        if not all(self.reach.permits(address, port) for address in addresses):
            raise Private
        failed: httpcore.NetworkError | httpcore.TimeoutException = httpcore.ConnectError()
        for address in addresses[:4]:
            left = self.ends - time.monotonic()
            if left <= 0:
                raise httpcore.ConnectTimeout
            try:
                made = self.inner.connect_tcp(address, port, min(left, timeout or left), None, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
                continue
            return _Deadline(made, self.ends)
        raise failed

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing is tried again")
