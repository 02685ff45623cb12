"""The application: everything that serves HTTP, put together.

Start it with `uvicorn --factory curation_api.app:app_from_environment`; `EVENHAND_HOME` names the home.

Rules that always hold:
- nothing is logged about who asks: `app_from_environment` silences uvicorn's access log, whatever uvicorn was told,
  and `UVICORN` holds the options that go with it (no log of addresses, no proxy headers read, no server header);
- the application opens a home once, at its start, and gives its connections back at its end;
- no page and no document makes a reader's browser call anybody else.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute

import curation
from curation.clock import SystemClock
from curation.errors import InvalidInput
from curation.examples.intake import make_ready
from curation.home import open_home
from curation.people.provider import Provider
from curation.settings import read_settings
from curation.writing import Platform
from curation_api import errors
from curation_api.arriving import CatchCrash, ReadBody, SetHeaders
from curation_api.limiting import RateLimits, SetAllowance, counted
from curation_api.matching import SetTags
from curation_api.openapi import EvenhandApi
from curation_api.pages.app import ToPages, create_pages
from curation_api.pages.routes.provider import BACK
from curation_api.routes import ROUTERS, UNCOUNTED

UVICORN: dict[str, Any] = {
    "access_log": False,
    "log_config": None,  # uvicorn's own would set up an access log; the process's logging stays as it is
    "proxy_headers": False,
    "server_header": False,
}
"""Options for `uvicorn.run` that keep callers unrecorded."""

_DESCRIPTION = """
Propose examples on contested topics, judge them in the seats that the queue assigns, and read what came of it.

Every act is answered with a receipt: the hash of its leaf, the epoch by whose end the leaf stands in the log, and both
as a note signed by the log's key. What everybody can read is as of the last closed epoch; an open round is blind to
everybody. Errors are problems as RFC 9457 has them.
"""


def platform_from_environment() -> Platform:
    """The platform that the settings name. Raises HomeUnusable."""
    settings = read_settings()
    return Platform(open_home(settings.home, settings.database), SystemClock(), settings.epoch_days)


def limits_from_environment() -> RateLimits:
    """The limits that the settings name. Raises InvalidInput."""
    settings = read_settings()
    return RateLimits(settings.account_limit, settings.address_limit)


def provider_from_environment() -> Provider | None:
    """The provider through which the settings let people sign in, or None. Raises InvalidInput."""
    settings = read_settings()
    if settings.oidc_client_id is None:
        return None
    if settings.public_url is None:
        raise InvalidInput("a provider sends people back to it", where="EVENHAND_PUBLIC_URL", hint="Set it.")
    secret = settings.oidc_client_secret
    return Provider(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        redirect=settings.public_url.rstrip("/") + BACK,
        secret=secret.get_secret_value() if secret else None,
        name=settings.oidc_name,
    )


def create_app(
    platform: Platform | None = None, limits: RateLimits | None = None, provider: Provider | None = None
) -> FastAPI:
    """The application for a platform, with limits and a provider; without one of them, as the settings name it.

    Raises HomeUnusable, InvalidInput.
    """
    served = platform or platform_from_environment()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        if platform is None:
            _make_ready(served)
        yield
        if platform is None:
            served.home.close()

    app = EvenhandApi(
        title="Evenhand",
        version=curation.__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
        generate_unique_id_function=_operation_id,
    )
    app.state.platform = served
    app.state.limits = limits or limits_from_environment()
    pages = create_pages(served, provider or provider_from_environment())
    # Counted once for both.
    app.state.oversight, app.state.coverage = pages.state.oversight, pages.state.coverage
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router, dependencies=[] if router in UNCOUNTED else [Depends(counted)])
    app.add_middleware(SetTags)
    app.add_middleware(ReadBody)
    app.add_middleware(CatchCrash)
    app.add_middleware(SetAllowance)
    app.add_middleware(SetHeaders)  # outside of these, so that problems have the headers too
    app.add_middleware(ToPages, pages=pages)
    return app


def _make_ready(platform: Platform) -> None:
    """Load what the checks on proposals need, so that the first one does not wait for it."""
    with platform.read() as loaded:
        terms = loaded.definitions.terms
    if terms is not None:
        make_ready(tuple(terms.languages), platform.home.path)


def _operation_id(route: APIRoute) -> str:
    return route.name


def app_from_environment() -> FastAPI:
    """What `uvicorn --factory` calls: the settings' home, and no access log."""
    logging.getLogger("uvicorn.access").disabled = True
    return create_app()
