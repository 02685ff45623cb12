"""Policies as people compare them, and the drafts that wait for a second maintainer.

Rules that always hold:
- two policies are compared by the numbers that hold under them: thresholds that are left out are their defaults;
- a draft names the policy that it replaces; once another policy came after that one, it cannot be agreed to any more;
- who wrote a draft takes it back; one that cannot be agreed to any more, any maintainer does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from curation.errors import NotAllowed, NotFound
from curation.people.accounts import Actor
from curation.tables import policy_drafts
from curation.writing import LoadedExamples, Writing
from curation_schemas.definition import AcceptanceRule, Policy, Thresholds

RULES = ("standard", "high")
NUMBERS = ("round_days", "lease_hours", "max_revisions", "flag_days")
FIELDS = (
    *(f"{rule}.{name}" for rule in RULES for name in AcceptanceRule.model_fields),
    *NUMBERS,
    *(f"thresholds.{name}" for name in Thresholds.model_fields),
)
"""Every number of a policy, by its path."""


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """One number that is another."""

    path: str
    before: int
    after: int


def policy_numbers(policy: Policy) -> dict[str, int]:
    """Path → the number that holds."""
    found = {f"{rule}.{name}": value for rule in RULES for name, value in getattr(policy, rule)}
    found |= {name: getattr(policy, name) for name in NUMBERS}
    for topic, target in sorted((policy.targets or {}).items()):
        found |= {f"targets.{topic}.{position}": percent for position, percent in target.percents.items()}
    return found | {f"thresholds.{name}": value for name, value in policy.limits}


def changes_between(before: Policy, after: Policy) -> list[PolicyChange]:
    """What is another, in the order of `FIELDS`, then written targets; 0 stands for a share that is not written."""
    old, new = policy_numbers(before), policy_numbers(after)
    paths = (*FIELDS, *sorted((old.keys() | new.keys()) - set(FIELDS)))
    pairs = ((path, old.get(path, 0), new.get(path, 0)) for path in paths)
    return [PolicyChange(path, one, other) for path, one, other in pairs if one != other]


def nest_numbers(numbers: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers by path as the plain data of a policy. Thresholds that are all defaults are left out, as they may be."""
    made: dict[str, Any] = {}
    for path, value in numbers.items():
        rule, _, name = path.rpartition(".")
        (made.setdefault(rule, {}) if rule else made)[name] = value
    usual = {name: field.default for name, field in Thresholds.model_fields.items()}
    if made.get("thresholds") == usual:
        del made["thresholds"]
    return made


@dataclass(frozen=True, slots=True)
class PolicyDraft:
    """A draft. Who wrote it is told to nobody but its author, as `own`."""

    id: str
    policy: Policy
    reason: str
    supersedes: str
    own: bool
    current: bool
    """Whether it still replaces the latest policy."""


def list_drafts(loaded: LoadedExamples, actor: Actor) -> list[PolicyDraft]:
    """Every draft, by id, which is random."""
    rows = loaded.connection.execute(select(policy_drafts).order_by(policy_drafts.c.id))
    return [_draft(loaded, actor, row) for row in rows]


def find_draft(loaded: LoadedExamples, actor: Actor, draft: str) -> PolicyDraft:
    """One draft. Raises NotFound."""
    return _draft(loaded, actor, _row(loaded.connection, draft))


def _row(connection: Connection, draft: str) -> Row[Any]:
    row = connection.execute(select(policy_drafts).where(policy_drafts.c.id == draft)).first()
    if row is None:
        raise NotFound("there is no such policy draft", where="draft")
    return row


def _draft(loaded: LoadedExamples, actor: Actor, row: Row[Any]) -> PolicyDraft:
    latest = loaded.definitions.policies[-1].leaf
    policy = Policy(**json.loads(row.policy))
    return PolicyDraft(
        row.id, policy, row.reason, row.supersedes, row.account == actor.account, row.supersedes == latest
    )


def drop_draft(writing: Writing, actor: Actor, draft: str) -> PolicyDraft:
    """Take a draft back. Raises NotAllowed, NotFound."""
    writing.admit(actor, "maintainer")
    found = find_draft(writing, actor, draft)
    if not found.own and found.current:
        raise NotAllowed("a draft is taken back by who wrote it", hint="Without a second maintainer it binds nobody.")
    writing.connection.execute(delete(policy_drafts).where(policy_drafts.c.id == draft))
    return found
