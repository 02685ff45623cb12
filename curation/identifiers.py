"""Fresh identifiers: random, so that they tell nothing of who or when.

Rules that always hold:
- RFC 4648 §6 base32 in lower case without padding;
- 80 random bits for examples, groups and accounts, 128 for pseudonyms.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

TokenBytes = Callable[[int], bytes]
"""`secrets.token_bytes`, or a seeded stand-in in tests."""


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=").lower()


def new_example_id(token_bytes: TokenBytes) -> str:
    """`ex_` and 16 characters."""
    return "ex_" + _base32(token_bytes(10))


def new_group_id(token_bytes: TokenBytes) -> str:
    """`g_` and 16 characters."""
    return "g_" + _base32(token_bytes(10))


def new_account_id(token_bytes: TokenBytes) -> str:
    """`a_` and 16 characters. Never published."""
    return "a_" + _base32(token_bytes(10))


def new_pseudonym(token_bytes: TokenBytes) -> str:
    """`p_` and 26 characters, derived from nothing."""
    return "p_" + _base32(token_bytes(16))
