"""An act that is carried out once, however often its request arrives.

A caller names a request by the header `Idempotency-Key` (after the IETF draft of that name, draft-ietf-httpapi-
idempotency-key-header). Sent again with the same key and body, it gets the same answer, and nothing is done twice;
with another body it is refused.

Rules that always hold:
- the act and its answer are kept in one transaction (curation/repeats.py);
- without the header, every request is a new one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel
from starlette.responses import Response

from curation.people.accounts import Actor
from curation.repeats import find_answer, keep_answer
from curation.writing import Platform, Writing
from curation_api.asking import TheActor, ThePlatform
from curation_api.errors import BadHeader
from curation_api.matching import check_match, wanted_tags

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
"""Set on an answer that was given before."""
_KEY = re.compile(r"[\x21-\x7e]{1,255}")

Made = TypeVar("Made")
View = Callable[[Writing, Made], BaseModel]


class Once:
    """What a route performs its act with."""

    def __init__(self, request: Request, platform: ThePlatform, actor: TheActor) -> None:
        self._platform = platform
        self._actor = actor
        self._key = _key_of(request)
        self._request = _digest(request) if self._key is not None else ""
        self._wanted = wanted_tags(request)

    def perform(
        self,
        act: Callable[[Writing, Actor], Made],
        view: View[Made],
        on: Callable[[Writing, Platform, Actor], BaseModel] | None = None,
    ) -> Response:
        """Carry the act out in one transaction and answer 201; or answer as before.

        Args:
            act: the command.
            view: makes the answer, inside the transaction.
            on: the document that `If-Match` is compared with, as the actor reads it; without it, it is passed over.

        Raises:
            Conflict: the key came before with another request.
            ChangedSince: the document is not the one that If-Match names.
        """
        with self._platform.write() as writing:
            if self._key is not None:
                before = find_answer(writing, self._actor, self._key, self._request)
                if before is not None:
                    return _created(before, {REPLAYED: "true"})
            if on is not None and self._wanted:
                check_match(self._wanted, on(writing, self._platform, self._actor))
            made = act(writing, self._actor)
            writing.flush()
            answer = view(writing, made).model_dump_json()
            if self._key is not None:
                keep_answer(writing, self._actor, self._key, self._request, answer)
        return _created(answer)


TheOnce = Annotated[Once, Depends()]


def _key_of(request: Request) -> str | None:
    given = request.headers.getlist(HEADER)
    if not given:
        return None
    # The draft writes the key as a quoted string; many clients send it bare.
    key = given[0].removeprefix('"').removesuffix('"')
    if len(given) > 1 or not _KEY.fullmatch(key):
        raise BadHeader(
            f"the header {HEADER} is not one key of 1 to 255 visible ASCII characters",
            hint="A random UUID does.",
        )
    return key


def _digest(request: Request) -> str:
    """What the request asks for: method, path and body. The account is part of the key."""
    parts = (request.method.encode(), request.url.path.encode(), request.state.body)
    return hashlib.sha256(b"\x00".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _created(answer: str, headers: dict[str, str] | None = None) -> Response:
    return Response(answer, 201, headers, media_type="application/json")
