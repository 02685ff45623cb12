"""What commands print.

Rules that always hold:
- plain text that reads well in a pipe; JSON is printed as one document;
- no colour or progress bar unless a person sits at a terminal.
"""

from __future__ import annotations

import json
import sys
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import typer

Item = TypeVar("Item")


def print_json(value: Any) -> None:
    """One JSON document."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(headings: list[str], rows: list[list[str]]) -> None:
    """Columns aligned with spaces."""
    widths = [max(len(row[place]) for row in [headings, *rows]) for place in range(len(headings))]
    for row in [headings, *rows]:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo(line.rstrip())


def shown(text: str) -> str:
    """Foreign text with every control and invisible character made visible, so that it cannot drive a terminal."""
    return "".join(
        character if character in "\n\t" or unicodedata.category(character)[0] != "C" else f"\\u{ord(character):04x}"
        for character in text
    )


def wrapped(text: str, indent: str = "", width: int = 100) -> str:
    """Text broken into lines, paragraphs kept. Foreign text is made safe for a terminal."""
    parts = [
        textwrap.fill(part, width, initial_indent=indent, subsequent_indent=indent)
        for part in shown(text).split("\n")
        if part
    ]
    return "\n".join(parts)


@contextmanager
def working(title: str) -> Iterator[None]:
    """A sign of life at a terminal while one long step runs."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(title):
        yield


@contextmanager
def at_work(title: str) -> Iterator[None]:
    """The same without a thread, for a step that forks processes of its own."""
    if not sys.stderr.isatty():
        yield
        return
    sys.stderr.write(f"{title} …")
    sys.stderr.flush()
    try:
        yield
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def progress(items: Iterable[Item], title: str, total: int) -> Iterator[Item]:
    """The items, with a progress bar at a terminal."""
    if not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items, title, total=total, console=Console(stderr=True), transient=True)
