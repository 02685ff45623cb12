"""Lists of examples as of the last closed epoch.

Rules that always hold:
- an example whose proposal is pending is in no list;
- where acts are pending that would change an example's status, the status is the one that the log gives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Select, exists, or_, select

from curation.tables import examples, log_leaves, pending_leaves
from curation.writing import LoadedExamples
from curation_api.public import sealed_histories
from curation_api.views import ExampleLine, ExamplePage, Status
from curation_schemas.example import Kind

_STATUS_CHANGES = ("example:revised", "example:withdrawn", "round:closed")


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
    """A page of examples."""
    rows = loaded.connection.execute(_query(wanted)).all()
    page = rows[: wanted.limit]
    sealed = sealed_histories(loaded, [row.id for row in page if row.changing])
    lines = []
    for row in page:
        status = cast("Status", sealed[row.id].status if row.changing else row.status)
        if wanted.status in (None, status):
            line = ExampleLine(
                id=row.id, group=row.group_id, topic=row.topic, kind=row.kind, language=row.language, status=status
            )
            lines.append(line)
    return ExamplePage(examples=lines, next=page[-1].id if len(rows) > wanted.limit else None)


def _query(wanted: Wanted) -> Select[Any]:
    sealed = exists().where(log_leaves.c.example == examples.c.id, log_leaves.c.type == "example:proposed")
    changing = exists().where(pending_leaves.c.example == examples.c.id, pending_leaves.c.type.in_(_STATUS_CHANGES))
    query = select(examples, changing.label("changing")).where(sealed)
    for name in ("topic", "kind", "language"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(examples.c[name] == value)
    if wanted.status is not None:
        query = query.where(or_(examples.c.status == wanted.status, changing))
    if wanted.after is not None:
        query = query.where(examples.c.id > wanted.after)
    return query.order_by(examples.c.id).limit(wanted.limit + 1)
