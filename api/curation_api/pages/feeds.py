"""Atom feeds (RFC 4287).

Rules that always hold:
- an entry's id is made of the log's origin and its leaf, so that it is the same wherever the feed is read;
- its day is the one on which its epoch was closed: nothing finer is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree

from starlette.responses import Response

from curation_api.pages.render import home_of, visible
from curation_api.pages.visit import Visit

_ATOM = "http://www.w3.org/2005/Atom"
_EPOCH = "1970-01-01"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: the leaf that brought it, its title, its page, its day, and a sentence."""

    leaf: str
    title: str
    path: str
    date: str
    summary: str


def atom(visit: Visit, title: str, path: str, page: str, entries: list[Entry]) -> Response:
    """A feed, the newest entry first."""
    base = str(visit.request.base_url).rstrip("/")
    home = home_of(visit)
    ElementTree.register_namespace("", _ATOM)
    feed = _element(None, "feed")
    feed.set("{http://www.w3.org/XML/1998/namespace}lang", visit.language)
    titles = home["title"]
    _element(feed, "title", f"{titles.get(visit.language) or next(iter(titles.values()))}: {title}")
    if home["simulated"]:
        # The banner's words: a feed is read far from the pages that have it.
        said = "A demonstration: all people here are simulated, and all content is synthetic. It is nobody’s opinion."
        _element(feed, "subtitle", visit.say(said))
    _element(feed, "id", f"urn:evenhand:{home['origin']}:{path}")
    _element(feed, "updated", _moment(max((entry.date for entry in entries), default=_EPOCH)))
    _element(_element(feed, "author"), "name", home["slug"])
    _link(feed, "self", base + path)
    _link(feed, "alternate", base + page)
    for item in entries:
        entry = _element(feed, "entry")
        _element(entry, "title", item.title)
        _element(entry, "id", f"urn:evenhand:{home['origin']}:{item.leaf}")
        _element(entry, "updated", _moment(item.date))
        _element(entry, "summary", item.summary)
        _link(entry, "alternate", base + item.path)
    content = ElementTree.tostring(feed, encoding="utf-8", xml_declaration=True)
    return Response(content, media_type="application/atom+xml")


def _moment(day: str) -> str:
    return f"{day}T00:00:00Z"


def _element(parent: ElementTree.Element | None, name: str, text: str | None = None) -> ElementTree.Element:
    tag = f"{{{_ATOM}}}{name}"
    made = ElementTree.Element(tag) if parent is None else ElementTree.SubElement(parent, tag)
    made.text = visible(text) if text is not None else None
    return made


def _link(parent: ElementTree.Element, relation: str, address: str) -> None:
    made = _element(parent, "link")
    made.set("rel", relation)
    made.set("href", address)
