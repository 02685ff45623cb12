"""Proofs that travel alone, after C2SP tlog-proof, and the requests a witness answers, after C2SP tlog-witness.

Rules that always hold:
- A `.tlog-proof` holds a leaf's index, its inclusion proof and the checkpoint, verbatim; never the leaf itself.
- `verify_tlog_proof` believes nothing in the file before the trust policy has accepted its checkpoint.
- `extra` is opaque and authenticated by nobody: no decision may rest on it.
- A malformed proof raises `LogInconsistent`, a malformed or untrusted checkpoint `NoteInvalid`; nothing else gets out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from curation.errors import InvalidInput, LogInconsistent, NoteInvalid
from curation.log.merkle import HASH_SIZE, leaf_hash, verify_inclusion
from curation.log.notes import (
    MAX_NOTE_BYTES,
    MAX_SIZE,
    Checkpoint,
    SignedNote,
    decode_base64,
    encode_base64,
    parse_checkpoint,
)
from curation.log.trust import Cosigner, TrustPolicy

MAX_PROOF_HASHES: Final = 63  # a tree of fewer than 2^63 leaves has no longer proof (tlog-witness states it too)
MAX_PROOF_BYTES: Final = 2 * MAX_NOTE_BYTES

_HEADER: Final = b"c2sp.org/tlog-proof@v1"
_NUMBER: Final = re.compile(rb"(index|old) (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A `.tlog-proof` as parsed; nothing in it is verified."""

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None


@dataclass(frozen=True, slots=True)
class VerifiedProof:
    """What a proof showed: the leaf stands at `index` under `checkpoint`, which these witnesses cosigned."""

    index: int
    checkpoint: Checkpoint
    cosigners: tuple[Cosigner, ...]
    extra: bytes | None


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """The body of a witness's `add-checkpoint` as parsed (tlog-witness); nothing in it is verified."""

    old_size: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes


def encode_tlog_proof(index: int, proof: Sequence[bytes], checkpoint_note: bytes, extra: bytes | None = None) -> bytes:
    """tlog-proof, "Format". Empty `extra` is left out, as the format asks. Raises InvalidInput or NoteInvalid."""
    lines = [_HEADER, *([b"extra " + encode_base64(extra).encode()] if extra else []), b"index %d" % index]
    return _encode(lines, index, proof, checkpoint_note)


def decode_tlog_proof(data: bytes, where: str = "proof") -> TlogProof:
    """The parts of a `.tlog-proof`. Raises LogInconsistent; the checkpoint is taken verbatim and not looked at."""
    lines, checkpoint = _split(data, where)
    if lines.pop(0) != _HEADER:
        raise LogInconsistent(f"the first line is not {_HEADER.decode()}.", where=where)
    extra = None
    if lines and lines[0].startswith(b"extra "):
        extra = _decode_line(lines.pop(0)[len(b"extra ") :], where, "line 2")
    index = _take_number(lines, "index", where)
    return TlogProof(index, _take_hashes(lines, where), checkpoint, extra)


def verify_tlog_proof(proof: bytes, leaf: bytes, trust: TrustPolicy, where: str = "proof") -> VerifiedProof:
    """That these leaf bytes are in a log that the policy trusts. Raises LogInconsistent or NoteInvalid."""
    parsed = decode_tlog_proof(proof, where)
    verified = trust.verify_checkpoint(parsed.checkpoint, f"checkpoint of {where}")
    checkpoint = verified.checkpoint
    verify_inclusion(leaf_hash(leaf), parsed.index, checkpoint.size, parsed.hashes, checkpoint.root)
    return VerifiedProof(parsed.index, checkpoint, verified.cosigners, parsed.extra)


def encode_add_checkpoint(old_size: int, proof: Sequence[bytes], checkpoint_note: bytes) -> bytes:
    """tlog-witness, "add-checkpoint": the request's body. The answer parses with `notes.parse_signatures`."""
    return _encode([b"old %d" % old_size], old_size, proof, checkpoint_note)


def decode_add_checkpoint(data: bytes, where: str = "add-checkpoint") -> AddCheckpoint:
    """The parts of an `add-checkpoint` request. Raises LogInconsistent; the checkpoint is not looked at."""
    lines, checkpoint = _split(data, where)
    old_size = _take_number(lines, "old", where)
    return AddCheckpoint(old_size, _take_hashes(lines, where), checkpoint)


def _encode(lines: list[bytes], number: int, proof: Sequence[bytes], checkpoint_note: bytes) -> bytes:
    parse_checkpoint(SignedNote.parse(checkpoint_note, "checkpoint").text)
    if not 0 <= number <= MAX_SIZE:
        raise InvalidInput(f"{number} is no index or size in a log.", where="proof")
    if len(proof) > MAX_PROOF_HASHES or any(len(value) != HASH_SIZE for value in proof):
        raise InvalidInput(f"a proof has at most {MAX_PROOF_HASHES} hashes of {HASH_SIZE} bytes.", where="proof")
    hashes = [encode_base64(value).encode() for value in proof]
    return b"\n".join([*lines, *hashes, b"", checkpoint_note])


def _split(data: bytes, where: str) -> tuple[list[bytes], bytes]:
    """The lines before the first empty one, and the checkpoint after it."""
    if len(data) > MAX_PROOF_BYTES:
        raise LogInconsistent(f"{len(data)} bytes; the limit is {MAX_PROOF_BYTES}.", where=where)
    head, empty_line, checkpoint = data.partition(b"\n\n")
    if not empty_line:
        raise LogInconsistent("no empty line before the checkpoint.", where=where)
    return head.split(b"\n"), checkpoint


def _take_number(lines: list[bytes], word: str, where: str) -> int:
    line = lines.pop(0) if lines else b""
    match = _NUMBER.fullmatch(line)
    if not match or match[1].decode() != word or int(match[2]) > MAX_SIZE:
        raise LogInconsistent(f"no line «{word} <decimal>» where it belongs.", where=where)
    return int(match[2])


def _take_hashes(lines: list[bytes], where: str) -> tuple[bytes, ...]:
    if len(lines) > MAX_PROOF_HASHES:
        raise LogInconsistent(f"{len(lines)} hashes; no proof has more than {MAX_PROOF_HASHES}.", where=where)
    hashes = tuple(_decode_line(line, where, f"hash {number}") for number, line in enumerate(lines, 1))
    for number, value in enumerate(hashes, 1):
        if len(value) != HASH_SIZE:
            raise LogInconsistent(f"hash {number} has {len(value)} bytes, not {HASH_SIZE}.", where=where)
    return hashes


def _decode_line(line: bytes, where: str, what: str) -> bytes:
    try:
        return decode_base64(line.decode("ascii", "replace"), where)
    except NoteInvalid as error:
        raise LogInconsistent(f"{what}: {error.message}", where=where) from None
