"""Fingerprints by which near texts find each other among very many.

Rules that always hold (pure):
- a fingerprint is a MinHash: for each of 64 hash functions, the least value that any shingle of the text has. Two texts
  agree in one value with the probability of their shingles' Jaccard index (Broder, SEQUENCES 1997);
- the hash functions are keyed: without the key no guess at a text can be compared with its fingerprint;
- it is cut into 16 bands of four values; texts with a Jaccard index of s share a band with the probability
  1 - (1 - s⁴)¹⁶: .9998 at .8, .64 at .5, .03 at .2 (Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, §3.4.2).
  Who shares one is a candidate and no more: whether it is near is decided on the texts.
"""

from __future__ import annotations

import struct
from collections.abc import Collection
from hashlib import blake2b, shake_128
from operator import eq

VALUES, BANDS = 64, 16
_READ = struct.Struct(f">{VALUES}H")
"""Values have 16 bits: of texts as long as they may be, one in some dozen agrees by chance, and four in a row never."""
_BAND_BYTES = _READ.size // BANDS


def fingerprint(shingles: Collection[str], key: bytes) -> bytes:
    """The fingerprint of a text's shingles, 128 bytes.

    Args:
        shingles: one or more, as `curation_validators.duplicates.shingles` gives them.
        key: 32 secret bytes. SHAKE128 over key and shingle has no length extension, so this is a keyed hash.
    """
    hashed = [_READ.unpack(shake_128(key + item.encode("utf-8", "replace")).digest(_READ.size)) for item in shingles]
    return _READ.pack(*map(min, zip(*hashed, strict=True)))


def bands_of(made: bytes) -> list[int]:
    """The names of a fingerprint's bands, in their order: whole numbers of 64 bits with a sign."""
    cut = (made[place : place + _BAND_BYTES] for place in range(0, _READ.size, _BAND_BYTES))
    named = (blake2b(bytes([number]) + band, digest_size=8).digest() for number, band in enumerate(cut))
    return [int.from_bytes(name, "big", signed=True) for name in named]


def likeness(one: bytes, other: bytes) -> float:
    """The share of values in which two fingerprints agree: an estimate of the Jaccard index, ±.05 (one sd) at .8."""
    agree: int = sum(map(eq, _READ.unpack(one), _READ.unpack(other)))
    return agree / VALUES
