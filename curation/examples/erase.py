"""Erase text: destroy the openings behind commitments.

Rules that always hold:
- what is kept of a cited page goes with the source's opening, and so do the openings of its checks; what is known of a
  text to find its copies goes with the text;
- the leaf stays, so the audit still holds; salt and body are overwritten, so no guess can be confirmed any more;
- the author of a text may have it erased, and a maintainer on the grounds of personal data and law;
- verdicts, reason codes and scores stand in the leaf and are never erased.
"""

from __future__ import annotations

from sqlalchemy import delete, insert, select

from curation.copies.known import forget_texts
from curation.errors import InvalidInput, NotAllowed, NotFound
from curation.evidence.forget import forget_records
from curation.near import forget_prompts
from curation.people.accounts import Actor
from curation.rulebook.history import History
from curation.search.index import forget_words
from curation.tables import erasures, log_leaves, openings, pending_leaves
from curation.writing import Recorded, Writing
from curation_schemas.base import Wire
from curation_schemas.events import (
    EVENT,
    ExampleProposed,
    ExampleRevised,
    FlagRaised,
    OpeningErased,
    ReviewSubmitted,
    RevisionBrought,
    RoundAppealed,
    TopicProposed,
    TopicRevised,
)
from curation_schemas.parsing import SchemaInvalid, validate
from curation_schemas.review import ErasureGround
from curation_schemas.text import Hash

Holder = ExampleProposed | ExampleRevised | TopicProposed | TopicRevised | ReviewSubmitted | RoundAppealed | FlagRaised
"""The acts that hold erasable text."""
_HOLDERS = (ExampleProposed, ExampleRevised, TopicProposed, TopicRevised, ReviewSubmitted, RoundAppealed, FlagRaised)


class Erase(Wire):
    """Erase openings of one act: all of them, or those named."""

    act: Hash
    ground: ErasureGround
    commitments: list[Hash] = []


def read_erase(value: object) -> Erase:
    """Read what is to be erased from plain data. Raises InvalidInput naming the field."""
    try:
        return validate(Erase, value)
    except SchemaInvalid as error:
        raise InvalidInput(str(error), where="erase") from None


def erase_openings(writing: Writing, actor: Actor, command: Erase) -> Recorded:
    """Destroy openings and record that it was done. Raises NotFound, NotAllowed, Refused."""
    writing.flush()
    writing.admit(actor)
    event = _act(writing, command.act)
    writing.existing(event.example)  # so that nobody else erases the same text meanwhile
    if event.pseudonym != writing.vault.pseudonym(actor.account, f"topic:{event.topic}"):
        actor.require("maintainer")
        if command.ground == "author_request":
            raise NotAllowed("only the author can ask for this on the ground of author_request", where="ground")
    query = select(openings.c.commitment).where(openings.c.act == command.act)
    held = sorted(writing.connection.execute(query).scalars())
    chosen = sorted(set(command.commitments)) or held
    if not held or not chosen:
        raise NotFound("this act has no text left to erase", where="act")
    already = writing.existing(event.example).erased
    gone = [item for item in chosen if item not in already]
    if not gone:
        raise NotFound("these texts were erased already", where="commitments")
    recorded = _erase(writing, event.example, command.act, gone, command.ground)
    for leaf, page in _pages_of(writing.existing(event.example), gone):
        _erase(writing, event.example, leaf, [page], command.ground)
    forget_prompts(writing, commitments=gone)
    if isinstance(event, RevisionBrought) and any(item in gone for items in event.content.values() for item in items):
        forget_texts(writing.connection, revision=command.act)
        forget_words(writing.connection, revision=command.act)
    forget_records(writing, gone)
    writing.leaves_traces = True
    return recorded


def _erase(writing: Writing, example: str, act: str, gone: list[str], ground: ErasureGround) -> Recorded:
    recorded = writing.record(OpeningErased, example=example, act=act, commitments=gone, ground=ground)
    writing.connection.execute(insert(erasures), [{"commitment": item, "act": act} for item in gone])
    writing.connection.execute(delete(openings).where(openings.c.commitment.in_(gone)))
    return recorded


def _pages_of(history: History, gone: list[str]) -> list[tuple[str, str]]:
    """(leaf, commitment) of the digests that checks of these sources hold: they go with their source."""
    checks = [check for source in gone for check in history.checks.get(source, ())]
    return [
        (check.leaf, check.event.page)
        for check in checks
        if check.event.page is not None and check.event.page not in history.erased
    ]


def _act(writing: Writing, leaf: str) -> Holder:
    for table in (log_leaves, pending_leaves):
        found = writing.connection.execute(select(table.c.leaf).where(table.c.hash == leaf)).scalar()
        if found is not None:
            event = EVENT.validate_json(found)
            if isinstance(event, _HOLDERS):
                return event
    raise NotFound(f"there is no act {leaf[:12]}…", where="act")
