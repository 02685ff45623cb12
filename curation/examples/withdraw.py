"""Withdraw an own example.

Rules that always hold:
- it leaves the next release and every later one; the log keeps that it was there;
- what is kept of the pages that it cites goes; another example that cites one keeps a record of its own;
- every round that is open, an appeal of what stands too, ends without outcome.
"""

from __future__ import annotations

from dataclasses import dataclass

from curation.copies.known import forget_texts
from curation.evidence.forget import cited_by, forget_records
from curation.log.attestation import Signer
from curation.near import forget_prompts
from curation.people.accounts import Actor
from curation.reviews.ending import end_stage
from curation.search.index import forget_words
from curation.writing import Recorded, Writing
from curation_schemas.events import ExampleWithdrawn
from curation_schemas.review import WithdrawalReason


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdraw:
    """Take back an own example, with a reason code."""

    example_id: str
    reason: WithdrawalReason


def withdraw_example(writing: Writing, actor: Actor, command: Withdraw, signer: Signer | None = None) -> Recorded:
    """Take in a withdrawal. Raises Refused, NotFound."""
    writing.admit(actor, "contributor")
    history = writing.existing(command.example_id)
    recorded = writing.record(
        ExampleWithdrawn,
        signer=signer,
        topic=history.first.topic,
        pseudonym=writing.pseudonym(actor, history.first.topic),
        example=command.example_id,
        revision=history.latest.leaf,
        reason=command.reason,
    )
    forget_prompts(writing, example=command.example_id)
    forget_texts(writing.connection, example=command.example_id)
    forget_words(writing.connection, example=command.example_id)
    forget_records(writing, cited_by(history))
    for revision in history.revisions:
        if revision.round.closed is None:
            end_stage(writing, history, revision.round, "withdrawn", by=recorded.leaf)
    return recorded
