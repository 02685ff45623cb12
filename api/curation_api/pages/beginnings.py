"""How examples begin: what people recognise them by in a list, where an id tells nothing.

Rules that always hold:
- a list for everybody shows of an example what its page shows to everybody, and no more;
- what is longer is cut between words, and says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select, union_all

from curation.opened import opened_of
from curation.tables import log_leaves, pending_leaves, revisions
from curation.writing import LoadedExamples
from curation_api.exporting import views_of
from curation_api.texts import text_of
from curation_api.views import ContentView, ExampleView
from curation_schemas.events import EVENT, RevisionBrought

_MOST = 120
"""Characters. Of scripts without blanks half as many, which are as wide."""


def beginning_of(content: ContentView) -> str | None:
    """The first words: of a question, or of why a topic is proposed. None where they were erased."""
    asked = (content.messages or content.prompt or [None])[0]
    text = asked.content if asked is not None else content.reason
    return cut_short(text) if text else None


def cut_short(text: str) -> str:
    """A text in one line, as much of it as a list has room for."""
    line = " ".join(text.split())
    if len(line) <= _MOST and " " in line:
        return line
    short = line[:_MOST]
    head, blank, _ = short.rpartition(" ")
    if not blank or len(head) < _MOST // 2:
        head = line[: _MOST // 2]
    return line if len(line) <= len(head) else f"{head}…"


def public_beginnings(loaded: LoadedExamples, ids: Sequence[str]) -> dict[str, str]:
    """Example → how it begins, as everybody may know; those of which nobody may are left out."""
    return beginnings_in(views_of(loaded, ids).values())


def beginnings_in(views: Iterable[ExampleView]) -> dict[str, str]:
    """The same for examples that were read already: of the latest revision whose text is shown."""
    found = {}
    for view in views:
        shown = [revision.text for revision in view.revisions if revision.text is not None]
        if shown and (text := beginning_of(shown[-1].content)) is not None:
            found[view.id] = text
    return found


def own_beginnings(loaded: LoadedExamples, proposed: Sequence[str], judged: Mapping[str, str]) -> dict[str, str]:
    """Example → how it begins, for who wrote or judged it, as of now.

    Args:
        loaded: what is read.
        proposed: own examples, of which the latest revision is told.
        judged: example → the revision that the reader judged, which is told, and no later one.
    """
    query = select(revisions.c.example, revisions.c.id).where(revisions.c.example.in_(proposed))
    told = {row.example: row.id for row in loaded.connection.execute(query.order_by(revisions.c.number))} | dict(judged)
    wanted = list(told.values())
    leaves = [
        select(table.c.hash, table.c.leaf).where(table.c.hash.in_(wanted)) for table in (log_leaves, pending_leaves)
    ]
    events = {row.hash: EVENT.validate_json(row.leaf) for row in loaded.connection.execute(union_all(*leaves))}
    values = opened_of(loaded.connection, wanted)
    found = {}
    for example, leaf in told.items():
        event = events.get(leaf)
        if isinstance(event, RevisionBrought):
            text = beginning_of(text_of(values, event).content)
            if text is not None:
                found[example] = text
    return found
