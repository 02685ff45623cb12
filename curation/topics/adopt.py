"""Adopt what was accepted about topics, at the end of an epoch.

Rules that always hold:
- nobody decides it: what is due (rulebook/adoption.py) is adopted, nothing else is;
- the words of the proposal become part of the log for ever, with the salt that shows that they are those judged.
"""

from __future__ import annotations

from sqlalchemy import select

from curation.errors import HomeUnusable
from curation.log.leaf import Opening
from curation.rulebook.adoption import closing_of, due_adoptions
from curation.tables import examples, openings
from curation.writing import Recorded, Writing
from curation_schemas.definition import Topic
from curation_schemas.events import TopicDefined
from curation_schemas.parsing import validate


def adopt_accepted(writing: Writing) -> list[Recorded]:
    """Define every topic whose accepted proposal is due."""
    writing.flush()
    accepted = select(examples.c.id).where(examples.c.kind == "topic", examples.c.standing.is_not(None))
    histories = [writing.existing(example) for example in sorted(writing.connection.execute(accepted).scalars())]
    adopted = []
    for topic, revision in sorted(due_adoptions(histories, writing.definitions, writing.epoch).items()):
        (commitment,) = revision.event.content["proposal"]
        row = writing.connection.execute(select(openings).where(openings.c.commitment == commitment)).first()
        if row is None:
            message = f"the opening of the accepted proposal about {topic} is gone"
            raise HomeUnusable(message, hint="Run `evenhand doctor`.")
        opening = Opening(row.unit, row.salt, row.body)
        adopted.append(
            writing.record(
                TopicDefined,
                founding=writing.definitions.founding,
                topic=validate(Topic, opening.value()),
                supersedes=writing.definitions.latest_topic(topic),
                proposal=revision.event.example,
                adopts=revision.leaf,
                closing=closing_of(revision),
                salt=opening.salt.hex(),
            )
        )
    return adopted
