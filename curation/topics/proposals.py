"""The proposals about topics, as those who look after a dataset want to see them.

Rules that always hold:
- nothing here names a proposer or a reviewer, and no vote is told before its round has ended.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select

from curation.rulebook.adoption import outlined
from curation.tables import examples
from curation.writing import LoadedExamples


@dataclass(frozen=True, slots=True)
class ProposedTopic:
    """A proposal about a topic: its latest revision."""

    example: str
    topic: str
    status: str
    """As an example's; `adopted` once it is in force or will be."""
    changes: list[str]
    """The paths that it changes; none for a new topic."""
    empty_seats: dict[str, int]
    """Perspective → its seats that nobody has filled, while the round is open."""
    lacks: list[str]
    """The dataset's languages in which it lacks a text."""

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def list_proposals(loaded: LoadedExamples) -> list[ProposedTopic]:
    """Every proposal that was not withdrawn, by topic."""
    query = select(examples.c.id).where(examples.c.kind == "topic", examples.c.status != "withdrawn")
    terms = loaded.definitions.terms
    found = []
    for example in loaded.connection.execute(query.order_by(examples.c.topic, examples.c.id)).scalars().all():
        history = loaded.existing(example)
        event, stage = outlined(history.latest), history.latest.round
        if event is None:
            continue
        adopted = any(item.leaf in loaded.definitions.adopted for item in history.revisions)
        empty = {name: len(stage.empty_seats(name)) for name in stage.required} if stage.closed is None else {}
        found.append(
            ProposedTopic(
                example,
                event.topic,
                "adopted" if adopted else history.status,
                list(event.outline.changes),
                {name: count for name, count in empty.items() if count},
                sorted(set(terms.languages if terms else ()) - set(event.outline.languages)),
            )
        )
    return found
