"""A dataset's guidelines as the HTML that Label Studio shows before the first task.

Rules that always hold (pure):
- what they say is text: everything in them is escaped before the first tag is written;
- of Markdown, headings, lists, paragraphs and strong words are told; the rest stays as it was typed. Label Studio drops
  styles, bullets and the space between paragraphs, so nothing rests on them: a line in `<pre>` would be cut off.
"""

from __future__ import annotations

import html
import itertools
import re

_STRONG = re.compile(r"\*\*(.+?)\*\*")
_EMPHASIS = re.compile(r"(?<![*\w])\*([^*\s][^*]*)\*(?![*\w])")
_HEADING = re.compile(r"#{1,4}\s")
_ITEM = re.compile(r"[-*]\s")


def guidelines_html(text: str) -> str:
    """The HTML for guidelines in Markdown; nothing for nothing."""
    return "<br>".join(_block(block.split("\n")) for block in re.split(r"\n\s*\n", text.strip()) if block.strip())


def _block(lines: list[str]) -> str:
    """A run of lines without an empty one between them."""
    return "".join(_run(kind, list(run)) for kind, run in itertools.groupby(_joined(lines), key=_kind_of))


def _joined(lines: list[str]) -> list[str]:
    """Each item with the indented lines that go on with it."""
    found: list[str] = []
    for line in lines:
        if found and line.startswith(("  ", "\t")) and _kind_of(found[-1]) == "item":
            found[-1] += f" {line.strip()}"
        else:
            found.append(line.rstrip())
    return found


def _kind_of(line: str) -> str:
    return "heading" if _HEADING.match(line) else "item" if _ITEM.match(line) else "text"


def _run(kind: str, lines: list[str]) -> str:
    if kind == "heading":
        return "".join(f"<h3>{_inline(line.lstrip('#'))}</h3>" for line in lines)
    if kind == "item":
        return "".join(f"<p>• {_inline(line[1:])}</p>" for line in lines)
    return f"<p>{_inline(' '.join(line.strip() for line in lines))}</p>"


def _inline(text: str) -> str:
    return _EMPHASIS.sub(r"<em>\1</em>", _STRONG.sub(r"<strong>\1</strong>", html.escape(text.strip())))
