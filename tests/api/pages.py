"""A browser's part in the tests of the pages: cookies, languages, forms; every page is looked at."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from starlette.testclient import TestClient

from curation.writing import Platform
from curation_api import create_app
from curation_api.pages.catalogue import LOCALES

LANGUAGES = tuple(LOCALES)
_VOID = frozenset({"meta", "link", "img", "input", "br", "hr", "rect", "path"})
_ADDRESSES = ("href", "src", "action", "formaction", "srcset", "poster", "data")


class Seen(HTMLParser):
    """A page, read strictly: tags that close, ids that are there once, labels that name a field."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append((tag, found))
        if "id" in found:
            self.ids.append(found["id"])
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        last = self.open.pop()
        assert last == tag, f"</{tag}> closes <{last}>"

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def look_at(page: str, language: str) -> Seen:
    """Fail unless a page is well made: its language, one heading, labels, and nothing from elsewhere or inline."""
    seen = Seen(page)
    assert seen.all("html")[0]["lang"] == language
    assert len(seen.all("h1")) == 1
    assert seen.all("title")
    assert len(set(seen.ids)) == len(seen.ids), "an id stands twice"
    labels = {label.get("for") for label in seen.all("label")}
    for tag in ("input", "select", "textarea"):
        for item in seen.all(tag):
            if item.get("type") not in ("hidden", "submit"):
                assert item.get("id") in labels or "aria-label" in item, f"no label: {item}"
    for tag, attributes in seen.tags:
        assert "style" not in attributes, tag
        assert tag not in ("style", "base", "iframe", "object", "embed")
        assert not any(name.startswith("on") for name in attributes), attributes
        if tag == "script":
            assert attributes["src"].startswith("/static/")
        for name in _ADDRESSES:
            if name in attributes:
                check_address(tag, attributes, attributes[name])
    for form in seen.all("form"):
        assert form["method"] in ("get", "post")
    return seen


def check_address(tag: str, attributes: dict[str, str], address: str) -> None:
    """Nothing is loaded from elsewhere; a link that leads elsewhere says so."""
    if address.startswith(("/", "?", "#")) and not address.startswith("//"):
        return
    assert tag == "a", f"<{tag}> loads {address}"
    assert re.match(r"https?://", address), address
    assert "noreferrer" in attributes["rel"]


_APPS: dict[int, tuple[Platform, Any]] = {}


def app_of(platform: Platform) -> Any:
    """The application of a platform; making one for each browser would take longer than most tests."""
    if id(platform) not in _APPS:
        _APPS[id(platform)] = (platform, create_app(platform))
    return _APPS[id(platform)][1]


@dataclass
class Browser:
    """A browser with cookies and one language."""

    platform: Platform
    language: str = "en"
    client: TestClient = field(init=False)
    codes: list[str] = field(default_factory=list)
    """Recovery codes that it was shown."""

    def __post_init__(self) -> None:
        self.client = TestClient(app_of(self.platform), base_url="http://localhost", raise_server_exceptions=False)
        self.client.headers.update({"Accept": "text/html", "Accept-Language": self.language})

    def ask(self, path: str, status: int = 200) -> Any:
        """An answer that is no page."""
        response = self.client.get(path, follow_redirects=False)
        assert response.status_code == status, (path, response.status_code, response.text[:2000])
        return response

    def see(self, path: str, status: int = 200) -> Seen:
        """A page, looked at."""
        response = self.client.get(path)
        assert response.status_code == status, (path, response.status_code, response.text[:2000])
        check_headers(response)
        return look_at(response.text, self.language)

    def send(self, page: str, action: str, fields: dict[str, Any], status: int = 200) -> Seen:
        """Fill in the form on a page and send it; the page that comes of it."""
        token = self.token(page)
        response = self.client.post(action, data={"form_token": token, **fields})
        assert response.status_code == status, (action, response.status_code, response.text[:3000])
        check_headers(response)
        return look_at(response.text, self.language)

    def token(self, page: str) -> str:
        """The token of the form on a page."""
        found = [item for item in self.see(page).all("input") if item.get("name") == "form_token"]
        assert found, f"{page} has no form"
        return found[0]["value"]


def check_headers(response: Any) -> None:
    """Fail unless a page's headers are as they must be."""
    headers = response.headers
    assert headers["content-type"] == "text/html; charset=utf-8"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
