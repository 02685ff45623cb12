"""The pages as an application of their own, beside the API's.

Rules that always hold:
- a page loads its own style and scripts and nothing else: no inline script or style, nobody else's host;
- no page can be framed; on a host with a name, browsers are told to use TLS only.
"""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.middleware.base import RequestResponseEndpoint
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send

from curation.people.provider import Provider
from curation.writing import Platform
from curation_api.arriving import CatchCrash, ReadBody, SetHeaders
from curation_api.coverage import KeptCoverage
from curation_api.limiting import RateLimits
from curation_api.oversight import KeptOversight
from curation_api.pages import errors
from curation_api.pages.catalogue import LOCALES
from curation_api.pages.compressing import Compress
from curation_api.pages.render import STATIC, go
from curation_api.pages.routes import ROUTERS, looking, objecting
from curation_api.pages.visit import is_local, keep_language

_API_PATHS = frozenset({"/v1", "/healthz", "/openapi.json"})
_API_FOLDERS = ("/v1/", "/log/")
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
_HSTS = "max-age=31536000; includeSubDomains"


class ToPages:
    """Send what is no path of the API to the pages."""

    def __init__(self, app: ASGIApp, pages: ASGIApp) -> None:
        self.app, self.pages = app, pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        path = scope.get("path", "")
        ours = scope["type"] != "http" or path in _API_PATHS or path.startswith(_API_FOLDERS)
        await (self.app if ours else self.pages)(scope, receive, send)


class StaticFilesForEver(StaticFiles):
    """Static files. Their address changes with their content."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        """A file, to be kept for ever."""
        answer = super().file_response(*args, **kwargs)  # type: ignore[arg-type]  # passed on as it came
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer


async def _choose_language(request: Request, call_next: RequestResponseEndpoint) -> Response:
    """Remember a language that was chosen by `?ui=`, and show the same page in it."""
    chosen = request.query_params.get("ui")
    if request.method in ("GET", "HEAD") and chosen in LOCALES:
        rest = request.url.remove_query_params("ui").query
        path = "/" + request.url.path.lstrip("/\\")
        answer: Response = go(f"{path}?{rest}" if rest else path)
        keep_language(answer, request, chosen)
    else:
        answer = await call_next(request)
    if not is_local(request):
        answer.headers["Strict-Transport-Security"] = _HSTS
    return answer


def create_pages(platform: Platform, provider: Provider | None = None) -> FastAPI:
    """The pages of a platform, where people may sign in through a provider."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.platform = platform
    app.state.provider = provider
    app.state.oversight, app.state.coverage = KeptOversight(), KeptCoverage()
    app.state.looks = RateLimits(per_account=looking.A_MINUTE, per_address=0)
    app.state.objections = RateLimits(per_account=objecting.A_MINUTE, per_address=objecting.A_MINUTE)
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/static", StaticFilesForEver(directory=STATIC), name="static")
    app.add_middleware(Compress)
    app.middleware("http")(_choose_language)
    app.add_middleware(ReadBody, too_large=errors.too_large)
    app.add_middleware(CatchCrash, crashed=errors.crashed)
    app.add_middleware(SetHeaders, headers=HEADERS)
    return app
