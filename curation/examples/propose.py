"""Propose an example, or something about a topic, and revise it.

Rules that always hold:
- each message, each source and the origin is an erasable unit behind a commitment of its own;
- a proposal opens the example's first round at once; a revision ends the round that is open and opens the next;
- what the checks on one example block is refused (intake.py);
- a new group is opened unless one is named; translations and mirrors share their original's group, and so its split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from curation.copies.find import remember_text
from curation.errors import InvalidInput, Refused
from curation.examples.intake import check_intake, check_topic_intake
from curation.identifiers import new_example_id, new_group_id, new_pseudonym
from curation.log.attestation import Signer
from curation.log.leaf import Opening
from curation.near import keep_apart
from curation.people.accounts import Actor, bind_organisation, organisations_of
from curation.reviews.ending import end_stage, start_clock
from curation.rulebook.commons import touched_positions
from curation.rulebook.links import check_links
from curation.tables import examples, proposer_organisations
from curation.writing import Recorded, Writing
from curation_schemas.commons import PROPOSAL, AnyProposal, TopicProposal, outline_of
from curation_schemas.events import ExampleProposed, ExampleRevised, RevisionBrought, TopicProposed, TopicRevised
from curation_schemas.example import CONTENT_FIELDS, Written
from curation_schemas.parsing import SchemaInvalid, load_yaml, validate


@dataclass(frozen=True, kw_only=True, slots=True)
class Propose:
    """A new example. `annotation`: the commitment to the annotation that it came from in Label Studio."""

    example: AnyProposal
    annotation: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Revise:
    """A new revision of an own example."""

    example_id: str
    example: AnyProposal


def read_example(value: object, where: str = "example") -> AnyProposal:
    """Read an example from plain data. Raises InvalidInput naming every field that is wrong."""
    try:
        return validate(PROPOSAL, value)
    except SchemaInvalid as error:
        raise InvalidInput(str(error), where=where) from None


def read_proposal(path: Path) -> TopicProposal:
    """Read a proposal about a topic from YAML or JSON. Raises InvalidInput."""
    try:
        return validate(TopicProposal, load_yaml(path.read_text("utf-8")))
    except SchemaInvalid as error:
        raise InvalidInput(str(error), where=str(path)) from None
    except (OSError, UnicodeDecodeError):
        raise InvalidInput("cannot be read as UTF-8 text", where=str(path)) from None


def propose_example(writing: Writing, actor: Actor, command: Propose, signer: Signer | None = None) -> Recorded:
    """Take in a new example and open its first round. Raises Refused, NotFound."""
    writing.admit(actor, "contributor")
    example = command.example
    if isinstance(example, TopicProposal):
        writing.lock_topic(example.topic)
        writing.check_topic_free(example.topic)
    if example.group:
        writing.lock_group(example.group)
    own = new_example_id(writing.token_bytes)
    recorded = _record(writing, actor, example, own, example.group, signer, command.annotation)
    event = recorded.event
    if example.group or (isinstance(event, RevisionBrought) and (event.mirrors or event.translation_of)):
        _check_links(writing, recorded)
    return recorded


def propose_mirrored(writing: Writing, actor: Actor, examples: Sequence[Written]) -> list[Recorded]:
    """Take in examples that mirror each other, in a group of their own, each naming all others. Raises Refused."""
    writing.admit(actor, "contributor")
    ids = [new_example_id(writing.token_bytes) for _ in examples]
    group = new_group_id(writing.token_bytes)
    recorded = []
    for own, example in zip(ids, examples, strict=True):
        linked = example.model_copy(update={"mirrors": [item for item in ids if item != own]})
        recorded.append(_record(writing, actor, linked, own, group, None))
    for item in recorded:
        _check_links(writing, item)
    return recorded


def propose_unattributed(writing: Writing, example: Written, own: str) -> Recorded:
    """Take in an example under a pseudonym that nobody holds: for planted controls only. Raises Refused."""
    recorded = _record(writing, None, example, own, example.group, None)
    if example.group or example.mirrors or example.translation_of:
        _check_links(writing, recorded)
    return recorded


def _record(
    writing: Writing,
    actor: Actor | None,
    example: AnyProposal,
    own: str,
    group: str | None,
    signer: Signer | None,
    annotation: str | None = None,
) -> Recorded:
    """Record a proposal and open its first round."""
    if isinstance(example, TopicProposal):
        check_topic_intake(writing, example)
    else:
        check_intake(writing, example)
    openings: list[Opening] = []
    fields = _fields(writing, actor, example, openings)
    fields["example"] = own
    fields["group"] = group or _group_of_links(writing, fields)
    if annotation is not None:
        fields["annotation"] = annotation
    proposed = TopicProposed if isinstance(example, TopicProposal) else ExampleProposed
    recorded = writing.record(proposed, openings=openings, signer=signer, **fields)
    if isinstance(recorded.event, ExampleProposed) and not isinstance(example, TopicProposal):
        keep_apart(writing, example, recorded.event)
        remember_text(writing, example, recorded.event, recorded.leaf)
    start_clock(writing, recorded.leaf, 1, fields["example"])
    organisations = organisations_of(writing.connection, actor.account) if actor else []
    if organisations:
        bound = [bind_organisation(writing.vault, fields["example"], item) for item in organisations]
        rows = [{"example": fields["example"], "organisation": item} for item in bound]
        writing.connection.execute(insert(proposer_organisations), rows)
    return recorded


def revise_example(writing: Writing, actor: Actor, command: Revise, signer: Signer | None = None) -> Recorded:
    """Take in a new revision; the open round, if there is one, ends without outcome. Raises Refused, NotFound."""
    writing.admit(actor, "contributor")
    if isinstance(command.example, TopicProposal):
        writing.lock_topic(command.example.topic)
    history = writing.existing(command.example_id)
    replaced = history.latest
    if isinstance(command.example, TopicProposal):
        check_topic_intake(writing, command.example)
    else:
        check_intake(writing, command.example, own=command.example_id)
    openings: list[Opening] = []
    fields = _fields(writing, actor, command.example, openings)
    group = command.example.group or history.first.group
    fields |= {"example": command.example_id, "group": group, "previous": replaced.leaf}
    revised = TopicRevised if isinstance(command.example, TopicProposal) else ExampleRevised
    if (revised is TopicRevised) != (history.first.kind == "topic"):
        raise Refused("revise/same-example", "a revision cannot change kind", hint="Propose a new one.")
    if revised is TopicRevised:
        writing.check_topic_free(history.first.topic, but=command.example_id)
    recorded = writing.record(revised, openings=openings, signer=signer, **fields)
    _check_links(writing, recorded)
    if isinstance(recorded.event, ExampleRevised) and not isinstance(command.example, TopicProposal):
        keep_apart(writing, command.example, recorded.event)
        remember_text(writing, command.example, recorded.event, recorded.leaf)
    if replaced.round.closed is None:
        end_stage(writing, history, replaced.round, "revised", by=recorded.leaf)
    start_clock(writing, recorded.leaf, 1, command.example_id)
    return recorded


def _fields(writing: Writing, actor: Actor | None, example: AnyProposal, openings: list[Opening]) -> dict[str, Any]:
    if isinstance(example, TopicProposal):
        own = _fields_of_topic(writing, example, openings)
    else:
        own = {
            "definition": writing.frame_now(example.topic).leaf,
            "positions": example.positions,
            "framing": example.framing,
            "claims": example.claims,
            "mirrors": example.mirrors,
            "translation_of": example.translation_of,
            "use": getattr(example, "use", None),
            "content": _commit_content(writing, example, openings),
        }
    return own | {
        "topic": example.topic,
        "pseudonym": writing.pseudonym(actor, example.topic) if actor else new_pseudonym(writing.token_bytes),
        "kind": example.kind,
        "language": example.language,
        "license": example.license,
        "origin_kind": example.origin.kind,
        "origin": None if example.origin.kind == "human" else _commit(writing, openings, "origin", example.origin),
        "sources": [_commit(writing, openings, "source", source) for source in example.sources],
        "policy": writing.definitions.policy_at(writing.epoch).leaf,
    }


def _fields_of_topic(writing: Writing, example: TopicProposal, openings: list[Opening]) -> dict[str, Any]:
    """What a proposal about a topic says of it in the leaf: whom it concerns, never what it says."""
    base = writing.definitions.topic_at(example.topic, writing.epoch)
    outline = outline_of(base.content if base else None, example.proposal)
    return {
        "definition": base.leaf if base else writing.definitions.founding,
        "positions": list(touched_positions(base.content if base else None, outline)),
        "framing": "neutral",
        "claims": ["interpretation"],
        "outline": outline,
        "content": {
            "proposal": [_commit(writing, openings, "topic", example.proposal)],
            "reason": [writing.opening(openings, "message", {"content": example.reason})],
        },
    }


def _commit(writing: Writing, openings: list[Opening], unit: str, value: Any) -> str:
    return writing.opening(openings, unit, value.model_dump(exclude_none=True))


def _commit_content(writing: Writing, example: Written, openings: list[Opening]) -> dict[str, list[str]]:
    content = {}
    for name in CONTENT_FIELDS[example.kind]:
        value = getattr(example, name)
        if isinstance(value, str):
            content[name] = [writing.opening(openings, "message", {"content": value})]
        else:
            content[name] = [_commit(writing, openings, "message", item) for item in value]
    return content


def _group_of_links(writing: Writing, fields: dict[str, Any]) -> str:
    """The group of what the example mirrors or translates; a new one where it does neither."""
    for linked in [*fields.get("mirrors", ()), fields.get("translation_of")]:
        if linked is None:
            continue
        found = writing.glance(linked)
        if found.revisions:
            return found.first.group
    return new_group_id(writing.token_bytes)


def _check_links(writing: Writing, recorded: Recorded) -> None:
    event = recorded.event
    if not isinstance(event, RevisionBrought):
        raise TypeError(f"{event.type} brings no revision")

    def example_of(example: str) -> RevisionBrought | None:
        history = writing.glance(example)
        return history.first if history.revisions else None

    writing.flush()

    def topic_of_group(group: str) -> str | None:
        others = select(examples.c.topic).where(examples.c.group_id == group, examples.c.id != event.example)
        query = others.limit(1)
        return writing.connection.execute(query).scalar()

    check_links(event, example_of, topic_of_group)
