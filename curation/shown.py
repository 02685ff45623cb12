"""What of an example's text everybody may read now.

Rules that always hold:
- the public sees an example as of the last closed epoch;
- text is shown once its round has ended, never while a flag holds it and never after a withdrawal; a withdrawal for
  safety and a flag for personal data or law hide it at once, others when their epoch is closed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from sqlalchemy import select

from curation.rulebook import acts
from curation.rulebook.history import History, Revision
from curation.tables import log_leaves
from curation.writing import LoadedExamples
from curation_schemas.events import EVENT

Withheld = Literal["withdrawn", "round_open", "flagged"]
"""Why a text is not shown."""
PROTECTING = frozenset({"safety", "personal_data", "law"})
"""Reasons of a withdrawal and grounds of a flag that hide a text at once."""


def sealed_history(loaded: LoadedExamples, example: str) -> History:
    """The example's history as the log has it, without what is pending; empty when its proposal is pending."""
    return sealed_histories(loaded, [example])[example]


def sealed_histories(loaded: LoadedExamples, examples: Sequence[str], size: int | None = None) -> dict[str, History]:
    """The same for many examples, in one query; with `size`, as of so many leaves of the log."""
    found = {example: History(example) for example in examples}
    query = select(log_leaves.c.leaf, log_leaves.c.hash, log_leaves.c.epoch, log_leaves.c.example)
    if size is not None:
        query = query.where(log_leaves.c.idx < size)
    for row in loaded.connection.execute(query.where(log_leaves.c.example.in_(examples)).order_by(log_leaves.c.idx)):
        event = EVENT.validate_json(row.leaf)
        acts.apply(found[row.example], event, row.hash, row.epoch, loaded)  # type: ignore[arg-type]  # its events only
    return found


def why_withheld(sealed: History, now: History, revision: Revision) -> Withheld | None:
    """Why a revision's text is not shown to everybody, or None when it is.

    Args:
        sealed: the example as the log has it.
        now: the example as it is now.
        revision: a revision of the state that is shown.
    """
    states = (sealed, True), (now, False)
    if any(item.withdrawal is not None and _told(item.withdrawal.reason, sealed=known) for item, known in states):
        return "withdrawn"
    if revision.stages[0].closed is None:
        return "round_open"
    flags = [(flag, known) for item, known in states for flag in item.flags.values() if not flag.lapsed]
    held = any(flag.event.revision == revision.leaf and _told(flag.event.ground, sealed=known) for flag, known in flags)
    return "flagged" if held else None


def _told(reason: str, *, sealed: bool) -> bool:
    """What protects somebody hides the text at once; anything else waits for the epoch, as its time is an act's."""
    return sealed or reason in PROTECTING


def is_shown(loaded: LoadedExamples, example: str, revision: str) -> bool:
    """Whether everybody may read this revision's text."""
    sealed = sealed_history(loaded, example)
    found = next((item for item in sealed.revisions if item.leaf == revision), None)
    return found is not None and why_withheld(sealed, loaded.glance(example), found) is None
