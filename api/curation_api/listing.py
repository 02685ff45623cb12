"""Lists of examples as of the last closed epoch.

Rules that always hold:
- an example whose proposal is pending is in no list;
- where acts are pending that would change an example's status, the status is the one that the log gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Select, exists, or_, select

from curation.shown import sealed_histories
from curation.tables import examples, pending_leaves
from curation.writing import LoadedExamples
from curation_api.views import ExampleLine, ExamplePage, Status
from curation_schemas.example import Kind

STATUS_CHANGES = ("example:revised", "example:withdrawn", "round:closed")
"""Acts that change an example's status, or which of its revisions stands."""
_PROPOSALS = ("example:proposed", "topic:proposed")
_PROPOSED = exists().where(pending_leaves.c.example == examples.c.id, pending_leaves.c.type.in_(_PROPOSALS))
SEALED = ~_PROPOSED
"""That an example's proposal stands in the log. A proposal is pending or sealed, and what is pending is little."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which examples, after which id, and how many at most."""

    topic: str | None
    kind: Kind | None
    language: str | None
    status: Status | None
    after: str | None
    limit: int


def list_examples(loaded: LoadedExamples, wanted: Wanted) -> ExamplePage:
    """A page of examples.

    Rows are read until the page is full of lines that fit as the log has them: the length of a page, and where the next
    one begins, would otherwise tell which examples are changing right now.
    """
    lines: list[ExampleLine] = []
    after = wanted.after
    while len(lines) <= wanted.limit:
        rows = loaded.connection.execute(examples_query(wanted, after)).all()
        lines += _fitting(loaded, rows, wanted.status)
        if len(rows) <= wanted.limit:
            break
        after = rows[-1].id
    page = lines[: wanted.limit]
    return ExamplePage(examples=page, next=page[-1].id if len(lines) > wanted.limit else None)


def _fitting(loaded: LoadedExamples, rows: Sequence[Any], status_wanted: Status | None) -> list[ExampleLine]:
    sealed = sealed_histories(loaded, [row.id for row in rows if row.changing])
    lines = []
    for row in rows:
        status = cast("Status", sealed[row.id].status if row.changing else row.status)
        if status_wanted in (None, status):
            lines.append(
                ExampleLine(
                    id=row.id, group=row.group_id, topic=row.topic, kind=row.kind, language=row.language, status=status
                )
            )
    return lines


def examples_query(wanted: Wanted, after: str | None) -> Select[Any]:
    """Examples that may fit, one more than wanted, in the order of their ids; `changing`: see STATUS_CHANGES."""
    changing = exists().where(pending_leaves.c.example == examples.c.id, pending_leaves.c.type.in_(STATUS_CHANGES))
    query = select(examples, changing.label("changing")).where(SEALED)
    for name in ("topic", "kind", "language"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(examples.c[name] == value)
    if wanted.status is not None:
        query = query.where(or_(examples.c.status == wanted.status, changing))
    if after is not None:
        query = query.where(examples.c.id > after)
    return query.order_by(examples.c.id).limit(wanted.limit + 1)
