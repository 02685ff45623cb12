"""Accounts, roles and tokens.

Rules that always hold:
- an account's handle is known to the platform only; what it does is published under pseudonyms (vault.py);
- a bearer token is shown once; only its SHA-256 is kept (it has 256 random bits, so a slow hash would add nothing);
- organisations are kept as keyed hashes, for comparing only.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from pydantic import Field
from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from curation.db import add_if_new, lock
from curation.errors import Conflict, InvalidInput, NotAllowed, NotFound
from curation.identifiers import TokenBytes, new_account_id
from curation.people.vault import Vault, topic_scope
from curation.tables import (
    accounts,
    credentials,
    drafted_acts,
    examples,
    identities,
    leases,
    organisations,
    policy_drafts,
    proposer_organisations,
    public_handles,
    recovery_codes,
    sessions,
    tokens,
)
from curation_schemas.base import Wire
from curation_schemas.parsing import SchemaInvalid, validate
from curation_schemas.review import Role
from curation_schemas.text import ShortText, Slug, WrittenLanguage

ROLES: tuple[str, ...] = get_args(Role)


class Joining(Wire):
    """Who joins. `simulated` marks people made up for demonstrations, for ever."""

    handle: Slug
    languages: list[WrittenLanguage] = Field(min_length=1, max_length=20)
    organisations: list[ShortText] = Field(default_factory=list, max_length=20)
    roles: list[Role] = Field(default=["contributor"], min_length=1)
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an account and what it may do."""

    account: str
    handle: str
    roles: frozenset[str]
    languages: tuple[str, ...]
    simulated: bool

    def may(self, *roles: Role) -> bool:
        """Whether the actor has one of these roles (administrators have every role)."""
        return "administrator" in self.roles or not self.roles.isdisjoint(roles)

    def require(self, *roles: Role) -> None:
        """Raise NotAllowed unless the actor has one of these roles."""
        if not self.may(*roles):
            needed = " or ".join(f"«{role}»" for role in roles)
            raise NotAllowed(f"this needs the role {needed}", hint="Ask an administrator of this home.")


def _actor(row: Row[tuple[str, str, bool, str, str]]) -> Actor:
    return Actor(row.id, row.handle, frozenset(json.loads(row.roles)), tuple(json.loads(row.languages)), row.simulated)


def join(connection: Connection, vault: Vault, joining: Joining, token_bytes: TokenBytes) -> Actor:
    """Open an account. Raises Conflict when the handle is taken."""
    account = new_account_id(token_bytes)
    roles = sorted(set(joining.roles))
    row = {
        "id": account,
        "handle": joining.handle,
        "simulated": joining.simulated,
        "roles": json.dumps(roles),
        "languages": json.dumps(joining.languages),
    }
    if not add_if_new(connection, accounts, row):
        raise Conflict(f"the handle {joining.handle} is taken", where="handle", hint="Choose another.")
    vault.open_account(account)
    blinded = sorted({vault.blind("organisation", name.strip().casefold()) for name in joining.organisations})
    if blinded:
        connection.execute(insert(organisations), [{"account": account, "organisation": item} for item in blinded])
    return Actor(account, joining.handle, frozenset(roles), tuple(joining.languages), joining.simulated)


def read_joining(value: object) -> Joining:
    """Read who joins from plain data. Raises InvalidInput naming the field."""
    try:
        return validate(Joining, value)
    except SchemaInvalid as error:
        path, message = error.problems[0]
        raise InvalidInput(message, where=path) from None


def actor_by_handle(connection: Connection, handle: str) -> Actor:
    """The account with this handle. Raises NotFound."""
    row = connection.execute(select(accounts).where(accounts.c.handle == handle)).first()
    if row is None:
        raise NotFound(f"there is no account {handle!r}", hint="List them with `evenhand people list`.")
    return _actor(row)


def actor_by_id(connection: Connection, account: str) -> Actor | None:
    """The account with this id, or None."""
    row = connection.execute(select(accounts).where(accounts.c.id == account)).first()
    return None if row is None else _actor(row)


def list_actors(connection: Connection) -> list[Actor]:
    """Every account, by handle."""
    return [_actor(row) for row in connection.execute(select(accounts).order_by(accounts.c.handle))]


def issue_token(connection: Connection, account: str, token_bytes: TokenBytes, label: str | None = None) -> str:
    """A new bearer token. It is returned once and never stored; `label` is what its owner calls it."""
    token = "evh_" + base64.urlsafe_b64encode(token_bytes(32)).decode().rstrip("=")
    connection.execute(insert(tokens), {"digest": _digest(token), "account": account, "label": label})
    return token


def list_tokens(connection: Connection, account: str) -> list[tuple[str, str | None]]:
    """(digest, label) of each token of an account."""
    query = select(tokens.c.digest, tokens.c.label).where(tokens.c.account == account)
    return [(row.digest, row.label) for row in connection.execute(query.order_by(tokens.c.label, tokens.c.digest))]


def revoke_token(connection: Connection, account: str, digest: str) -> None:
    """Take back one token of an account. Raises NotFound."""
    mine = (tokens.c.account == account, tokens.c.digest == digest)
    if connection.execute(delete(tokens).where(*mine)).rowcount != 1:
        raise NotFound("you have no such token")


def change_languages(connection: Connection, account: str, languages: Sequence[str]) -> None:
    """Change which languages a person reads: the queue offers seats in these."""
    changed = update(accounts).where(accounts.c.id == account).values(languages=json.dumps(list(languages)))
    connection.execute(changed)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def actor_by_token(connection: Connection, token: str) -> Actor | None:
    """The account that this bearer token belongs to, or None."""
    query = select(accounts).join(tokens, tokens.c.account == accounts.c.id).where(tokens.c.digest == _digest(token))
    row = connection.execute(query).first()
    return None if row is None else _actor(row)


def revoke_tokens(connection: Connection, account: str) -> None:
    """Take back every token of an account."""
    connection.execute(delete(tokens).where(tokens.c.account == account))


def erase_account(connection: Connection, vault: Vault, account: str) -> None:
    """Forget a person: the link to every pseudonym, tokens, organisations, leases and the handle.

    Published acts stay under their pseudonyms; texts are erased one by one (`examples.erase`), before this.
    """
    lock(connection, [f"account {account}"])
    revoke_tokens(connection, account)
    for table in (sessions, recovery_codes, credentials, identities):
        connection.execute(delete(table).where(table.c.account == account))
    connection.execute(delete(organisations).where(organisations.c.account == account))
    connection.execute(delete(leases).where(leased_by(connection, vault, account)))
    for drafts in (policy_drafts, drafted_acts):
        connection.execute(delete(drafts).where(drafts.c.account == account))
    _forget_proposals(connection, vault, account)
    handle = select(accounts.c.handle).where(accounts.c.id == account).scalar_subquery()
    connection.execute(delete(public_handles).where(public_handles.c.handle == handle))
    vault.forget(account)
    connection.execute(delete(accounts).where(accounts.c.id == account))


def leased_by(connection: Connection, vault: Vault, account: str) -> ColumnElement[bool]:
    """The condition that a lease is the account's, on whatever topic."""
    topics = connection.execute(select(leases.c.topic).distinct()).scalars()
    return leases.c.holder.in_([vault.holder(account, topic) for topic in topics])


def bind_organisation(vault: Vault, example: str, organisation: str) -> str:
    """A proposer's organisation as it is kept with an example: it joins with nothing else in the database."""
    return vault.blind("proposal", example, organisation)


def _forget_proposals(connection: Connection, vault: Vault, account: str) -> None:
    """Delete the organisations kept with the person's proposals, as long as those can still be found."""
    for topic in connection.execute(select(examples.c.topic).distinct()).scalars().all():
        pseudonym = vault.pseudonym(account, topic_scope(topic))
        mine = select(examples.c.id).where(examples.c.proposer == pseudonym)
        connection.execute(delete(proposer_organisations).where(proposer_organisations.c.example.in_(mine)))


def organisations_of(connection: Connection, account: str) -> Sequence[str]:
    """The account's declared organisations, as keyed hashes."""
    query = select(organisations.c.organisation).where(organisations.c.account == account)
    return connection.execute(query).scalars().all()
