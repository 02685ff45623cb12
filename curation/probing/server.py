"""A model's HTTP server: one POST, tried again where that may help.

Rules that always hold:
- lost connections, timeouts, 408, 429, 5xx and answers that are cut off are tried again, later each time and never
  before the server's Retry-After; other refusals are not;
- a message never holds the key, nor the body of an answer that refuses it.
"""

from __future__ import annotations

import json
import os
import time
import weakref
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from curation.errors import InvalidInput, NotAllowed

_LONGEST_WAIT = 60.0
_SHOWN = 200


class NoAnswer(Exception):
    """What a server did instead of answering. `final`: the request itself is refused; another might not be."""

    def __init__(self, reason: str, *, final: bool = False, reached: bool = True) -> None:
        super().__init__(reason)
        self.final = final
        self.reached = reached


def read_key(variable: str | None) -> str | None:
    """The key that an environment variable holds. Raises InvalidInput where it holds none."""
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not key or not key.isascii() or not key.isprintable():
        raise InvalidInput(
            f"the environment variable «{variable}» holds no key", where="--api-key-env", hint="Set it, then run again."
        )
    return key


class ModelServer:
    """One endpoint of an OpenAI-compatible server.

    Args:
        url: of the server, with or without `/v1`.
        endpoint: `completions` or `chat/completions`.
        wait: what sleeps between tries; tests replace it.
    """

    def __init__(
        self,
        url: str,
        endpoint: str,
        key: str | None = None,
        *,
        timeout: float = 120.0,
        retries: int = 5,
        connections: int = 8,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = _endpoint_url(url, endpoint)
        self._retries = retries
        self._wait = wait
        self._key = key
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._client = httpx.Client(headers=headers, timeout=timeout, limits=limits)
        weakref.finalize(self, self._client.close)

    def post(self, body: Mapping[str, object]) -> dict[str, Any]:
        """The answer's JSON object. Raises NoAnswer, or NotAllowed where the server refuses the key."""
        tried = 0
        while True:
            try:
                return self._post_once(body)
            except _TryAgain as again:
                tried += 1
                if tried > self._retries:
                    raise NoAnswer(f"{again} ({tried} tries)", reached=again.reached) from None
                self._wait(min(_LONGEST_WAIT, max(again.after, 0.5 * 2 ** (tried - 1))))

    def _post_once(self, body: Mapping[str, object]) -> dict[str, Any]:
        try:
            response = self._client.post(self.url, json=body)
        except httpx.TimeoutException:
            raise _TryAgain("the server did not answer in time") from None
        except httpx.TransportError as error:
            raise _TryAgain(f"the server did not answer: {self._clean(error)}") from None
        status = response.status_code
        if status in (401, 403):
            raise NotAllowed(
                f"the server answers {status}: it does not take the key",
                where=_shown_url(self.url),
                hint="Name the variable that holds the right one with --api-key-env.",
            )
        if status in (408, 409, 425, 429) or status >= 500:
            raise _TryAgain(f"the server answers {status}", after=_retry_after(response), reached=status == 429)
        if status != 200:
            raise NoAnswer(f"the server answers {status}: {self._clean(response.text)}", final=True)
        try:
            answered = response.json()
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
            html = response.text.lstrip()[:1] == "<"
            raise _TryAgain(
                f"the server's answer is {'HTML and' if html else 'cut off or'} no JSON", reached=True
            ) from None
        if not isinstance(answered, dict):
            raise NoAnswer("the server's answer is no JSON object")
        return answered

    def _clean(self, said: object) -> str:
        """What a server or library said, in one short line, without the key."""
        text = " ".join(str(said).split()) or type(said).__name__
        return (text.replace(self._key, "…") if self._key else text)[:_SHOWN]


class _TryAgain(Exception):
    def __init__(self, reason: str, *, after: float = 0.0, reached: bool = False) -> None:
        super().__init__(reason)
        self.after = after
        self.reached = reached


def _retry_after(response: httpx.Response) -> float:
    """Seconds; 0 where the header is absent or a date."""
    said = response.headers.get("Retry-After", "")
    try:
        return max(0.0, float(said))
    except ValueError:
        return 0.0


def _endpoint_url(url: str, endpoint: str) -> str:
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        known = False
    if not known or parts.query or parts.fragment:
        raise InvalidInput(
            "is no address of a server", where="--url", hint="For instance: --url http://localhost:8000/v1"
        )
    if parts.username or parts.password:
        raise InvalidInput("holds a password", where="--url", hint="Give a key with --api-key-env.")
    path = parts.path.rstrip("/")
    for known_end in ("/chat/completions", "/completions"):
        path = path.removesuffix(known_end)
    return f"{parts.scheme}://{parts.netloc}{path or '/v1'}/{endpoint}"


def _shown_url(url: str) -> str:
    return url.rpartition("/v1")[0] or url
