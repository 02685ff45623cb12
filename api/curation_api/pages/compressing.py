"""Pages go compressed, where that tells nobody anything.

Who sees how long a compressed page is, and can have a browser ask for it with words of their own in the address, can
guess what else stands in it, a letter at a time (BREACH, CVE-2013-3587). Rules that always hold:
- a page that another site led to goes as it is; so does a page for somebody who is signed in, where the browser does
  not say who led to it;
- the token of a form is another one in every answer (visit.py).
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from curation_api.pages.visit import SESSION_COOKIE

_LEVEL = 6  # the highest one takes twice the time for one byte in a hundred
_WHOLE = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/*")
"""What goes as it is: mostly files of releases, whose bytes are what their manifest says."""


class Compress:
    """Compress pages, styles and scripts."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.compressing = GZipMiddleware(app, compresslevel=_LEVEL, exclude_content_types=_WHOLE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        compresses = scope["type"] == "http" and _tells_nothing(Headers(scope=scope))
        await (self.compressing if compresses else self.app)(scope, receive, send)


def _tells_nothing(headers: Headers) -> bool:
    led_by = headers.get("sec-fetch-site")
    if led_by is None:
        return SESSION_COOKIE not in headers.get("cookie", "")
    return led_by in ("same-origin", "none")
