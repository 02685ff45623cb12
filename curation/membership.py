"""Joining, signing in and leaving: what people do with their account itself.

Rules that always hold:
- nobody joins without having consented to what is published for ever;
- a passphrase is hashed while no connection is held;
- whoever changes the passphrase or leaves is signed out everywhere;
- who signs in through a provider needs no passphrase, and confirms what needs one with the own handle;
- leaving needs the passphrase, destroys the link to every pseudonym, and leaves what was published.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from curation.errors import InvalidInput, NotFound
from curation.people.accounts import Actor, Joining, actor_by_handle, erase_account, join
from curation.people.credentials import (
    check_passphrase,
    clear_failures,
    fits,
    hash_passphrase,
    keep_passphrase,
    kept_passphrase,
    new_recovery_codes,
    note_failure,
    seconds_to_wait,
    spend_recovery_code,
)
from curation.people.identities import account_of, has_identity, keep_identity
from curation.people.sessions import close_sessions, open_session
from curation.people.vault import Vault
from curation.writing import Platform


@dataclass(frozen=True, kw_only=True, slots=True)
class JoinUs:
    """Who joins, with a passphrase or an identity; `consents`: they read and accept what is published for ever."""

    joining: Joining
    consents: bool
    passphrase: str | None = None
    identity: str | None = None
    """As people/identities.py keeps it."""


@dataclass(frozen=True, slots=True)
class Joined:
    """The new account, its one-time recovery codes and its first session's token: each is shown once."""

    actor: Actor
    recovery_codes: list[str]
    session: str


def join_us(platform: Platform, command: JoinUs) -> Joined:
    """Open an account. Raises InvalidInput, and Conflict when the handle is taken."""
    if not command.consents:
        raise InvalidInput("nobody joins without consenting to what is published for ever", where="consent")
    if command.passphrase is None and command.identity is None:
        raise InvalidInput("a passphrase is needed", where="passphrase")
    hashed = None
    if command.passphrase is not None:
        check_passphrase(command.passphrase)
        hashed = hash_passphrase(command.passphrase, platform.token_bytes)
    with platform.write() as writing:
        actor = join(writing.connection, writing.vault, command.joining, platform.token_bytes)
        if hashed is not None:
            keep_passphrase(writing.connection, actor.account, hashed)
        if command.identity is not None:
            keep_identity(writing.connection, actor.account, command.identity)
        codes = new_recovery_codes(writing.connection, actor.account, platform.token_bytes)
        session = open_session(writing.connection, actor.account, writing.now, platform.token_bytes)
    return Joined(actor, codes, session)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session's token; or None for a wrong passphrase, with the seconds until the next guess is looked at."""

    session: str | None
    wait: int = 0


def sign_in(platform: Platform, handle: str, passphrase: str) -> SignedIn:
    """Sign in with a passphrase."""
    now = platform.clock.now()
    with platform.read() as loaded:
        vault = Vault(loaded.connection, platform.home.vault_key, platform.token_bytes)
        wait = seconds_to_wait(loaded.connection, vault, handle, now)
        account = _account(loaded.connection, handle)
        kept = kept_passphrase(loaded.connection, account) if account else None
    if wait:
        return SignedIn(None, wait)
    right = fits(kept, passphrase)
    with platform.write() as writing:
        if not right or account is None:
            note_failure(writing.connection, writing.vault, handle, now)
            return SignedIn(None, seconds_to_wait(writing.connection, writing.vault, handle, now))
        clear_failures(writing.connection, writing.vault, handle)
        return SignedIn(open_session(writing.connection, account, now, platform.token_bytes))


def enter(platform: Platform, identity: str) -> str | None:
    """Sign in whom a provider vouches for. Returns the session's token, or None where nobody has this identity."""
    with platform.write() as writing:
        account = account_of(writing.connection, identity)
        if account is None:
            return None
        return open_session(writing.connection, account, writing.now, platform.token_bytes)


def link_identity(platform: Platform, actor: Actor, identity: str) -> None:
    """Let whom a provider vouches for sign in to an actor's account. Raises Conflict where they have another one."""
    with platform.write() as writing:
        writing.admit(actor)
        if account_of(writing.connection, identity) != actor.account:
            keep_identity(writing.connection, actor.account, identity)


def recover(platform: Platform, handle: str, code: str, passphrase: str) -> SignedIn:
    """Set a new passphrase with a one-time code, and sign in. Raises InvalidInput for a passphrase that will not do."""
    check_passphrase(passphrase)
    hashed = hash_passphrase(passphrase, platform.token_bytes)
    with platform.write() as writing:
        account = _account(writing.connection, handle)
        if account is None or not spend_recovery_code(writing.connection, account, code):
            return SignedIn(None)
        clear_failures(writing.connection, writing.vault, handle)
        keep_passphrase(writing.connection, account, hashed)
        close_sessions(writing.connection, account)
        return SignedIn(open_session(writing.connection, account, writing.now, platform.token_bytes))


def change_passphrase(platform: Platform, actor: Actor, old: str, new: str) -> str:
    """Set a new passphrase; every other browser is signed out. Returns this one's new token. Raises InvalidInput."""
    check_passphrase(new)
    check_own_passphrase(platform, actor, old)
    hashed = hash_passphrase(new, platform.token_bytes)
    with platform.write() as writing:
        keep_passphrase(writing.connection, actor.account, hashed)
        close_sessions(writing.connection, actor.account)
        return open_session(writing.connection, actor.account, writing.now, platform.token_bytes)


def check_own_passphrase(platform: Platform, actor: Actor, passphrase: str) -> None:
    """Raise InvalidInput unless this is the actor's own passphrase. Wrong ones count as at the sign-in.

    Who has none, and signs in through a provider, gives the own handle instead: the session alone shows who it is.
    """
    now = platform.clock.now()
    with platform.read() as loaded:
        vault = Vault(loaded.connection, platform.home.vault_key, platform.token_bytes)
        wait = seconds_to_wait(loaded.connection, vault, actor.handle, now)
        kept = kept_passphrase(loaded.connection, actor.account)
        through_provider = has_identity(loaded.connection, actor.account)
    if kept is None and through_provider:
        if passphrase.strip().lower() == actor.handle:
            return
        raise InvalidInput("this is not your handle", where="own")
    if not wait and fits(kept, passphrase):
        return
    with platform.write() as writing:
        note_failure(writing.connection, writing.vault, actor.handle, now)
    raise InvalidInput("this is not your passphrase", where="own")


def is_linked(platform: Platform, actor: Actor) -> bool:
    """Whether an actor can sign in through a provider."""
    with platform.read() as loaded:
        return has_identity(loaded.connection, actor.account)


def confirms_by_handle(platform: Platform, actor: Actor) -> bool:
    """Whether an actor has no passphrase, because a provider vouches for them."""
    with platform.read() as loaded:
        return kept_passphrase(loaded.connection, actor.account) is None and has_identity(
            loaded.connection, actor.account
        )


def leave(platform: Platform, actor: Actor, passphrase: str) -> None:
    """Forget an account, as `evenhand people forget` does. Raises InvalidInput for a wrong passphrase."""
    check_own_passphrase(platform, actor, passphrase)
    with platform.write() as writing:
        clear_failures(writing.connection, writing.vault, actor.handle)
        erase_account(writing.connection, writing.vault, actor.account)
        writing.leaves_traces = True


def _account(connection: Connection, handle: str) -> str | None:
    try:
        return actor_by_handle(connection, handle).account
    except NotFound:
        return None
