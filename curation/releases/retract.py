"""Retract an example, or yank a release: one maintainer drafts it with a reason, another agrees.

Rules that always hold:
- nothing happens before the second maintainer agrees; then it is an event with both, and with the reason, for ever;
- a retracted example is in no later release, and a tombstone says why; its votes stay in the log;
- a yanked release stays as it is and can still be had; whoever verifies it is told.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select

from curation.errors import InvalidInput, NotFound, Refused
from curation.identifiers import new_account_id
from curation.people.accounts import Actor
from curation.people.vault import DATASET_SCOPE
from curation.rulebook.placement import placement
from curation.tables import drafted_acts, releases
from curation.writing import Recorded, Writing
from curation.yanked import yanked_releases
from curation_schemas.base import Wire
from curation_schemas.events import ExampleRetracted, ReleaseYanked
from curation_schemas.parsing import SchemaInvalid, validate
from curation_schemas.text import Paragraph


class _Reason(Wire):
    reason: Paragraph


@dataclass(frozen=True, kw_only=True, slots=True)
class RetractExample:
    """Take an example out of every later release."""

    example: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class YankRelease:
    """Warn of a release."""

    version: str
    reason: str


def draft_retraction(writing: Writing, actor: Actor, command: RetractExample) -> str:
    """Draft a retraction. Returns the draft's id. Raises NotAllowed, NotFound, InvalidInput, Refused."""
    writing.admit(actor, "maintainer")
    _check_reason(command.reason)
    history = writing.existing(command.example)
    if history.first.kind == "topic" or history.retracted is not None or history.withdrawn is not None:
        raise Refused(
            "release/retracted",
            f"example {command.example} is {history.status if history.retracted is None else 'retracted already'}",
            hint="Only examples that could be in a release are retracted.",
        )
    fields = {"topic": history.first.topic, "example": command.example, "revision": placement(history).revision}
    return _draft(writing, actor, "example:retracted", {**fields, "reason": command.reason})


def draft_yank(writing: Writing, actor: Actor, command: YankRelease) -> str:
    """Draft a yank. Returns the draft's id. Raises NotAllowed, NotFound, InvalidInput, Refused."""
    writing.admit(actor, "maintainer")
    _check_reason(command.reason)
    query = select(releases.c.leaf).where(releases.c.version == command.version)
    leaf = writing.connection.execute(query).scalar()
    if leaf is None:
        raise NotFound(f"there is no release {command.version!r}", hint="List them with `evenhand release list`.")
    if command.version in yanked_releases(writing.connection):
        raise Refused("release/yanked", f"release {command.version} is yanked already")
    fields = {"version": command.version, "release": leaf, "reason": command.reason}
    return _draft(writing, actor, "release:yanked", fields)


def agree_act(writing: Writing, actor: Actor, draft: str) -> Recorded:
    """Agree to a draft as the second maintainer: it is recorded. Raises NotAllowed, NotFound, Refused."""
    actor.require("maintainer")
    query = select(drafted_acts).where(drafted_acts.c.id == draft)
    row = writing.connection.execute(query).first()
    if row is not None:
        # Both people's acts wait for this one; and where a third person agrees just now, the draft is gone after that.
        writing.lock_accounts([row.account, actor.account])
        row = writing.connection.execute(query).first()
    if row is None:
        hint = "Its id was printed when it was drafted; once agreed to, a draft is gone."
        raise NotFound(f"there is no draft {draft!r}", where="draft", hint=hint)
    if row.account == actor.account:
        message = "a draft is agreed by another maintainer than the one who wrote it"
        raise Refused("release/two-maintainers", message)
    writing.connection.execute(delete(drafted_acts).where(drafted_acts.c.id == draft))
    fields = json.loads(row.fields)
    maintainers = [writing.vault.pseudonym_for_act(account, DATASET_SCOPE) for account in (row.account, actor.account)]
    if row.act == "release:yanked":
        return writing.record(ReleaseYanked, **fields, maintainers=maintainers)
    writing.existing(fields["example"])
    return writing.record(ExampleRetracted, **fields, maintainers=maintainers)


def _check_reason(reason: str) -> None:
    try:
        validate(_Reason, {"reason": reason})
    except SchemaInvalid as error:
        raise InvalidInput(error.problems[0][1], where="reason") from None


def _draft(writing: Writing, actor: Actor, act: str, fields: dict[str, Any]) -> str:
    draft = "d" + new_account_id(writing.token_bytes)[1:]
    row = {"id": draft, "account": actor.account, "act": act, "fields": json.dumps(fields, ensure_ascii=False)}
    writing.connection.execute(insert(drafted_acts), row)
    return draft
