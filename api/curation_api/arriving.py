"""What happens to every request before and after its route: the body is read, headers are set, a crash is caught.

Rules that always hold:
- a body is read whole before a thread or a connection is taken for it, and never beyond the limit;
- every response says that its type is what it says, that no address is to be passed on, and, unless it says otherwise
  itself, that it loads nothing and is not to be stored;
- an error that nobody foresaw is answered with a bare 500; the server's log gets its type and place, not its message,
  which could hold what was sent.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from curation_api.errors import LOGGER, TooLarge, internal_problem, respond, respond_to

MAX_BODY_BYTES = 1_000_000
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
_FIXED = ("X-Content-Type-Options", "Referrer-Policy")


class ReadBody:
    """Read the body into `request.state.body`, up to the limit; whatever reads the request again gets the same."""

    def __init__(self, app: ASGIApp, too_large: ASGIApp | None = None) -> None:
        self.app, self.too_large = app, too_large

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            body = await _read(Headers(scope=scope), receive)
        except TooLarge as error:
            await (self.too_large or respond_to(error))(scope, receive, send)
            return
        if body is None:
            return
        scope.setdefault("state", {})["body"] = body
        waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive_again() -> Message:
            return waiting.pop() if waiting else await receive()

        await self.app(scope, receive_again, send)


async def _read(headers: Headers, receive: Receive) -> bytes | None:
    """The whole body, or None when the caller hung up."""
    announced = headers.get("content-length", "")
    too_large = TooLarge(f"a body has {MAX_BODY_BYTES} bytes at most", hint="Send less.")
    if announced.isdecimal() and (len(announced) > 12 or int(announced) > MAX_BODY_BYTES):
        raise too_large
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > MAX_BODY_BYTES:
            raise too_large
        if not message.get("more_body", False):
            return bytes(body)


class SetHeaders:
    """Set the headers that every response has."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str] = _HEADERS) -> None:
        self.app, self.headers = app, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.headers.items():
                    if name in _FIXED or name not in headers:
                        headers[name] = value
            await send(message)

        await self.app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class CatchCrash:
    """Answer an error that nobody foresaw with a bare 500."""

    def __init__(self, app: ASGIApp, crashed: ASGIApp | None = None) -> None:
        self.app, self.crashed = app, crashed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except Exception as error:
            # The last resort: uvicorn would log the whole message.
            if scope["type"] != "http":
                raise
            place = traceback.extract_tb(error.__traceback__)[-1]
            LOGGER.error("%s in %s, line %s of %s", type(error).__name__, place.name, place.lineno, place.filename)
            if not started:
                await (self.crashed or respond(internal_problem()))(scope, receive, send)
