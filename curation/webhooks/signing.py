"""Signatures of webhooks, after Standard Webhooks (https://github.com/standard-webhooks/standard-webhooks).

Rules that always hold (pure):
- what is signed is `<id>.<timestamp>.<body>`: a message cannot be given another id or time, and an old one cannot pass
  as new where the receiver looks at the time;
- while a secret is being replaced, a message carries a signature by each.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable

PREFIX = "whsec_"
SECRET_BYTES = 32


def written_secret(secret: bytes) -> str:
    """A secret as receivers are given it."""
    return PREFIX + base64.b64encode(secret).decode()


def sign(secret: bytes, message: str, timestamp: int, body: bytes) -> str:
    """The signature `v1,…` of a message. `timestamp`: when it is sent, in whole seconds since 1970 (UTC)."""
    signed = b".".join((message.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()


def headers_of(secrets: Iterable[bytes], message: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers that a message is sent with."""
    return {
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(sign(secret, message, timestamp, body) for secret in secrets),
    }
