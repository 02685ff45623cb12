"""Leaves: the canonical bytes of events, and the commitments that stand for text which may have to go.

Rules that always hold:
- A leaf is the RFC 8785 (JCS) encoding of one JSON object: at most 65,535 bytes (what a C2SP entry bundle can carry),
  no floats, no integer beyond ±(2^53 - 1) (larger ones travel as strings), at most 32 levels deep.
- Every leaf holds a field `nonce`: 16 random bytes as 32 lower-case hexadecimal digits.
- `decode_leaf` accepts exactly the bytes that `encode_leaf` can produce, so one event has one leaf and one hash.
- A commitment is SHA-256 over a domain label that names the unit, a fresh 32-byte salt and the JCS body.
- No unsalted hash of erasable text may be published anywhere (leaf, tile, bundle, receipt, address, cache key): whoever
  holds a guess could confirm it after the text was erased. Destroying the opening must leave nothing to compare with.
- What cannot be encoded raises `InvalidInput` with the JSON path; bytes that are no leaf raise `LogInconsistent`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any, Final

import msgspec
import rfc8785

from curation.errors import InvalidInput, LogInconsistent

MAX_LEAF_BYTES: Final = 65535  # C2SP tlog-tiles, "Log entries": entries are prefixed with a big-endian uint16 length.
MAX_DEPTH: Final = 32  # Keeps hostile nesting away from the interpreter's stack; events use three levels.
MAX_INTEGER: Final = 2**53 - 1  # RFC 8785 §3.2.2.3: beyond it, an IEEE 754 double no longer tells integers apart.
SALT_BYTES: Final = 32
NONCE_BYTES: Final = 16
UNITS: Final = frozenset(
    {"message", "topic", "control", "source", "page", "rationale", "evidence", "origin", "annotation"}
)

_DOMAIN: Final = b"evenhand.org/v1/"
_NONCE: Final = re.compile(r"[0-9a-f]{32}").fullmatch
_encode_sorted: Final[Callable[[Any], bytes]] = msgspec.json.Encoder(order="sorted").encode


def _refuse_float(text: str) -> float:
    raise InvalidInput(f"the float {text[:40]}.", where="$", hint="Leaves hold integers and strings only.")


_decode_json: Final[Callable[[bytes], Any]] = msgspec.json.Decoder(float_hook=_refuse_float).decode


def _plain_decoder(levels: int) -> Callable[[bytes], Any]:
    """A decoder of objects without floats and large integers, so many levels deep; it checks while it decodes."""
    integer = Annotated[int, msgspec.Meta(ge=-MAX_INTEGER, le=MAX_INTEGER)]
    scalar = str | integer | bool | None
    value: Any = scalar
    for _ in range(levels - 1):
        value = scalar | list[value] | dict[str, value]
    return msgspec.json.Decoder(dict[str, value]).decode


_decode_plain: Final = _plain_decoder(6)


def canonical_json(value: object) -> bytes:
    """RFC 8785 (JCS) bytes of a value made of dicts, lists, tuples, strings, integers, booleans and None.

    Raises InvalidInput, its `where` being the JSON path: a float, an integer beyond ±(2^53 - 1), a lone surrogate,
    a key that is no string, another type, or more than 32 levels.
    """
    # RFC 8785 §3.2.3 sorts keys by UTF-16 code units; for ASCII keys that is the byte order which msgspec sorts by.
    if _is_plain((value,), MAX_DEPTH) and _keys_are_ascii(value):
        try:
            return _encode_sorted(value)
        except UnicodeEncodeError:
            pass  # A lone surrogate; the slow way finds its path.
    plain = _plain(value, "$", MAX_DEPTH)
    if _keys_are_ascii(plain):
        return _encode_sorted(plain)
    return rfc8785.dumps(plain)  # type: ignore[arg-type]  # _plain made it JSON


def encode_leaf(event: Mapping[str, object]) -> bytes:
    """The leaf of an event. Raises InvalidInput if it has no proper nonce, is too long, or is no canonical JSON."""
    nonce = event.get("nonce")
    if not isinstance(nonce, str) or not _NONCE(nonce):
        raise InvalidInput(
            "a leaf needs a nonce of 32 lower-case hexadecimal digits.", where="$.nonce", hint="Call fresh_nonce()."
        )
    leaf = canonical_json(event)
    if len(leaf) > MAX_LEAF_BYTES:
        raise InvalidInput(f"the leaf has {len(leaf)} bytes; a log entry holds at most {MAX_LEAF_BYTES}.", where="$")
    return leaf


def decode_leaf(data: bytes, where: str = "leaf") -> dict[str, Any]:
    """The event of a leaf. Raises LogInconsistent unless `encode_leaf` of that event gives back the same bytes."""
    if len(data) > MAX_LEAF_BYTES:
        raise LogInconsistent(f"{len(data)} bytes; a leaf has at most {MAX_LEAF_BYTES}.", where=where)
    try:
        event, encoded = _decode_and_encode(data)
        if type(event) is not dict:
            raise LogInconsistent("a leaf must be a JSON object.", where=where)
    except InvalidInput as error:
        raise LogInconsistent(f"not JCS (RFC 8785): {error.message}", where=f"{where} {error.where}") from None
    except (ValueError, RecursionError) as error:  # msgspec's errors and UnicodeError are ValueErrors.
        raise LogInconsistent(f"not JSON: {error}.", where=where) from None
    if encoded != data:  # Also how duplicate keys, white space, -0 and needless escapes show.
        raise LogInconsistent("JSON, but not in canonical form (RFC 8785).", where=where)
    nonce = event.get("nonce")
    if type(nonce) is not str or not _NONCE(nonce):
        raise LogInconsistent("the leaf has no nonce of 32 lower-case hexadecimal digits.", where=where)
    return event


def fresh_nonce(token_bytes: Callable[[int], bytes] = secrets.token_bytes) -> str:
    """16 random bytes as hexadecimal digits: without them, the hash of a short event could be guessed."""
    return token_bytes(NONCE_BYTES).hex()


def commitment(unit: str, salt: bytes, body: bytes) -> str:
    """SHA-256 (64 hexadecimal digits) over `evenhand.org/v1/<unit>`, NUL, a 32-byte salt and the JCS bytes of the body.

    The label keeps a commitment to one kind of unit from passing as another; its parts are of fixed or closed
    length, so no two (unit, salt, body) share an input. Raises InvalidInput for an unknown unit or another salt length.
    """
    if unit not in UNITS:
        raise InvalidInput(f"no unit {unit!a}; units are {', '.join(sorted(UNITS))}.", where="unit")
    if len(salt) != SALT_BYTES:
        raise InvalidInput(f"{len(salt)} bytes; a salt has {SALT_BYTES}.", where="salt")
    return sha256(b"".join((_DOMAIN, unit.encode(), b"\x00", salt, body))).hexdigest()


@dataclass(frozen=True, slots=True)
class Opening:
    """What stands behind a commitment: the unit's name, a 32-byte salt and the JCS bytes of the body."""

    unit: str
    salt: bytes
    body: bytes

    @classmethod
    def fresh(cls, unit: str, value: object, token_bytes: Callable[[int], bytes] = secrets.token_bytes) -> Opening:
        """An opening of a JSON value under a fresh salt. Raises InvalidInput for an unknown unit or unfit value."""
        opening = cls(unit, token_bytes(SALT_BYTES), canonical_json(value))
        opening.commitment()
        return opening

    def commitment(self) -> str:
        """The commitment of this opening, 64 hexadecimal digits."""
        return commitment(self.unit, self.salt, self.body)

    def value(self) -> Any:
        """The JSON value of the body. Raises LogInconsistent if the body is not its canonical form."""
        where = f"opening of a {self.unit}"
        try:
            value = _decode_json(self.body)
            canonical = canonical_json(value)
        except (InvalidInput, ValueError, RecursionError) as error:
            raise LogInconsistent(f"the body is not JSON as RFC 8785 has it: {error}.", where=where) from None
        if canonical != self.body:
            raise LogInconsistent("the body is not in canonical form (RFC 8785).", where=where)
        return value


def _decode_and_encode(data: bytes) -> tuple[Any, bytes]:
    """The value of JSON bytes, and its canonical form."""
    if data.isascii():  # So are its keys, then, and the fast encoder sorts them as JCS does (see canonical_json).
        try:
            event = _decode_plain(data)
        except msgspec.ValidationError:
            pass  # The slow way says what is wrong with it, if anything is.
        else:
            return event, _encode_sorted(event)
    event = _decode_json(data)
    return event, canonical_json(event)


def _is_plain(values: Iterable[Any], levels: int) -> bool:
    """Whether all is exact builtins, with no float, large integer or deep nesting; False asks for the slow look."""
    for value in values:
        kind = type(value)
        if kind is str or kind is bool or value is None:
            continue
        if kind is int:
            if not -MAX_INTEGER <= value <= MAX_INTEGER:
                return False
        elif not levels:
            return False
        elif kind is list or kind is tuple:
            if not _is_plain(value, levels - 1):
                return False
        elif kind is not dict or not _is_plain(value.values(), levels - 1):
            return False
    return True


def _plain(value: object, path: str, levels: int) -> object:
    """The value as exact builtins (str and int subclasses, such as enumerations, become plain), or InvalidInput."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _plain_text(value, path)
    if isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise InvalidInput("an integer beyond ±(2^53 - 1).", where=path, hint="Write it as a string.")
        return int(value)
    if isinstance(value, float):
        raise InvalidInput("a float.", where=path, hint="Leaves hold integers and strings only.")
    if not levels:
        raise InvalidInput(f"more than {MAX_DEPTH} levels of nesting.", where=path)
    if isinstance(value, Mapping):
        return {_plain_key(key, path): _plain(item, f"{path}.{key!s}", levels - 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, f"{path}[{position}]", levels - 1) for position, item in enumerate(value)]
    raise InvalidInput(f"{type(value).__name__} has no JSON form here.", where=path)


def _plain_key(key: object, path: str) -> str:
    if not isinstance(key, str):
        raise InvalidInput(f"a key of type {type(key).__name__}; keys are strings.", where=path)
    return _plain_text(key, path)


def _plain_text(text: str, path: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInput("text with a lone surrogate, which UTF-8 cannot carry.", where=path) from None
    return str.__str__(text)


def _keys_are_ascii(value: object) -> bool:
    if isinstance(value, dict):
        return all(type(key) is str and key.isascii() for key in value) and all(map(_keys_are_ascii, value.values()))
    return not isinstance(value, (list, tuple)) or all(map(_keys_are_ascii, value))
