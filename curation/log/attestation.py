"""A contributor's own signature on a leaf.

Rules that always hold (pure):
- it covers the canonical bytes of the whole event but for the signature itself, the public key included, behind a
  domain label, so that it can never pass for a signature on anything else;
- keys and signatures are raw Ed25519 (RFC 8032) in standard base64.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from curation.errors import NoteInvalid, Refused
from curation.log.leaf import canonical_json
from curation.log.notes import decode_base64, encode_base64

_DOMAIN = b"evenhand.org/v1/self-attested\x00"


class Signer(Protocol):
    """Who can sign leaves: a contributor's key for one topic."""

    public_key: bytes

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature."""


class KeySigner:
    """A signer that holds its key in memory."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key
        self.public_key = private_key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """An Ed25519 signature."""
        return self._private_key.sign(message)


def signed_bytes(fields: Mapping[str, object]) -> bytes:
    """What the contributor signs: the event's fields without `sig`."""
    return _DOMAIN + canonical_json({name: value for name, value in fields.items() if name != "sig"})


def attest(fields: Mapping[str, object], signer: Signer) -> dict[str, object]:
    """The fields with `auth`, `key` and `sig` of this signer."""
    attested = {**fields, "auth": "self", "key": encode_base64(signer.public_key)}
    return {**attested, "sig": encode_base64(signer.sign(signed_bytes(attested)))}


def check_attestation(fields: Mapping[str, object], where: str = "leaf") -> None:
    """Raise Refused unless a self-attested leaf's signature is valid."""
    try:
        key = decode_base64(str(fields["key"]), where)
        signature = decode_base64(str(fields["sig"]), where)
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed_bytes(fields))
    except (InvalidSignature, NoteInvalid, ValueError):
        raise Refused("auth/signature", "the contributor's signature does not fit the leaf", where=where) from None
