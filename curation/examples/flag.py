"""Flag a revision, and uphold a flag.

Rules that always hold:
- a flag holds publication, never acceptance; it needs evidence and a closed ground;
- it lapses after the policy's days unless two uninvolved people of different perspectives uphold it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, insert, select

from curation.errors import NotFound, Refused
from curation.log.attestation import Signer
from curation.log.leaf import Opening
from curation.people.accounts import Actor
from curation.rulebook.history import History
from curation.tables import flag_clocks, flags
from curation.writing import Recorded, Writing
from curation_schemas.events import FlagRaised, FlagUpheld
from curation_schemas.review import FlagForm

MAX_OPEN_FLAGS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Flag:
    """A flag of one revision. `annotation`: the commitment to the annotation that it came from in Label Studio."""

    form: FlagForm
    annotation: str | None = None


def raise_flag(writing: Writing, actor: Actor, command: Flag, signer: Signer | None = None) -> Recorded:
    """Take in a flag. Raises Refused, NotFound."""
    writing.admit(actor, "contributor")
    form = command.form
    history = writing.existing(form.example)
    pseudonym = writing.pseudonym(actor, history.first.topic)
    _check_limit(writing, history.first.topic, pseudonym)
    openings: list[Opening] = []
    recorded = writing.record(
        FlagRaised,
        openings=openings,
        signer=signer,
        topic=history.first.topic,
        pseudonym=pseudonym,
        example=form.example,
        revision=form.revision,
        ground=form.ground,
        evidence=writing.opening(openings, "evidence", {"text": form.evidence}),
        review=_own_review(history, form.revision, pseudonym),
        after=next((flag.lapse for flag in reversed(history.flags_on(form.revision, form.ground))), None),
        annotation=command.annotation,
    )
    row = {"flag": recorded.leaf, "example": form.example, "raised_at": writing.today}
    writing.connection.execute(insert(flag_clocks), row)
    return recorded


def _check_limit(writing: Writing, topic: str, pseudonym: str) -> None:
    writing.flush()
    raised = select(func.count()).where(flags.c.topic == topic, flags.c.raiser == pseudonym, flags.c.status == "raised")
    if (writing.connection.execute(raised).scalar() or 0) >= MAX_OPEN_FLAGS:
        raise Refused(
            "flag/limit",
            f"you have {MAX_OPEN_FLAGS} flags on this topic that nobody upheld yet",
            hint="Wait until they were upheld or lapsed.",
        )


def _own_review(history: History, revision: str, pseudonym: str) -> str | None:
    for item in history.revisions:
        if item.leaf == revision:
            for stage in reversed(item.stages):
                if (found := stage.cast_by(pseudonym)) is not None:
                    return found[1].leaf
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Uphold:
    """Uphold a flag, as an uninvolved person."""

    flag: str


def uphold_flag(writing: Writing, actor: Actor, command: Uphold, signer: Signer | None = None) -> Recorded:
    """Take in that somebody upholds a flag. Raises Refused, NotFound."""
    writing.admit(actor, "contributor")
    writing.flush()
    query = select(flags.c.example).where(flags.c.id == command.flag)
    example = writing.connection.execute(query).scalar()
    if example is None:
        raise NotFound(f"there is no flag {command.flag!r}", where="flag")
    history = writing.existing(example)
    pseudonym = writing.pseudonym(actor, history.first.topic)
    declaration = writing.latest_declaration(pseudonym)
    if declaration is None or declaration.perspective is None:
        raise Refused("review/declared", "declare a perspective on this topic first")
    return writing.record(
        FlagUpheld,
        signer=signer,
        topic=history.first.topic,
        pseudonym=pseudonym,
        example=example,
        flag=command.flag,
        perspective=declaration.perspective,
        declaration=declaration.leaf,
    )
