"""Entity tags: what was read is not sent twice, and what has changed since is not changed unseen (RFC 9110 §13).

Rules that always hold:
- every JSON document that is read has a strong `ETag`, the start of the SHA-256 of its bytes: what differs for two
  readers has two tags, and a tag tells nothing that the document does not;
- `If-None-Match` with the tag is answered 304 without a body;
- `If-Match` on an act is compared, inside the act's transaction, with the tag of the document as the actor reads it
  now; where it is another, nothing is done (412).
"""

from __future__ import annotations

import hashlib
import re

from fastapi import Request
from pydantic import BaseModel
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from curation_api.errors import BadHeader, ChangedSince, NoSuchPart

_TAGGED = "/v1/"
_JSON = "application/json"
_LIST = re.compile(r'\s*(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"\s*(?:,\s*(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"\s*)*')
_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))")
_TAG = re.compile(r'(?:W/)?"[^"]*"')


def tag_of(document: bytes) -> str:
    """The strong entity tag of these bytes."""
    return f'"{hashlib.sha256(document).hexdigest()[:32]}"'


def document(view: BaseModel) -> Response:
    """A view as the document that its tag is of."""
    return Response(view.model_dump_json(), media_type=_JSON)


def wanted_tags(request: Request) -> list[str]:
    """The tags in the header If-Match; none where it is not there, or any would do. Raises BadHeader."""
    given = ", ".join(request.headers.getlist("If-Match")).strip()
    if given in ("", "*"):
        return []
    if not _LIST.fullmatch(given):
        raise BadHeader("the header If-Match is no list of entity tags", hint="Send what ETag said, quotes and all.")
    return _TAG.findall(given)


def check_match(wanted: list[str], view: BaseModel) -> None:
    """Raise ChangedSince unless one of the tags is that of the view. A weak one never is (RFC 9110 §13.1.1)."""
    if tag_of(view.model_dump_json().encode()) not in wanted:
        raise ChangedSince("it has changed since it was read", where="If-Match", hint="Read it again, and look.")


def check_state(request: Request, tag: str) -> bool:
    """Whether the caller has what this tag names. Raises ChangedSince where If-Match names another, BadHeader."""
    wanted = wanted_tags(request)
    if wanted and tag not in wanted:
        raise ChangedSince("the state has changed since that part", where="If-Match", hint="Begin the export anew.")
    return has_already(request, tag)


def has_already(request: Request, tag: str) -> bool:
    """Whether the caller says in If-None-Match that it has what this tag names."""
    return _has(request.headers, tag)


def check_range(request: Request, size: int) -> None:
    """Leave one range that a file of this size has in the request, and nothing that is no such thing.

    What a server does not serve by ranges it passes over (RFC 9110 §14.2). Raises NoSuchPart.
    """
    given = ", ".join(request.headers.getlist("Range"))
    found = _RANGE.fullmatch(given.replace(" ", ""))
    if given and found is None:
        request.scope["headers"] = [pair for pair in request.scope["headers"] if pair[0] != b"range"]
    if found is not None:
        start, end, last = found.groups()
        beyond = int(start) >= size or (end and int(end) < int(start)) if start else int(last) == 0
        if beyond:
            raise NoSuchPart(size)


def _has(asked: Headers, tag: str) -> bool:
    known = ", ".join(asked.getlist("If-None-Match")).strip()
    return known == "*" or tag in (item.removeprefix("W/") for item in _TAG.findall(known))


class SetTags:
    """Give every JSON document that is read its tag, and answer 304 to whoever has it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or not scope["path"].startswith(_TAGGED):
            await self.app(scope, receive, send)
            return
        held: list[Message] = []

        async def send_tagged(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_document(message):
                held.append(message)
                return
            sent = [*held, message]
            if held and not message.get("more_body", False):
                sent = _tagged(Headers(scope=scope), held[0], message)
            held.clear()
            for item in sent:
                await send(item)

        await self.app(scope, receive, send_tagged)


def _is_document(start: Message) -> bool:
    media_type = Headers(raw=start["headers"]).get("content-type", "").partition(";")[0]
    return start["status"] == 200 and media_type == _JSON


def _tagged(asked: Headers, start: Message, body: Message) -> list[Message]:
    """Both messages of an answer, with its tag; without the document, where the caller has it."""
    tag = tag_of(body["body"])
    headers = MutableHeaders(raw=start["headers"])
    headers["ETag"] = tag
    if not _has(asked, tag):
        return [start, body]
    for name in ("Content-Length", "Content-Type"):
        del headers[name]
    return [{**start, "status": 304}, {**body, "body": b""}]
