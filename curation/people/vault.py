"""The vault: the only link between an account and its pseudonyms.

Rules that always hold:
- a pseudonym is drawn at the first act in a scope (a topic, or the dataset for maintainers) and derived from nothing;
- each account has its own AES-256-GCM key, wrapped by the home's vault key, which lies outside the database;
- a vault row names neither account nor topic: its tag is an HMAC under the account's key, so that without that key
  nobody can tell whose row it is or that two rows belong together;
- destroying the wrapped key unlinks the person from every pseudonym for ever.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, delete, insert, select

from curation.errors import HomeUnusable, NotFound
from curation.identifiers import TokenBytes, new_pseudonym
from curation.tables import account_keys, vault

DATASET_SCOPE = "dataset"
Purpose = Literal[
    "organisation",
    "proposal",
    "lease",
    "near",
    "copy",
    "fingerprint",
    "sign-in",
    "identity",
    "objection",
    "label-studio",
]
_NONCE_BYTES = 12


def topic_scope(topic: str) -> str:
    """The scope of acts on a topic."""
    return f"topic:{topic}"


def _seal(key: bytes, plain: bytes, bound_to: bytes, token_bytes: TokenBytes) -> bytes:
    nonce = token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound_to)


def _unseal(key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to)
    except InvalidTag:
        raise HomeUnusable("a vault entry does not open with this home's key", hint="Restore keys/vault.key.") from None


class Vault:
    """Pseudonyms within one transaction. Holds unwrapped keys in memory for as long as it lives."""

    def __init__(self, connection: Connection, vault_key: bytes, token_bytes: TokenBytes) -> None:
        self._connection = connection
        self._vault_key = vault_key
        self._token_bytes = token_bytes
        self._account_keys: dict[str, bytes] = {}
        self._known: dict[tuple[str, str], str] = {}

    def open_account(self, account: str) -> None:
        """Make an account's key."""
        wrapped = _seal(self._vault_key, self._token_bytes(32), account.encode(), self._token_bytes)
        self._connection.execute(insert(account_keys), {"account": account, "wrapped": wrapped})

    def pseudonym(self, account: str, scope: str) -> str | None:
        """The account's pseudonym in a scope, or None before its first act there. Raises NotFound once erased."""
        if (known := self._known.get((account, scope))) is not None:
            return known
        key, tag = self._key_and_tag(account, scope)
        sealed = self._connection.execute(select(vault.c.sealed).where(vault.c.tag == tag)).scalar()
        if sealed is None:
            return None
        pseudonym = _unseal(key, sealed, tag.encode()).decode()
        self._known[account, scope] = pseudonym
        return pseudonym

    def load(self, wanted: Iterable[tuple[str, str]]) -> list[str]:
        """Look up many (account, scope) at once. Returns the pseudonyms that there are; who is erased has none."""
        asked = [pair for pair in dict.fromkeys(wanted) if pair not in self._known]
        self._load_keys({account for account, _ in asked} - self._account_keys.keys())
        keyed = {pair: self._key_and_tag(*pair) for pair in asked if pair[0] in self._account_keys}
        query = select(vault.c.tag, vault.c.sealed).where(vault.c.tag.in_([tag for _, tag in keyed.values()]))
        sealed = {row.tag: row.sealed for row in self._connection.execute(query)}
        for pair, (key, tag) in keyed.items():
            if tag in sealed:
                self._known[pair] = _unseal(key, sealed[tag], tag.encode()).decode()
        return [self._known[pair] for pair in asked if pair in self._known]

    def _load_keys(self, accounts: Collection[str]) -> None:
        query = select(account_keys.c.account, account_keys.c.wrapped).where(account_keys.c.account.in_(accounts))
        for row in self._connection.execute(query):
            self._account_keys[row.account] = _unseal(self._vault_key, row.wrapped, row.account.encode())

    def pseudonym_for_act(self, account: str, scope: str) -> str:
        """The account's pseudonym in a scope, drawn now if this is its first act there."""
        found = self.pseudonym(account, scope)
        if found is not None:
            return found
        key, tag = self._key_and_tag(account, scope)
        pseudonym = new_pseudonym(self._token_bytes)
        sealed = _seal(key, pseudonym.encode(), tag.encode(), self._token_bytes)
        self._connection.execute(insert(vault), {"tag": tag, "sealed": sealed})
        self._known[account, scope] = pseudonym
        return pseudonym

    def tag(self, account: str, name: str) -> str:
        """What a row of the account's is found by: without the account's key, it tells neither whose nor what."""
        return self._key_and_tag(account, name)[1]

    def lock_away(self, account: str, name: str, plain: bytes) -> bytes:
        """Seal something of an account's, bound to its tag. Raises NotFound once the account is erased."""
        key, tag = self._key_and_tag(account, name)
        return _seal(key, plain, tag.encode(), self._token_bytes)

    def take_out(self, account: str, name: str, sealed: bytes) -> bytes:
        """What was locked away under this name. Raises HomeUnusable when it does not open."""
        key, tag = self._key_and_tag(account, name)
        return _unseal(key, sealed, tag.encode())

    def take_out_by_tag(self, account: str, tag: str, sealed: bytes) -> bytes:
        """What was locked away in the account's row with this tag. Raises HomeUnusable when it does not open."""
        key, _ = self._key_and_tag(account, "")
        return _unseal(key, sealed, tag.encode())

    def lock_for_home(self, name: str, plain: bytes) -> bytes:
        """Seal something of the home's own, bound to its name."""
        return _seal(self._vault_key, plain, f"home {name}".encode(), self._token_bytes)

    def open_for_home(self, name: str, sealed: bytes) -> bytes:
        """What was sealed for the home under this name. Raises HomeUnusable when it does not open."""
        return _unseal(self._vault_key, sealed, f"home {name}".encode())

    def forget(self, account: str) -> None:
        """Destroy the account's key: nobody can link it to its pseudonyms any more."""
        self._connection.execute(delete(account_keys).where(account_keys.c.account == account))
        self._account_keys.pop(account, None)
        self._known = {key: value for key, value in self._known.items() if key[0] != account}

    def look_up_again(self) -> None:
        """Forget what was looked up so far, because some of it may have been taken back."""
        self._account_keys, self._known = {}, {}

    def blind(self, purpose: Purpose, *texts: str) -> str:
        """A keyed hash under the vault key, for comparing private texts without storing them.

        Hashes for different purposes, or bound to different texts, cannot be joined without that key.
        """
        message = "\x00".join((purpose, *texts)).encode()
        return hmac.new(self._vault_key, message, hashlib.sha256).hexdigest()

    def holder(self, account: str, topic: str) -> str:
        """How a lease names the account that holds it: without the vault key, to no account and no other topic."""
        return self.blind("lease", account, topic)

    def _key_and_tag(self, account: str, scope: str) -> tuple[bytes, str]:
        key = self._account_keys.get(account)
        if key is None:
            query = select(account_keys.c.wrapped).where(account_keys.c.account == account)
            wrapped = self._connection.execute(query).scalar()
            if wrapped is None:
                raise NotFound("this account was erased, or never existed")
            key = self._account_keys[account] = _unseal(self._vault_key, wrapped, account.encode())
        return key, hmac.new(key, scope.encode(), hashlib.sha256).hexdigest()
