"""Change somebody's roles, suspend a person on a topic, and end that.

Rules that always hold:
- only administrators do, nobody to themselves, so one administrator always remains;
- each is an event of the log that names pseudonyms and no account. A suspension names the person as the topic knows
  them; who it is, nobody is told, the administrator neither. To keep somebody from every topic, their role as a
  contributor is taken: an event for each of their pseudonyms would link these for ever;
- who is suspended keeps what they wrote, and can withdraw it; their open seats lapse like anybody's.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeVar

from pydantic import Field
from sqlalchemy import or_, select, update

from curation.errors import Conflict, InvalidInput, NotFound, Refused
from curation.people.accounts import Actor, actor_by_handle
from curation.people.vault import DATASET_SCOPE
from curation.tables import accounts, declarations, examples
from curation.writing import Recorded, Writing
from curation_schemas.base import Wire
from curation_schemas.events import PersonRestored, PersonSuspended, RolesChanged
from curation_schemas.parsing import SchemaInvalid, validate
from curation_schemas.review import Role, SuspensionGround
from curation_schemas.text import Pseudonym, Slug

AWire = TypeVar("AWire", bound=Wire)


class RolesWanted(Wire):
    """The roles that an account has from now on."""

    handle: Slug
    roles: list[Role] = Field(max_length=4)


class SuspensionForm(Wire):
    """Whom to suspend on a topic, by pseudonym, and on which ground."""

    topic: Slug
    pseudonym: Pseudonym
    ground: SuspensionGround


@dataclass(frozen=True, kw_only=True, slots=True)
class ChangeRoles:
    """The roles that an account has from now on."""

    handle: str
    roles: Collection[Role]


@dataclass(frozen=True, kw_only=True, slots=True)
class SuspendPerson:
    """A person as a topic knows them, and the ground."""

    topic: str
    pseudonym: str
    ground: SuspensionGround


def read_roles(value: object) -> ChangeRoles:
    """Read a change of roles from plain data. Raises InvalidInput naming the field."""
    wanted = _read(RolesWanted, value)
    return ChangeRoles(handle=wanted.handle, roles=wanted.roles)


def read_suspension(value: object) -> SuspendPerson:
    """Read a suspension from plain data. Raises InvalidInput naming the field."""
    wanted = _read(SuspensionForm, value)
    return SuspendPerson(topic=wanted.topic, pseudonym=wanted.pseudonym, ground=wanted.ground)


def _read(model: type[AWire], value: object) -> AWire:
    try:
        return validate(model, value)
    except SchemaInvalid as error:
        path, message = error.problems[0]
        raise InvalidInput(message, where=path) from None


def change_roles(writing: Writing, actor: Actor, command: ChangeRoles) -> Recorded:
    """Give an account these roles and no others. Raises NotAllowed, NotFound, Refused, Conflict."""
    actor.require("administrator")
    account = actor_by_handle(writing.connection, command.handle).account
    writing.lock_accounts([account, actor.account])
    other = actor_by_handle(writing.connection, command.handle)
    if account == actor.account:
        raise Refused("roles/not-own", "nobody changes their own roles", hint="Ask another administrator.")
    wanted = sorted(set(command.roles))
    if set(wanted) == other.roles:
        raise Conflict("the account has these roles already", where="roles")
    writing.connection.execute(update(accounts).where(accounts.c.id == account).values(roles=json.dumps(wanted)))
    writing.lock_definitions()
    pseudonym = writing.vault.pseudonym_for_act(account, DATASET_SCOPE)
    latest = writing.definitions.standings.latest_roles(pseudonym)
    return writing.record(
        RolesChanged,
        pseudonym=pseudonym,
        roles=wanted,
        administrator=writing.vault.pseudonym_for_act(actor.account, DATASET_SCOPE),
        supersedes=latest.leaf if latest else None,
    )


def suspend_person(writing: Writing, actor: Actor, command: SuspendPerson) -> Recorded:
    """Suspend a person on a topic. Raises NotAllowed, NotFound, Refused."""
    writing.admit(actor, "administrator")
    _check_known(writing, command.topic, command.pseudonym)
    writing.lock_definitions()
    earlier = writing.definitions.standings.suspensions.get(command.pseudonym)
    return writing.record(
        PersonSuspended,
        topic=command.topic,
        pseudonym=command.pseudonym,
        ground=command.ground,
        administrator=writing.vault.pseudonym_for_act(actor.account, DATASET_SCOPE),
        after=earlier[-1].restored if earlier else None,
    )


def restore_person(writing: Writing, actor: Actor, pseudonym: str) -> Recorded:
    """End a person's suspension. Raises NotAllowed, NotFound."""
    writing.admit(actor, "administrator")
    writing.lock_definitions()
    found = writing.definitions.standings.suspension_of(pseudonym)
    if found is None:
        raise NotFound("nobody of this pseudonym is suspended", where="pseudonym")
    return writing.record(
        PersonRestored,
        topic=found.event.topic,
        pseudonym=pseudonym,
        suspension=found.leaf,
        administrator=writing.vault.pseudonym_for_act(actor.account, DATASET_SCOPE),
    )


def _check_known(writing: Writing, topic: str, pseudonym: str) -> None:
    declared = select(declarations.c.id).where(declarations.c.topic == topic, declarations.c.pseudonym == pseudonym)
    proposed = select(examples.c.id).where(examples.c.topic == topic, examples.c.proposer == pseudonym)
    query = select(accounts.c.id).where(or_(declared.exists(), proposed.exists())).limit(1)
    if writing.connection.execute(query).first() is None:
        raise NotFound("nobody has acted on this topic under this pseudonym", where="pseudonym")
