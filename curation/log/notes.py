"""Signed notes, checkpoints and cosignatures, after C2SP signed-note, tlog-checkpoint and tlog-cosignature.

Rules that always hold:
- Two signature types: 0x01 (Ed25519 over the note's text) and 0x04 (timestamped cosignature). Others are unknown keys.
- A key ID is SHA-256(name || 0x0A || type || public key)[:4]; a key whose text states another ID is refused.
- Unknown signatures are ignored; a known key's signature that fails rejects the note; with no verified signature there
  is no text: `open_note` raises `NoteInvalid`, and nothing else ever leaves these functions for bytes from outside.
- Texts parse strictly and in one way only: canonical base64, no control characters, no leading zeros.
- A private key shows itself in `SigningKey.text()` alone, never in a `repr`.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from curation.errors import InvalidInput, NoteInvalid
from curation.log.merkle import EMPTY_ROOT, HASH_SIZE

ED25519: Final = 0x01  # C2SP signed-note, "Signature types"
COSIGNATURE_V1: Final = 0x04
MAX_NOTE_BYTES: Final = 1_000_000
MAX_SIGNATURES: Final = 100  # signed-note asks for a limit of 16 or more; Go's reader has 100
MAX_SIZE: Final = 2**63 - 1
MAX_TIMESTAMP: Final = 2**63 - 1  # tlog-cosignature, "Format"

_KEY_ID_BYTES: Final = 4
_KEY_BYTES: Final = 32  # RFC 8032: of a public key, and of a private key's seed
_SIGNATURE_BYTES: Final = 64
_TIMESTAMP_BYTES: Final = 8
_MARK: Final = "— "  # U+2014 and a space open every signature line
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")
_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_VKEY: Final = re.compile(r"([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")
_SKEY: Final = re.compile(r"PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)")


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: key name, 4-byte key ID, and the signature's bytes (for 0x04 with its timestamp)."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """`— <name> <base64>`, with its newline."""
        return f"{_MARK}{self.name} {encode_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name and signature type (0x01 or 0x04). Raises NoteInvalid for any other content."""

    name: str
    public_key: bytes
    type: int = ED25519

    def __post_init__(self) -> None:
        _check_key(self.name, self.type, self.public_key, "key")

    @classmethod
    def parse(cls, text: str, where: str = "verifier key") -> VerifierKey:
        """From a vkey: `<name>+<8 hexadecimal digits>+<base64(type || public key)>`. Raises NoteInvalid."""
        name, key_id, material = _split_key(_VKEY, text, where)
        key = cls(name, material[1:], material[0])
        if key.key_id.hex() != key_id:
            raise NoteInvalid(f"states key ID {key_id}; its name and key give {key.key_id.hex()}.", where=where)
        return key

    @property
    def key_id(self) -> bytes:
        """signed-note, "Signatures": the first four bytes of SHA-256(name || 0x0A || type || public key)."""
        return sha256(self.name.encode() + b"\n" + bytes([self.type]) + self.public_key).digest()[:_KEY_ID_BYTES]

    def text(self) -> str:
        """The vkey."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(bytes([self.type]) + self.public_key)}"

    def verify(self, text: str, signature: NoteSignature) -> int | None:
        """Verify one signature over a note's text; the timestamp of a cosignature, else None. Raises NoteInvalid."""
        where = f"signature of {self.name}"
        expected = _SIGNATURE_BYTES + (_TIMESTAMP_BYTES if self.type == COSIGNATURE_V1 else 0)
        if len(signature.signature) != expected:
            raise NoteInvalid(f"{len(signature.signature)} bytes, not the {expected} of its type.", where=where)
        timestamp, message = None, text.encode()
        if self.type == COSIGNATURE_V1:
            timestamp = int.from_bytes(signature.signature[:_TIMESTAMP_BYTES], "big")
            if timestamp > MAX_TIMESTAMP:
                raise NoteInvalid("a timestamp beyond 2^63 - 1.", where=where)
            message = _cosigned_message(text, timestamp)
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature.signature[-_SIGNATURE_BYTES:], message)
        except (InvalidSignature, ValueError):
            raise NoteInvalid(f"does not verify under key {self.key_id.hex()}.", where=where) from None
        return timestamp


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 private key (its 32-byte seed) with its name and the type of the signatures that it makes."""

    name: str
    seed: bytes = field(repr=False)
    type: int = ED25519

    def __post_init__(self) -> None:
        _check_key(self.name, self.type, self.seed, "key")

    @classmethod
    def generate(
        cls, name: str, type: int = ED25519, token_bytes: Callable[[int], bytes] = secrets.token_bytes
    ) -> SigningKey:
        """A fresh key."""
        return cls(name, token_bytes(_KEY_BYTES), type)

    @classmethod
    def parse(cls, text: str, where: str = "signing key") -> SigningKey:
        """From `PRIVATE+KEY+<name>+<key ID>+<base64(type || seed)>`, as Go writes it. Raises NoteInvalid."""
        name, key_id, material = _split_key(_SKEY, text, where)
        key = cls(name, material[1:], material[0])
        if key.verifier().key_id.hex() != key_id:  # The ID is that of the public key.
            raise NoteInvalid(f"states key ID {key_id}, which is not the one of its public key.", where=where)
        return key

    def text(self) -> str:
        """The private key as text. Keep it secret."""
        return f"PRIVATE+KEY+{self.name}+{self.verifier().key_id.hex()}+{encode_base64(bytes([self.type]) + self.seed)}"

    def verifier(self) -> VerifierKey:
        """The public key."""
        public_key = Ed25519PrivateKey.from_private_bytes(self.seed).public_key()
        return VerifierKey(self.name, public_key.public_bytes_raw(), self.type)

    def sign(self, text: str, timestamp: int | None = None) -> NoteSignature:
        """Sign a note's text. A 0x04 key needs the POSIX time in seconds, a 0x01 key none. Raises InvalidInput."""
        flaw = _text_flaw(text)
        if flaw:
            raise InvalidInput(flaw, where="note text")
        prefix, message = b"", text.encode()
        if (timestamp is None) == (self.type == COSIGNATURE_V1):
            raise InvalidInput("cosignatures (0x04) carry a timestamp, others (0x01) none.", where="timestamp")
        if timestamp is not None:
            if not 0 <= timestamp <= MAX_TIMESTAMP:
                raise InvalidInput(f"{timestamp} is no POSIX time from 0 to 2^63 - 1.", where="timestamp")
            prefix, message = timestamp.to_bytes(_TIMESTAMP_BYTES, "big"), _cosigned_message(text, timestamp)
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)
        return NoteSignature(self.name, self.verifier().key_id, prefix + signature)

    def sign_note(self, text: str) -> str:
        """The signed note over a text that ends in a newline. Raises InvalidInput."""
        return f"{text}\n{self.sign(text).line()}"


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A note as parsed; its signatures are NOT verified. `open_note` verifies."""

    text: str
    signatures: tuple[NoteSignature, ...]

    @classmethod
    def parse(cls, data: bytes, where: str = "note") -> SignedNote:
        """signed-note, "Format". Raises NoteInvalid."""
        note = _decode_text(data, where)
        # The last empty line divides text from signatures; the text keeps its own newline.
        end = note.rfind("\n\n")
        if end < 0:
            raise NoteInvalid("no empty line before its signatures.", where=where)
        return cls(note[: end + 1], parse_signatures(note[end + 2 :], where))

    def encode(self) -> bytes:
        """The note's bytes; the same that were parsed."""
        return f"{self.text}\n{''.join(signature.line() for signature in self.signatures)}".encode()

    def with_signature(self, signature: NoteSignature) -> SignedNote:
        """The note with one more signature; one by the same key is replaced."""
        key = (signature.name, signature.key_id)
        kept = [other for other in self.signatures if (other.name, other.key_id) != key]
        return replace(self, signatures=(*kept, signature))


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """A key whose signature verified, and the POSIX time in seconds that a cosignature states."""

    key: VerifierKey
    timestamp: int | None


def parse_signatures(text: str, where: str = "signatures") -> tuple[NoteSignature, ...]:
    """One or more signature lines, as in a note or a witness's answer (tlog-witness). Raises NoteInvalid."""
    if not text.endswith("\n"):
        raise NoteInvalid("no signature lines that end in a newline.", where=where)
    lines = text[:-1].split("\n")  # Not splitlines(): U+2028 and its like are no line ends here.
    if len(lines) > MAX_SIGNATURES:
        raise NoteInvalid(f"{len(lines)} signatures; the limit is {MAX_SIGNATURES}.", where=where)
    return tuple(_parse_signature(line, f"{where}, signature {number}") for number, line in enumerate(lines, 1))


def verify_signatures(note: SignedNote, keys: Iterable[VerifierKey], where: str = "note") -> list[VerifiedSignature]:
    """The known keys that signed, in the note's order. Raises NoteInvalid if one of theirs fails or there is none."""
    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.key_id), key) != key:
            raise NoteInvalid(f"two known keys share the name and ID {key.name}+{key.key_id.hex()}.", where=where)
    verified: dict[VerifierKey, VerifiedSignature] = {}
    for signature in note.signatures:
        key_or_none = known.get((signature.name, signature.key_id))
        if key_or_none is not None:
            verified.setdefault(key_or_none, VerifiedSignature(key_or_none, key_or_none.verify(note.text, signature)))
    if not verified:
        raise NoteInvalid("no signature by a known key.", where=where)
    return list(verified.values())


def open_note(data: bytes, keys: Iterable[VerifierKey], where: str = "note") -> tuple[str, list[VerifierKey]]:
    """The text of a note and the known keys that signed it, at least one. Raises NoteInvalid."""
    note = SignedNote.parse(data, where)
    return note.text, [signature.key for signature in verify_signatures(note, keys, where)]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """tlog-checkpoint, "Note text": a log's origin, size in leaves and 32-byte root, and extension lines if any."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        flaw = _checkpoint_flaw(self)
        if flaw:
            raise InvalidInput(flaw, where="checkpoint")

    def text(self) -> str:
        """The note text: one line each, every line with its newline."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, encode_base64(self.root), *self.extensions))


def parse_checkpoint(text: str, where: str = "checkpoint") -> Checkpoint:
    """From the text of a note whose signatures were verified. Extension lines are kept, unread. Raises NoteInvalid."""
    if not text.endswith("\n"):
        raise NoteInvalid("does not end in a newline.", where=where)
    lines = text[:-1].split("\n")
    if len(lines) < 3:
        raise NoteInvalid("fewer than three lines (origin, size, root).", where=where)
    origin, size, root, *extensions = lines
    if not _DECIMAL.fullmatch(size):
        raise NoteInvalid(f"line 2 is no size in decimal: {size!a}.", where=where)
    try:
        return Checkpoint(origin, int(size), decode_base64(root, f"{where}, line 3"), tuple(extensions))
    except InvalidInput as error:
        raise NoteInvalid(error.message, where=where) from None


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> bytes:
    """The checkpoint as a note signed by its log. Raises InvalidInput unless the key is a 0x01 key named as the origin.

    tlog-policy has the key's name be the origin, and tlog-tiles asks every public log for an Ed25519 signature.
    """
    if key.type != ED25519 or key.name != checkpoint.origin:
        raise InvalidInput(f"a log's key is a 0x01 key named {checkpoint.origin!a}.", where=f"key {key.name}")
    return key.sign_note(checkpoint.text()).encode()


def open_checkpoint(data: bytes, key: VerifierKey, origin: str | None = None, where: str = "checkpoint") -> Checkpoint:
    """The checkpoint that `key` signed for `origin` (the key's name unless given). Raises NoteInvalid."""
    text, _ = open_note(data, [key], where)
    checkpoint = parse_checkpoint(text, where)
    expected = key.name if origin is None else origin
    if checkpoint.origin != expected:
        raise NoteInvalid(f"is of the log {checkpoint.origin!a}, not {expected!a}.", where=where)
    return checkpoint


def cosign(data: bytes, key: SigningKey, timestamp: int) -> bytes:
    """The note with a cosignature: that at this POSIX time its tree was the largest seen, and consistent.

    Whoever cosigns has verified the log's signature and a consistency proof before (tlog-witness, "add-checkpoint").
    Raises NoteInvalid if the bytes are no checkpoint, InvalidInput unless the key is a 0x04 key.
    """
    note = SignedNote.parse(data, "checkpoint")
    parse_checkpoint(note.text)
    return note.with_signature(key.sign(note.text, timestamp)).encode()


def verify_cosignature(data: bytes, key: VerifierKey, where: str = "checkpoint") -> tuple[Checkpoint, int]:
    """The checkpoint that a witness cosigned, and the POSIX time that it stated. Raises NoteInvalid."""
    note = SignedNote.parse(data, where)
    timestamp = verify_signatures(note, [key], where)[0].timestamp
    if timestamp is None:
        raise NoteInvalid(f"{key.name} is no cosigner's key (0x04).", where=where)
    return parse_checkpoint(note.text, where), timestamp


def encode_base64(data: bytes) -> str:
    """RFC 4648 §4, padded."""
    return base64.b64encode(data).decode()


def decode_base64(text: str, where: str) -> bytes:
    """RFC 4648 §4 in its one canonical form (padding bits zero, no line breaks). Raises NoteInvalid."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not data or encode_base64(data) != text:
        raise NoteInvalid("not canonical base64 (RFC 4648 §4).", where=where)
    return data


def _cosigned_message(text: str, timestamp: int) -> bytes:
    """tlog-cosignature, "Ed25519 signed message"."""
    return f"cosignature/v1\ntime {timestamp}\n{text}".encode()


def _decode_text(data: bytes, where: str) -> str:
    if len(data) > MAX_NOTE_BYTES:
        raise NoteInvalid(f"{len(data)} bytes; the limit is {MAX_NOTE_BYTES}.", where=where)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise NoteInvalid(f"not UTF-8 at byte {error.start}.", where=where) from None
    control = _CONTROL.search(text)
    if control:
        raise NoteInvalid(f"has the control character U+{ord(control[0]):04X}.", where=where)
    return text


def _text_flaw(text: str) -> str | None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return "holds a lone surrogate, which UTF-8 cannot carry."
    if not text.endswith("\n"):
        return "does not end in a newline."
    return "holds a control character." if _CONTROL.search(text) else None


def _checkpoint_flaw(checkpoint: Checkpoint) -> str | None:
    lines = (checkpoint.origin, *checkpoint.extensions)
    if not all(lines) or "\n" in "".join(lines):
        return "origin and extension lines are single lines and not empty."
    if not 0 <= checkpoint.size <= MAX_SIZE:
        return f"no log has {checkpoint.size} leaves."
    if len(checkpoint.root) != HASH_SIZE:
        return f"the root has {len(checkpoint.root)} bytes, not {HASH_SIZE}."
    if not checkpoint.size and checkpoint.root != EMPTY_ROOT:  # RFC 6962 §2.1
        return "an empty log has the SHA-256 of nothing as its root."
    return _text_flaw("".join(lines) + "\n")


def _check_key(name: str, kind: int, key: bytes, where: str) -> None:
    # signed-note, "Format": not empty, no Unicode space, no plus; and nothing that a note could not carry.
    if not name or "+" in name or any(map(str.isspace, name)) or _text_flaw(name + "\n"):
        raise NoteInvalid("a key's name is not empty and has no space, plus or control character.", where=where)
    if kind not in {ED25519, COSIGNATURE_V1}:
        raise NoteInvalid(f"signature type 0x{kind:02x} is not supported (0x01 and 0x04 are).", where=where)
    if len(key) != _KEY_BYTES:
        raise NoteInvalid(f"{len(key)} bytes; an Ed25519 key has {_KEY_BYTES}.", where=where)


def _split_key(form: re.Pattern[str], text: str, where: str) -> tuple[str, str, bytes]:
    """Name, stated key ID, and type byte with key."""
    # signed-note, "Verifier keys": the name has no plus, so the first ones divide; the base64 may hold more of them.
    match = form.fullmatch(text)
    if not match:
        raise NoteInvalid("not of the form <name>+<8 hexadecimal digits>+<base64> (C2SP signed-note).", where=where)
    material = decode_base64(match[3], where)
    _check_key(match[1], material[0], material[1:], where)
    return match[1], match[2], material


def _parse_signature(line: str, where: str) -> NoteSignature:
    name, space, encoded = line.removeprefix(_MARK).partition(" ")
    # Key names have no Unicode spaces, so the first space ends the name.
    if not line.startswith(_MARK) or not space or not name or "+" in name or any(map(str.isspace, name)):
        raise NoteInvalid("not of the form «— <key name> <base64>».", where=where)
    signature = decode_base64(encoded, where)
    if len(signature) <= _KEY_ID_BYTES:
        raise NoteInvalid("holds a key ID and no signature.", where=where)
    return NoteSignature(name, signature[:_KEY_ID_BYTES], signature[_KEY_ID_BYTES:])
