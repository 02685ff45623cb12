"""Markdown pages as the tests of the documentation read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(
    r"^(?:<!-- (?P<mark>[^\n]*?) -->\n\n?)?```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_HEADING = re.compile(r"^##+ (.*)$", re.MULTILINE)
_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")


def pages() -> list[Path]:
    """Every page for people: those at the root and in docs/, but for the wording notes and a dataset's own texts."""
    found = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")]
    docs = ROOT / "docs"
    return found + sorted([*docs.glob("*.md"), *docs.glob("adr/*.md")])


@dataclass(frozen=True)
class Block:
    """A fenced block, the comment right above it, and the heading that it stands under."""

    heading: str
    mark: str
    language: str
    text: str


def without_fences(text: str) -> str:
    """A page's text without what stands in fenced blocks."""
    return _FENCE.sub("", text)


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page, in their order."""
    headings = [(match.start(), match[1]) for match in _HEADING.finditer(_blank_fences(text))]
    found = []
    for match in _FENCE.finditer(text):
        above = [title for start, title in headings if start < match.start()]
        found.append(Block(above[-1] if above else "", match["mark"] or "", match["language"], match["text"]))
    return found


def _blank_fences(text: str) -> str:
    """The same text, of the same length, with fenced blocks blanked: a comment in a block is no heading."""
    return _FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def links(text: str) -> list[str]:
    """The targets of a page's links."""
    return _LINK.findall(without_fences(text))


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", _blank_fences(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
