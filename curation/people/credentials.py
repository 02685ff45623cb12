"""Passphrases, recovery codes, and how often somebody may guess.

Rules that always hold:
- a passphrase is kept as its argon2id hash, a recovery code as its SHA-256 (it has 100 random bits);
- guesses are counted per handle and never per address: many people share one, and nobody may lock out another by
  sharing it. A recovery code lets its owner in while somebody else guesses the passphrase;
- a handle that nobody has takes as long, and answers the same, as a wrong passphrase.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, delete, insert, select

from curation.clock import DAY
from curation.db import add_if_new
from curation.errors import InvalidInput, Unavailable
from curation.identifiers import TokenBytes
from curation.people.vault import Vault
from curation.tables import credentials, recovery_codes, sign_in_failures

CONSENT = "2026-11"
"""The words that people consent to when they join. Whoever changes them changes this."""
MIN_PASSPHRASE, MAX_PASSPHRASE = 12, 256
RECOVERY_CODES = 8
FREE_GUESSES = 5
LONGEST_WAIT = 15 * 60
_CODE_BYTES = 13
_SALT_BYTES = 16
# RFC 9106 §4, the second recommendation: 64 MiB, three passes, four lanes.
_HASHER = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)
# So many at once, and not as many as there are threads: each takes 64 MiB.
_AT_ONCE = BoundedSemaphore(4)
_PATIENCE_S = 5


@contextmanager
def _taking_turns() -> Iterator[None]:
    """Hash a few at a time. Raises Unavailable rather than have every thread of the server wait."""
    if not _AT_ONCE.acquire(timeout=_PATIENCE_S):
        raise Unavailable("too many people sign in at this moment", hint="Try again in a few seconds.")
    try:
        yield
    finally:
        _AT_ONCE.release()


def check_passphrase(passphrase: str) -> None:
    """Raise InvalidInput unless a passphrase has a length that will do."""
    if not MIN_PASSPHRASE <= len(passphrase) <= MAX_PASSPHRASE:
        raise InvalidInput(f"has {MIN_PASSPHRASE} to {MAX_PASSPHRASE} characters", where="passphrase")


def hash_passphrase(passphrase: str, token_bytes: TokenBytes) -> str:
    """The argon2id hash to keep. Takes a tenth of a second; hold no connection meanwhile."""
    with _taking_turns():
        return _HASHER.hash(passphrase, salt=token_bytes(_SALT_BYTES))


_NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$bm9ib2R5J3Mtc2FsdC0uLg$2Lt8dVDBZ/dPq5sqk6u3i9PYfdZvLOqhZsXMI5EW/no"


def fits(kept: str | None, passphrase: str) -> bool:
    """Whether a passphrase is the one that was kept; None, for nobody, takes as long. Hold no connection meanwhile."""
    with _taking_turns():
        try:
            return _HASHER.verify(kept or _NOBODYS, passphrase[:MAX_PASSPHRASE]) and kept is not None
        except (VerificationError, InvalidHashError):
            return False


def keep_passphrase(connection: Connection, account: str, hashed: str) -> None:
    """Keep a passphrase's hash, instead of the one before."""
    connection.execute(delete(credentials).where(credentials.c.account == account))
    connection.execute(insert(credentials), {"account": account, "passphrase": hashed, "consent": CONSENT})


def kept_passphrase(connection: Connection, account: str) -> str | None:
    """The hash that is kept for an account, or None."""
    query = select(credentials.c.passphrase).where(credentials.c.account == account)
    return connection.execute(query).scalar()


def new_recovery_codes(connection: Connection, account: str, token_bytes: TokenBytes) -> list[str]:
    """New one-time codes instead of those before. They are returned once and never stored."""
    connection.execute(delete(recovery_codes).where(recovery_codes.c.account == account))
    codes = [_spelled(token_bytes(_CODE_BYTES)) for _ in range(RECOVERY_CODES)]
    connection.execute(insert(recovery_codes), [{"digest": _digest(code), "account": account} for code in codes])
    return codes


def _spelled(random: bytes) -> str:
    letters = base64.b32encode(random).decode().rstrip("=").lower()[:20]
    return "-".join(letters[start : start + 5] for start in range(0, 20, 5))


def _digest(code: str) -> str:
    # Typed by hand from paper: blanks, hyphens and capitals do not matter.
    plain = "".join(character for character in code.lower() if character.isalnum())
    return hashlib.sha256(f"recovery {plain}".encode()).hexdigest()


def spend_recovery_code(connection: Connection, account: str, code: str) -> bool:
    """Whether this is one of the account's codes; it works once."""
    mine = (recovery_codes.c.digest == _digest(code), recovery_codes.c.account == account)
    return connection.execute(delete(recovery_codes).where(*mine)).rowcount == 1


def codes_left(connection: Connection, account: str) -> int:
    """How many recovery codes an account has not used."""
    query = select(recovery_codes.c.digest).where(recovery_codes.c.account == account)
    return len(connection.execute(query).all())


def seconds_to_wait(connection: Connection, vault: Vault, handle: str, now: int) -> int:
    """How long nobody may guess at this handle's passphrase."""
    query = select(sign_in_failures.c.wait_until).where(sign_in_failures.c.handle == _blinded(vault, handle))
    return max(0, (connection.execute(query).scalar() or 0) - now)


def note_failure(connection: Connection, vault: Vault, handle: str, now: int) -> None:
    """Count a wrong guess. From the sixth on, the next one has to wait: twice as long each time, to a limit."""
    connection.execute(delete(sign_in_failures).where(sign_in_failures.c.wait_until < now - DAY))
    blinded = _blinded(vault, handle)
    key = sign_in_failures.c.handle == blinded
    before = connection.execute(select(sign_in_failures.c.failures).where(key)).scalar() or 0
    failures = before + 1
    wait = 0 if failures < FREE_GUESSES else min(LONGEST_WAIT, 60 * 2 ** (failures - FREE_GUESSES))
    # To the full minute: nothing finer is kept of when somebody tried.
    row = {
        "handle": blinded,
        "failures": failures,
        "wait_until": -(-(now + wait) // 60) * 60 if wait else now // DAY * DAY,
    }
    connection.execute(delete(sign_in_failures).where(key))
    add_if_new(connection, sign_in_failures, row)


def clear_failures(connection: Connection, vault: Vault, handle: str) -> None:
    """Forget wrong guesses, because the right one came."""
    connection.execute(delete(sign_in_failures).where(sign_in_failures.c.handle == _blinded(vault, handle)))


def _blinded(vault: Vault, handle: str) -> str:
    return vault.blind("sign-in", handle)
