"""Who asks, and of which platform: the only things that routes depend on.

Rules that always hold:
- a token is looked up by its SHA-256, so no comparison tells how much of a guess was right;
- the look-up closes its own session before the route begins, so a waiting request holds no connection;
- where a token is looked at, one that nobody has is an error, also where none is needed.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from curation.db import reading
from curation.people.accounts import Actor, actor_by_token
from curation.writing import Platform
from curation_api.errors import Unauthenticated


async def platform_of(request: Request) -> Platform:
    """The platform that this application serves."""
    platform: Platform = request.app.state.platform
    return platform


def reader_of(request: Request) -> Actor | None:
    """Whoever asks, or None without a token. Raises Unauthenticated for a token that nobody has."""
    if not hasattr(request.state, "reader"):
        request.state.reader = _reader(request)
    reader: Actor | None = request.state.reader
    return reader


def _reader(request: Request) -> Actor | None:
    given = request.headers.getlist("authorization")
    if not given:
        return None
    scheme, _, token = given[0].partition(" ")
    if len(given) > 1 or scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("the header Authorization is not «Bearer» and one token")
    platform: Platform = request.app.state.platform
    with reading(platform.home.engine) as connection:
        found = actor_by_token(connection, token.strip())
    if found is None:
        raise Unauthenticated("nobody has this token", hint="Ask an administrator of this home for another.")
    return found


def actor_of(request: Request) -> Actor:
    """Whoever acts. Raises Unauthenticated."""
    found = reader_of(request)
    if found is None:
        raise Unauthenticated("this needs a bearer token", hint="Send it in the header Authorization.")
    return found


ThePlatform = Annotated[Platform, Depends(platform_of)]
TheReader = Annotated[Actor | None, Depends(reader_of)]
TheActor = Annotated[Actor, Depends(actor_of)]
