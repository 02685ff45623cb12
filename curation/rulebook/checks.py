"""Checks of sources: how a quote stood in a kept copy of the page, as the server found it.

Rules that always hold (pure; used alike by commands and verification):
- a check names a source that this example cites, and the act that cites it;
- each check of a source names the one before, so that all agree on which counts: the last;
- what it says of the page can be repeated by whoever has the page; the log proves only that it was said, and when.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from curation.errors import Refused
from curation_schemas.events import SourceChecked


class Check(NamedTuple):
    """A check and its leaf."""

    leaf: str
    event: SourceChecked


def check_checked(event: SourceChecked, topic: str, cited: Collection[str], earlier: list[Check]) -> None:
    """Raise Refused unless a source is cited there, and the check follows the one before.

    Args:
        event: the check.
        topic: the example's topic.
        cited: the commitments of the sources that the act cites; empty where it is no act of this example.
        earlier: the checks of this source so far.
    """
    if event.topic != topic or event.source not in cited:
        message = f"the act {event.act[:12]}… of this example cites no source {event.source[:12]}…"
        raise Refused("check/cited", message)
    if event.supersedes != (earlier[-1].leaf if earlier else None):
        raise Refused("check/latest", "the check does not name the source's latest check")
