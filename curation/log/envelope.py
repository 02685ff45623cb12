"""Signed envelopes, after DSSE 1.0: a payload with its type, and signatures over both.

Rules that always hold:
- what is signed is the pre-authentication encoding (PAE), so a payload of one type is never taken for another; as our
  payloads hold no line break, no signature here is one of a note (C2SP signed-note), whose text ends in one;
- an envelope is verified before its payload is read;
- only NoteInvalid leaves this module.
"""

from __future__ import annotations

import base64
import binascii
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from curation.errors import NoteInvalid
from curation.log.notes import ED25519, SigningKey, VerifierKey

IN_TOTO = "application/vnd.in-toto+json"
MAX_ENVELOPE_BYTES = 1_000_000
_MAX_SIGNATURES = 20


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed (DSSE, "Protocol": `DSSEv1 <length> <type> <length> <payload>`)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign_envelope(payload_type: str, payload: bytes, key: SigningKey) -> bytes:
    """The envelope of a payload with one signature. The key's id is its vkey."""
    signed = pre_authentication_encoding(payload_type, payload)
    signature = Ed25519PrivateKey.from_private_bytes(key.seed).sign(signed)
    envelope = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": payload_type,
        "signatures": [{"keyid": key.verifier().text(), "sig": base64.b64encode(signature).decode()}],
    }
    return (json.dumps(envelope, indent=1, sort_keys=True) + "\n").encode()


def open_envelope(data: bytes, payload_type: str, key: VerifierKey, where: str = "envelope") -> bytes:
    """The payload of an envelope that this key signed. Raises NoteInvalid."""
    if len(data) > MAX_ENVELOPE_BYTES or key.type != ED25519:
        raise NoteInvalid("is larger than an envelope can be, or its key is of another type", where=where)
    try:
        envelope = json.loads(data)
        payload = base64.b64decode(envelope["payload"], validate=True)
        stated, listed = envelope["payloadType"], envelope["signatures"]
        signatures = [base64.b64decode(item["sig"], validate=True) for item in listed[:_MAX_SIGNATURES]]
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        raise NoteInvalid("is no DSSE envelope", where=where) from None
    if stated != payload_type:
        raise NoteInvalid(f"holds a payload of another type than {payload_type}", where=where)
    public = Ed25519PublicKey.from_public_bytes(key.public_key)
    signed = pre_authentication_encoding(payload_type, payload)
    if not any(_verifies(public, signature, signed) for signature in signatures):
        raise NoteInvalid(f"is not signed by the key {key.text()}", where=where)
    return payload


def _verifies(public: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        public.verify(signature, signed)
    except InvalidSignature:
        return False
    return True
