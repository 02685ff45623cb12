"""Which account somebody has whom a provider vouches for.

Rules that always hold:
- an identity is kept as a keyed hash of issuer and subject: without the vault key nobody can test a guess at it;
- it goes when its account is forgotten.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from curation.db import add_if_new
from curation.errors import Conflict
from curation.people.credentials import CONSENT
from curation.people.provider import Stranger
from curation.people.vault import Vault
from curation.tables import identities


def identity_of(vault: Vault, stranger: Stranger) -> str:
    """How an identity is kept."""
    return vault.blind("identity", stranger.issuer, stranger.subject)


def account_of(connection: Connection, identity: str) -> str | None:
    """The account that an identity signs in to, or None."""
    query = select(identities.c.account).where(identities.c.identity == identity)
    return connection.execute(query).scalar()


def keep_identity(connection: Connection, account: str, identity: str) -> None:
    """Let an identity sign in to an account. Raises Conflict where it has another one."""
    row = {"identity": identity, "account": account, "consent": CONSENT}
    if not add_if_new(connection, identities, row):
        raise Conflict("this sign-in has an account already", where="provider", hint="Sign in with it.")


def has_identity(connection: Connection, account: str) -> bool:
    """Whether an account is signed in to through a provider."""
    query = select(identities.c.identity).where(identities.c.account == account)
    return connection.execute(query).first() is not None
