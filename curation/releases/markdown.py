"""Markdown, and the BibTeX in it, made of what people wrote.

Rules that always hold (pure):
- a contributed text never becomes markup: neither Markdown nor HTML nor TeX, and it stays on its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence


def as_written(text: str) -> str:
    """A contributed text on one line, with nothing in it that Markdown or HTML would take for its own."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>&~])", r"\\\1", " ".join(text.split()))


_BIBTEX = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "`": r"\textasciigrave{}",
    **{mark: "\\" + mark for mark in "&%$#_"},
}


def in_bibtex(text: str) -> str:
    """A text inside a BibTeX field's braces. BibTeX counts braces even behind a backslash, so they have names here."""
    return "".join(_BIBTEX.get(mark, mark) for mark in " ".join(text.split()))


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table. The cells are markup already."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def listed(items: Iterable[str], otherwise: str = "none") -> str:
    """A list, or one item that says that there is nothing."""
    return "\n".join(f"- {item}" for item in items) or f"- {otherwise}"
